"""MLflow: runs and models logged, and read back equal."""

from __future__ import annotations

from contextlib import closing
from inspect import signature as signature_of
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack_suite.process import Background


@pytest.mark.workload(
    "mlflow-sqlite",
    needs=("mlflow",),
    uses=("sqlalchemy",),
    seconds=5,
    timeout=90,
    oldest={"mlflow": "2.16.0"},
)
def test_sqlite() -> None:
    """Log a run to SQLite, and read it back with a client of its own."""
    import mlflow

    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    mlflow.set_experiment("shop")
    with mlflow.start_run(run_name="first") as run:
        mlflow.log_params({"rate": 0.1, "depth": 3})
        for step, loss in enumerate([0.5, 0.25]):
            mlflow.log_metric("loss", loss, step=step)
        mlflow.set_tag("team", "blue")

    client = mlflow.MlflowClient("sqlite:///mlflow.db")
    read = client.get_run(run.info.run_id)
    assert read.info.status == "FINISHED"
    assert read.data.params == {"rate": "0.1", "depth": "3"}
    assert read.data.metrics == {"loss": 0.25}
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(0, 0.5), (1, 0.25)]
    experiment = client.get_experiment_by_name("shop")
    found = client.search_runs(
        [experiment.experiment_id], "tags.team = 'blue' and metrics.loss < 0.3"
    )
    assert [one.info.run_id for one in found] == [run.info.run_id]


@pytest.mark.workload(
    "mlflow-torch-model",
    needs=("mlflow", "torch"),
    seconds=5,
    timeout=120,
    oldest={"mlflow": "2.16.0", "torch": "2.3.1"},
)
def test_torch_model() -> None:
    """Log a torch model with its signature; load it, natively and as a function; outputs agree."""
    import mlflow
    import numpy as np
    import torch

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    rows = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
    expected = model(torch.from_numpy(rows)).detach().numpy()
    signature = mlflow.models.infer_signature(rows, expected)
    # Newer releases save a traced graph, if they are not told: no module would come back.
    choice = "serialization_format" in signature_of(mlflow.pytorch.log_model).parameters
    pickled = {"serialization_format": "pickle"} if choice else {}
    with mlflow.start_run():
        # Requirements that are given need not be inferred, which takes a process and seconds.
        logged = mlflow.pytorch.log_model(
            model, "model", signature=signature, pip_requirements=["torch"], **pickled
        )

    loaded = mlflow.pytorch.load_model(logged.model_uri)
    assert isinstance(loaded, torch.nn.Sequential)
    np.testing.assert_array_equal(loaded(torch.from_numpy(rows)).detach().numpy(), expected)
    function = mlflow.pyfunc.load_model(logged.model_uri)
    np.testing.assert_array_equal(function.predict(rows), expected)
    with pytest.raises(mlflow.MlflowException, match="shape"):
        function.predict(rows[:, :3])


@pytest.mark.workload(
    "mlflow-sklearn-autolog",
    needs=("mlflow",),
    uses=("scikit-learn",),
    seconds=7,
    timeout=240,
    oldest={"mlflow": "2.16.0"},
)
def test_sklearn_autolog() -> None:
    """Fit with autolog on; parameters, metrics and model are recorded as scikit-learn has them."""
    import mlflow
    import numpy as np
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    mlflow.sklearn.autolog()
    features, labels = load_iris(return_X_y=True)
    with mlflow.start_run() as run:
        model = LogisticRegression(C=0.5, max_iter=500).fit(features, labels)

    recorded = mlflow.get_run(run.info.run_id).data
    assert recorded.params["C"] == "0.5"
    assert recorded.metrics["training_accuracy_score"] == model.score(features, labels)
    assert recorded.metrics["training_accuracy_score"] > 0.95
    artifacts = {file.path for file in mlflow.MlflowClient().list_artifacts(run.info.run_id)}
    assert "training_confusion_matrix.png" in artifacts
    # MLflow 3 keeps models beside the artifacts of a run; the address of one is what it was.
    loaded = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model")
    np.testing.assert_array_equal(loaded.predict(features), model.predict(features))


@pytest.fixture
def tracking_url(
    database: str, spawn: Callable[..., Background], free_port: Callable[[], int]
) -> str:
    """Serve MLflow over a PostgreSQL store, with artifacts in a folder; return the address."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    process = spawn(
        *("mlflow", "server", "--host", "127.0.0.1", "--port", port, "--workers", "1"),
        *("--artifacts-destination", "artifacts"),
        # Everyone can read a command line, and this address holds a password.
        # SQLAlchemy 2.1 would take another driver, if it is not told.
        env={"MLFLOW_BACKEND_STORE_URI": database.replace("://", "+psycopg2://", 1)},
    )
    process.wait_until(
        lambda: urlopen(f"{url}/health", timeout=5).status == 200,  # noqa: S310 - our own server
        seconds=150,
    )
    return url


@pytest.mark.workload(
    "mlflow-server",
    needs=("mlflow", "psycopg2-binary"),
    uses=("sqlalchemy",),
    servers=("postgres",),
    seconds=7,
    timeout=240,
    oldest={"mlflow": "2.16.0"},
)
def test_server(tracking_url: str, database: str) -> None:
    """Track a run and its nested run over HTTP; find them; their values lie in PostgreSQL."""
    import mlflow
    import psycopg2

    mlflow.set_tracking_uri(tracking_url)
    mlflow.set_experiment("shop")
    with mlflow.start_run() as parent:
        mlflow.log_param("folds", 2)
        for depth, loss in ((2, 0.5), (3, 0.25)):
            with mlflow.start_run(nested=True) as child:
                mlflow.log_param("depth", depth)
                mlflow.log_metric("loss", loss)
        mlflow.log_text("brewed", "notes/tea.txt")

    nested = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
        order_by=["metrics.loss ASC"],
        output_format="list",
    )
    assert [run.data.params["depth"] for run in nested] == ["3", "2"]
    assert nested[0].info.run_id == child.info.run_id
    assert mlflow.get_run(parent.info.run_id).data.params == {"folds": "2"}
    assert mlflow.artifacts.load_text(f"{parent.info.artifact_uri}/notes/tea.txt") == "brewed"
    [stored] = Path("artifacts").glob(f"*/{parent.info.run_id}/artifacts/notes/tea.txt")
    assert stored.read_text(encoding="utf-8") == "brewed"
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT key, value FROM latest_metrics ORDER BY value")
        assert cursor.fetchall() == [("loss", 0.25), ("loss", 0.5)]


@pytest.mark.workload(
    "mlflow-registry",
    needs=("mlflow", "psycopg2-binary"),
    uses=("scikit-learn", "pandas"),
    servers=("postgres",),
    seconds=10,
    timeout=240,
    oldest={"mlflow": "2.16.0"},
)
def test_registry(tracking_url: str) -> None:
    """Register two versions of a scikit-learn model; load by alias; the signature is enforced."""
    import mlflow
    import numpy as np
    import pandas as pd
    from sklearn.linear_model import LinearRegression

    mlflow.set_tracking_uri(tracking_url)
    rows = pd.DataFrame({"count": [1.0, 2.0, 4.0], "price": [2.0, 1.0, 3.0]})
    models = [LinearRegression().fit(rows, rows @ weights) for weights in ([2, 3], [5, 7])]
    for model in models:
        with mlflow.start_run():
            mlflow.sklearn.log_model(
                model,
                "model",
                signature=mlflow.models.infer_signature(rows, model.predict(rows)),
                registered_model_name="prices",
                pip_requirements=["scikit-learn"],
            )
    client = mlflow.MlflowClient()
    for version, model in enumerate(models, start=1):
        client.set_registered_model_alias("prices", "best", str(version))
        loaded = mlflow.pyfunc.load_model("models:/prices@best")
        np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))
    with pytest.raises(mlflow.MlflowException, match="price"):
        loaded.predict(rows[["count"]])
