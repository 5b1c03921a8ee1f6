"""pandas, NumPy, scikit-learn and pyarrow: what goes out of one comes equal into another."""

from __future__ import annotations

import datetime as dt
import os
import pickle
import sys
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.workload(
    "pandas-parquet",
    needs=("pandas",),
    uses=("numpy", "pyarrow"),
    seconds=1,
    timeout=90,
    oldest={"pandas": "2.1.4"},
)
def test_parquet() -> None:
    """Write every common dtype to Parquet; pandas reads equal ones, and pyarrow the same values."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Seoul has no summer time; in New York the clock shows 1:30 twice that day.
    new_york = pd.to_datetime(["2024-11-03 05:30", "2024-11-03 06:30", None], utc=True)
    frame = pd.DataFrame(
        {
            "int8": np.array([-128, 0, 127], dtype=np.int8),
            "uint64": np.array([0, 1, 2**64 - 1], dtype=np.uint64),
            "float32": np.array([0.1, np.nan, -np.inf], dtype=np.float32),
            "nullable": pd.array([2**60 + 1, None, 3], dtype="Int64"),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "text": pd.array(["값", None, ""], dtype="string"),
            "object": ["a", None, "b"],
            "color": pd.Categorical(["red", "blue", None], categories=["blue", "red", "green"]),
            "day": pd.to_datetime(["1969-12-31", None, "2262-04-11"]),
            "seoul": pd.to_datetime(["2024-02-29", "2024-03-01", None]).tz_localize("Asia/Seoul"),
            "new_york": new_york.tz_convert("America/New_York"),
            "span": pd.to_timedelta(["1 days", None, "-1 us"]),
            "price": [Decimal("0.10"), None, Decimal("99999999.99")],
            "vector": [np.array([1.5, 2.5]), np.array([]), np.array([3.0])],
        },
        index=pd.Index([10, 20, 30], name="key"),
    )
    frame.to_parquet("frame.parquet", engine="pyarrow")
    read = pd.read_parquet("frame.parquet", engine="pyarrow")
    pd.testing.assert_frame_equal(read, frame)
    assert [stamp.hour for stamp in read["new_york"].dropna()] == [1, 1]
    assert str(read["seoul"].dt.tz) == "Asia/Seoul"

    table = pq.read_table("frame.parquet")
    assert table.column("nullable").to_pylist() == [2**60 + 1, None, 3]
    assert table.column("uint64").to_pylist() == [0, 1, 2**64 - 1]
    assert table.column("text").to_pylist() == ["값", None, ""]
    assert table.column("price").to_pylist() == [Decimal("0.10"), None, Decimal("99999999.99")]
    assert table.column("new_york").to_pylist()[0].astimezone(dt.timezone.utc) == dt.datetime(
        2024, 11, 3, 5, 30, tzinfo=dt.timezone.utc
    )
    assert pa.types.is_dictionary(table.schema.field("color").type)
    assert table.column("key").to_pylist() == [10, 20, 30]
    some = pd.read_parquet("frame.parquet", columns=["int8"], filters=[("int8", ">", 0)])
    assert some.to_dict("list") == {"int8": [127]}


@pytest.mark.workload(
    "pandas-arrow",
    needs=("pandas",),
    uses=("numpy", "pyarrow"),
    seconds=1,
    timeout=90,
    oldest={"pandas": "2.1.4"},
)
def test_arrow() -> None:
    """Hand columns between NumPy, pandas and Arrow; grouped sums agree with plain Python's."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = np.arange(10_000, dtype=np.float64)
    shared = pa.array(numbers)
    assert shared.buffers()[1].address == numbers.ctypes.data
    assert np.shares_memory(shared.to_numpy(zero_copy_only=True), numbers)
    assert pc.sum(shared).as_py() == 9999 * 10_000 / 2

    frame = pd.DataFrame({"group": np.arange(10_000) % 7, "value": numbers})
    expected = {group: float(sum(range(group, 10_000, 7))) for group in range(7)}
    assert frame.groupby("group")["value"].sum().to_dict() == expected
    summed = pa.Table.from_pandas(frame).group_by("group").aggregate([("value", "sum")])
    assert {row["group"]: row["value_sum"] for row in summed.to_pylist()} == expected
    wide = frame.assign(row=frame.index // 7).pivot_table("value", "row", "group")
    assert wide.shape == (1429, 7)
    assert np.isnan(wide.to_numpy()).sum() == 3

    arrow = frame.convert_dtypes(dtype_backend="pyarrow")
    assert arrow["value"].dtype == pd.ArrowDtype(pa.int64())
    assert arrow.groupby("group")["value"].sum().to_dict() == expected
    left = pd.DataFrame({"at": pd.to_datetime(["2024-01-01 10:00", "2024-01-01 12:00"])})
    right = pd.DataFrame(
        {"at": pd.to_datetime(["2024-01-01 09:59", "2024-01-01 11:30"]), "v": [1, 2]}
    )
    assert pd.merge_asof(left, right, on="at")["v"].tolist() == [1, 2]


@pytest.mark.workload(
    "sklearn-pickle",
    needs=("scikit-learn",),
    uses=("pandas", "numpy"),
    seconds=3,
    timeout=120,
    oldest={"scikit-learn": "1.3.2"},
)
def test_pickle(run: Callable[..., str]) -> None:
    """Fit a pipeline on a frame, pickle it, and predict the same in a process of its own."""
    import numpy as np
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {"size": rng.normal(50, 10, 400), "color": rng.choice(["red", "blue", "green"], 400)}
    )
    label = (frame["size"] > 50) ^ (frame["color"] == "red")
    model = make_pipeline(
        make_column_transformer(
            (StandardScaler(), ["size"]), (OneHotEncoder(handle_unknown="ignore"), ["color"])
        ),
        LogisticRegression(),
    )
    red = frame["color"] == "red"
    model.fit(frame[~red], label[~red])
    assert model.score(frame[~red], label[~red]) > 0.97
    assert model.score(frame[red], label[red]) < 0.05
    assert list(model[0].get_feature_names_out()) == [
        "standardscaler__size",
        "onehotencoder__color_blue",
        "onehotencoder__color_green",
    ]

    Path("model.pickle").write_bytes(pickle.dumps(model))
    frame.to_pickle("frame.pickle")
    np.save("chances.npy", model.predict_proba(frame))
    other = dedent(
        """
        import os, pickle, sys
        import numpy as np, pandas as pd

        with open("model.pickle", "rb") as file:
            model = pickle.load(file)
        chances = model.predict_proba(pd.read_pickle("frame.pickle"))
        assert chances.shape == (400, 2), chances.shape
        np.testing.assert_array_equal(chances, np.load("chances.npy"))
        print(type(model).__name__, os.getpid() != int(sys.argv[1]))
        """
    )
    assert run(sys.executable, "-c", other, str(os.getpid())) == "Pipeline True\n"


@pytest.mark.workload(
    "sklearn-estimators",
    needs=("scikit-learn",),
    uses=("numpy",),
    seconds=2,
    timeout=120,
    oldest={"scikit-learn": "1.3.2"},
)
def test_estimators() -> None:
    """Compare estimators with what NumPy computes from the definition."""
    import numpy as np
    from sklearn.cluster import KMeans
    from sklearn.datasets import make_blobs
    from sklearn.decomposition import PCA
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LinearRegression, Ridge
    from sklearn.metrics import adjusted_rand_score, roc_auc_score
    from sklearn.model_selection import cross_val_score

    rng = np.random.default_rng(11)
    inputs = rng.normal(size=(200, 3))
    target = inputs @ [2.0, -1.0, 0.5] + 4 + rng.normal(scale=0.1, size=200)
    design = np.column_stack([inputs, np.ones(200)])
    solved, *_ = np.linalg.lstsq(design, target, rcond=None)
    fitted = LinearRegression().fit(inputs, target)
    np.testing.assert_allclose([*fitted.coef_, fitted.intercept_], solved, rtol=1e-9)
    shrunk = Ridge(alpha=3.0, fit_intercept=False).fit(inputs, target)
    normal = np.linalg.solve(inputs.T @ inputs + 3.0 * np.eye(3), inputs.T @ target)
    np.testing.assert_allclose(shrunk.coef_, normal, rtol=1e-9)

    centred = inputs - inputs.mean(axis=0)
    values = np.linalg.svd(centred, compute_uv=False)
    np.testing.assert_allclose(PCA().fit(inputs).singular_values_, values, rtol=1e-9)

    points, truth = make_blobs(300, centers=3, cluster_std=0.5, random_state=3)
    found = KMeans(3, n_init=5, random_state=0).fit_predict(points)
    assert adjusted_rand_score(truth, found) == 1.0
    forest = RandomForestClassifier(20, random_state=0)
    assert cross_val_score(forest, points, truth, cv=3).min() > 0.95
    assert roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) == 0.75


@pytest.mark.workload(
    "pandas-sql",
    needs=("pandas", "sqlalchemy", "psycopg2-binary"),
    uses=("numpy",),
    servers=("postgres",),
    seconds=1,
    timeout=90,
    oldest={"pandas": "2.1.4", "sqlalchemy": "1.4.36"},
)
def test_sql(database: str) -> None:
    """Write a frame to PostgreSQL through SQLAlchemy, append to it, and read equal values."""
    import numpy as np
    import pandas as pd
    import sqlalchemy as sa

    url = sa.engine.make_url(database).set(drivername="postgresql+psycopg2")
    engine = sa.create_engine(url)
    frame = pd.DataFrame(
        {
            "name": ["a", "나", None],
            "count": pd.array([1, None, 2**40], dtype="Int64"),
            "share": [0.1, np.nan, -2.5],
            "seen": pd.DatetimeIndex(["2024-02-29 23:59:59.123456", None, "1999-12-31"], tz="UTC"),
            "good": [True, False, True],
        }
    )
    assert frame.to_sql("thing", engine, index=False, method="multi") == 3
    frame.to_sql("thing", engine, index=False, if_exists="append", dtype={"name": sa.Text})
    with pytest.raises(ValueError, match="already exists"):
        frame.to_sql("thing", engine, index=False)

    columns = {column["name"]: column["type"] for column in sa.inspect(engine).get_columns("thing")}
    assert isinstance(columns["count"], sa.BigInteger)
    assert columns["seen"].timezone
    read = pd.read_sql_table("thing", engine)
    assert len(read) == 6
    assert read["good"].tolist() == [True, False, True] * 2
    assert read["share"][:3].tolist()[::2] == [0.1, -2.5]
    pd.testing.assert_series_equal(read["seen"][:3], frame["seen"])
    assert read["count"][3:].isna().tolist() == [False, True, False]

    query = sa.text(
        "SELECT coalesce(name, '-') AS who, sum(count) AS total"
        " FROM thing WHERE share < :most GROUP BY name"
    )
    with engine.connect() as connection:
        summed = pd.read_sql_query(query, connection, params={"most": 1}, index_col="who")
    assert {who: int(total) for who, total in summed["total"].items()} == {"a": 2, "-": 2**41}
    chunks = pd.read_sql(
        "SELECT count FROM thing ORDER BY count", engine, chunksize=4, dtype="Int64"
    )
    assert [chunk["count"].tolist() for chunk in chunks] == [[1, 1, 2**40, 2**40], [pd.NA, pd.NA]]
    engine.dispose()
