"""Feast: the template repository's whole life, and a join that looks back in time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.workload(
    "feast-lifecycle",
    needs=("feast",),
    uses=("pandas",),
    seconds=5,
    timeout=120,
    oldest={"feast": "0.40.0"},
)
def test_lifecycle(run: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the template from init to online and historical features.

    One process applies it; this one reads the registry that it wrote, and applies it again.
    """
    import pandas as pd
    from feast import FeatureStore

    [command] = entry_points(group="console_scripts", name="feast")
    cli = command.load()
    cli(["init", "shop"], standalone_mode=False)
    repo = Path("shop/feature_repo").absolute()
    applied = run("feast", "apply", cwd=repo)
    assert "Created on demand feature view transformed_conv_rate" in applied
    monkeypatch.chdir(repo)
    cli(["apply"], standalone_mode=False)
    now = datetime.now(timezone.utc).isoformat()
    cli(["materialize-incremental", now], standalone_mode=False)
    store = FeatureStore(repo_path=str(repo))
    views = {view.name for view in store.list_on_demand_feature_views()}
    assert views == {"transformed_conv_rate", "transformed_conv_rate_fresh"}

    source = pd.read_parquet("data/driver_stats.parquet")
    features = ["driver_hourly_stats:conv_rate", "transformed_conv_rate:conv_rate_plus_val1"]
    online = store.get_online_features(
        features=features, entity_rows=[{"driver_id": 1001, "val_to_add": 7, "val_to_add_2": 9}]
    ).to_dict()
    driver = source[source["driver_id"] == 1001].sort_values("event_timestamp")
    latest = driver["conv_rate"].iloc[-1]
    assert online["conv_rate"] == [pytest.approx(latest)]
    assert online["conv_rate_plus_val1"] == [pytest.approx(latest + 7)]

    earlier = driver.iloc[-100]
    asked = pd.DataFrame(
        {
            "driver_id": [1001],
            "event_timestamp": [earlier["event_timestamp"] + pd.Timedelta(minutes=59)],
            "val_to_add": [7],
            "val_to_add_2": [9],
        }
    )
    past = store.get_historical_features(entity_df=asked, features=features).to_df()
    assert past["conv_rate"].tolist() == [pytest.approx(earlier["conv_rate"])]
    assert past["conv_rate_plus_val1"].tolist() == [pytest.approx(earlier["conv_rate"] + 7)]


@pytest.mark.workload(
    "feast-point-in-time",
    needs=("feast",),
    uses=("pandas",),
    seconds=4,
    timeout=90,
    oldest={"feast": "0.40.0"},
)
def test_point_in_time() -> None:
    """Join features as they were known at each moment, neither later ones nor outlived ones."""
    import pandas as pd
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
    from feast.types import Int64

    at = pd.Timestamp("2025-03-01 12:00", tz="UTC")
    hour = pd.Timedelta(hours=1)
    pd.DataFrame(
        {"shop": [1, 1, 2], "ts": [at, at + 2 * hour, at], "sales": [10, 30, 99]}
    ).to_parquet("sales.parquet")
    shop = Entity(name="shop", join_keys=["shop"])
    sales = FeatureView(
        name="hourly",
        entities=[shop],
        ttl=timedelta(hours=3),
        schema=[Field(name="sales", dtype=Int64)],
        source=FileSource(path=str(Path("sales.parquet").absolute()), timestamp_field="ts"),
    )
    store = FeatureStore(
        config=RepoConfig(
            project="shops",
            registry="registry.db",
            provider="local",
            entity_key_serialization_version=2,
        )
    )
    store.apply([shop, sales])
    moments = {
        (1, at - hour): None,  # before anything was known
        (1, at + hour): 10,
        (1, at + 2 * hour): 30,  # the very moment counts
        (1, at + 6 * hour): None,  # outlived
        (2, at + hour): 99,
    }
    asked = pd.DataFrame(list(moments), columns=["shop", "event_timestamp"])
    joined = store.get_historical_features(asked, features=["hourly:sales"]).to_df()
    # Feast 0.40 leaves out the rows for which nothing is known, in place of giving them as null.
    known = joined.dropna(subset=["sales"])
    found = known.set_index(["shop", "event_timestamp"])["sales"].to_dict()
    assert found == {moment: sales for moment, sales in moments.items() if sales is not None}
