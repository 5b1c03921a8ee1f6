"""All nine architectures in one run: features, a model, its records, its score, its service.

The run's configuration names what it writes to: `cluster` and `topic` (Kafka), `key` (Redis) and
`port` (FastAPI). The connections `records` (PostgreSQL) and `cache` (Redis) say where.
"""

# ruff: noqa: AIR301, AIR311 - these are the names of Airflow 2
from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.decorators import dag, task
from airflow.operators.python import get_current_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from feast import Entity, FeatureView

SHOPS = range(8)


def conf(name: str) -> Any:  # noqa: ANN401 - the configuration is JSON
    """Return a value of the run's configuration."""
    return get_current_context()["dag_run"].conf[name]


@task
def features() -> list[dict[str, float]]:
    """Put the shops' sales into Feast's online store, and read them from there."""
    from feast import Entity, FeatureStore, RepoConfig

    now, shop = datetime.now(timezone.utc), Entity(name="shop", join_keys=["shop"])
    store = FeatureStore(
        config=RepoConfig(
            project="shops",
            registry="registry.db",
            provider="local",
            online_store={"type": "sqlite", "path": "online.db"},
            entity_key_serialization_version=2,
        )
    )
    store.apply([shop, sales_of(shop, now)])
    store.materialize_incremental(end_date=now)
    online = store.get_online_features(
        features=["sales:count", "sales:price"], entity_rows=[{"shop": shop} for shop in SHOPS]
    )
    rows: list[dict[str, float]] = online.to_df()[["count", "price"]].to_dict("records")
    return rows


def sales_of(shop: Entity, now: datetime) -> FeatureView:
    """Write down what each shop sold an hour ago, and describe that to Feast."""
    import pandas as pd
    from feast import FeatureView, Field, FileSource
    from feast.types import Float32

    pd.DataFrame(
        {
            "shop": SHOPS,
            "ts": pd.Timestamp(now).floor("s") - pd.Timedelta(hours=1),
            "count": [float(shop % 4) for shop in SHOPS],
            "price": [float(shop // 4) for shop in SHOPS],
        }
    ).to_parquet("sales.parquet")
    return FeatureView(
        name="sales",
        entities=[shop],
        ttl=timedelta(days=1),
        schema=[Field(name="count", dtype=Float32), Field(name="price", dtype=Float32)],
        source=FileSource(path=str(Path("sales.parquet").absolute()), timestamp_field="ts"),
    )


@task(multiple_outputs=True)
def train(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Fit 2 * count + 3 * price + 1, and log the model and its score to MLflow."""
    import mlflow
    import torch

    torch.manual_seed(0)
    inputs = torch.tensor([[row["count"], row["price"]] for row in rows])
    targets = inputs @ torch.tensor([[2.0], [3.0]]) + 1
    model, loss = torch.nn.Linear(2, 1), torch.nn.MSELoss()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=100)

    def step() -> torch.Tensor:
        optimizer.zero_grad()
        error: torch.Tensor = loss(model(inputs), targets)
        error.backward()
        return error

    optimizer.step(step)
    score = step().item()
    with mlflow.start_run() as run:
        mlflow.log_metric("score", score)
        # Newer releases save a traced graph, if they are not told.
        choice = "serialization_format" in signature(mlflow.pytorch.log_model).parameters
        pickled = {"serialization_format": "pickle"} if choice else {}
        mlflow.pytorch.log_model(model, "model", pip_requirements=["torch"], **pickled)
    return {"model_run": run.info.run_id, "score": score}


@task
def store(model_run: str, score: float) -> None:
    """Keep the score in PostgreSQL and in Redis."""
    from airflow.providers.postgres.hooks.postgres import PostgresHook
    from airflow.providers.redis.hooks.redis import RedisHook

    records = PostgresHook(postgres_conn_id="records")
    records.run("CREATE TABLE scores (model_run text PRIMARY KEY, score double precision)")
    records.insert_rows("scores", [(model_run, score)])
    RedisHook(redis_conn_id="cache").get_conn().set(conf("key"), repr(score), ex=600)


@task
def emit(model_run: str, score: float) -> list[int]:
    """Tell of the score on Kafka; return the event's partition and offset."""
    from kafka import KafkaProducer

    # Airflow 3 hands a run's configuration on as JSON, which has no tuples.
    cluster = {k: tuple(v) if isinstance(v, list) else v for k, v in conf("cluster").items()}
    producer = KafkaProducer(**cluster)
    event = json.dumps({"model_run": model_run, "score": score}).encode()
    sent = producer.send(conf("topic"), event).get(timeout=30)
    producer.close()
    return [sent.partition, sent.offset]


@task(multiple_outputs=True)
def serve(model_run: str, score: float) -> dict[str, Any]:
    """Serve the logged model and its score; return what a client is answered."""
    import requests

    with served(service(model_run, score)):
        url = f"http://127.0.0.1:{conf('port')}"
        earned = requests.post(f"{url}/earn", json={"count": 5, "price": 2}, timeout=10)
        metrics = requests.get(f"{url}/metrics", timeout=10)
    return {"earned": earned.json(), "metrics": metrics.text}


def service(model_run: str, score: float) -> FastAPI:
    """Make a service of the model that a run logged, with the score as a metric."""
    import mlflow
    import torch
    from fastapi import FastAPI
    from prometheus_client import CollectorRegistry, Gauge, make_asgi_app

    model = mlflow.pytorch.load_model(f"runs:/{model_run}/model")
    registry = CollectorRegistry()
    gauge = Gauge("model_score", "The loss after training.", ["model_run"], registry=registry)
    gauge.labels(model_run).set(score)
    app = FastAPI()
    app.mount("/metrics", make_asgi_app(registry))

    @app.post("/earn")
    def earn(sale: dict[str, float]) -> float:
        with torch.no_grad():
            earned: float = model(torch.tensor([sale["count"], sale["price"]])).item()
        return earned

    return app


@contextmanager
def served(app: FastAPI) -> Iterator[None]:
    """Serve the app on the run's port, in a thread, for the length of the block."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, port=conf("port"), log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.05)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@dag(schedule=None, start_date=datetime(2025, 1, 1, tzinfo=timezone.utc))
def nine() -> None:
    """Learn what a shop earns, and offer that as a service."""
    made = train(features())
    store(made["model_run"], made["score"])
    emit(made["model_run"], made["score"])
    serve(made["model_run"], made["score"])


nine()
