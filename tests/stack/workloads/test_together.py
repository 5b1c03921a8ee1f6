"""The sentence "all nine architectures work together", executed."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.models import DagBag
    from stack_suite.servers import Server


@pytest.fixture
def nine(
    database: str,
    redis_connection: str,
    airflow_on: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Set Airflow up for the DAG `nine`; return the database that it stores its score in."""
    airflow_on(f"sqlite:///{Path('airflow.db').absolute()}", "nine")
    monkeypatch.setenv("AIRFLOW_CONN_RECORDS", database)
    monkeypatch.setenv("AIRFLOW_CONN_CACHE", redis_connection)

    from airflow.utils.db import initdb

    initdb()
    return database


@pytest.mark.workload(
    "nine-together",
    needs=(
        "apache-airflow",
        "apache-airflow-providers-postgres",
        "apache-airflow-providers-redis",
        "mlflow",
        "torch",
        "feast",
        "prometheus-client",
        "kafka-python",
        "fastapi",
        "uvicorn",
    ),
    uses=("pandas", "psycopg2-binary", "redis"),
    servers=("postgres", "redis", "kafka"),
    seconds=17,
    timeout=180,
    oldest={"apache-airflow": "2.10.3", "mlflow": "2.16.0", "torch": "2.3.1", "feast": "0.40.0"},
)
def test_together(
    nine: str,
    cluster: dict[str, Any],
    server: Callable[[str], Server],
    unique: Callable[[str], str],
    free_port: Callable[[], int],
    *,
    read_dags: Callable[[], DagBag],
) -> None:
    """Run one DAG through all nine architectures; the values meet at the end."""
    import mlflow
    import psycopg2
    import redis
    from kafka import KafkaConsumer, TopicPartition
    from prometheus_client.parser import text_string_to_metric_families

    place = {"cluster": cluster, "topic": unique("scores"), "key": unique("score")}
    bag = read_dags()
    assert bag.import_errors == {}
    done = bag.dags["nine"].test(run_conf=place | {"port": free_port()})
    tasks = {task.task_id: task for task in done.get_task_instances()}
    assert {name: task.state for name, task in tasks.items()} == dict.fromkeys(
        ("features", "train", "store", "emit", "serve"), "success"
    )
    model_run = tasks["train"].xcom_pull("train", key="model_run")
    score = tasks["train"].xcom_pull("train", key="score")
    assert 0 <= score < 1e-6

    assert mlflow.get_run(model_run).data.metrics == {"score": score}
    with closing(psycopg2.connect(nine)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT model_run, score FROM scores")
        assert cursor.fetchall() == [(model_run, score)]
    with redis.Redis.from_url(server("redis")["url"]) as client:
        assert float(client.getdel(place["key"])) == score
    with closing(KafkaConsumer(**cluster, consumer_timeout_ms=30000)) as consumer:
        partition, offset = tasks["emit"].xcom_pull("emit")
        consumer.assign([emitted := TopicPartition(place["topic"], partition)])
        consumer.seek(emitted, offset)
        assert json.loads(next(consumer).value) == {"model_run": model_run, "score": score}

    served = tasks["serve"].xcom_pull("serve", key="earned")
    assert served == pytest.approx(2 * 5 + 3 * 2 + 1, abs=1e-2)
    [family] = text_string_to_metric_families(tasks["serve"].xcom_pull("serve", key="metrics"))
    assert [(one.labels, one.value) for one in family.samples] == [
        ({"model_run": model_run}, score)
    ]
