"""Airflow: metadata databases, DAG runs read back by value, hooks, and a real Celery worker."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow.models import DagBag
    from stack_suite.process import Background
    from stack_suite.servers import Server


def airflow(*command: str) -> None:
    """Run an Airflow command in this process, which spares the start of another."""
    from airflow.cli.cli_parser import get_parser

    arguments = get_parser().parse_args(command)
    arguments.func(arguments)


@pytest.mark.workload(
    "airflow-sqlite",
    needs=("apache-airflow",),
    seconds=7,
    timeout=120,
    oldest={"apache-airflow": "2.10.3"},
)
def test_sqlite(run: Callable[..., str], airflow_on: Callable[..., None]) -> None:
    """Migrate a fresh SQLite database, check it, and run a DAG of two tasks to success."""
    airflow_on(f"sqlite:///{Path('airflow.db').absolute()}", "two_tasks")
    assert "Database migrating done!" in run("airflow", "db", "migrate")
    airflow("db", "check")
    airflow("dags", "test", "two_tasks")

    with closing(sqlite3.connect("airflow.db")) as database:
        assert database.execute("SELECT state FROM dag_run").fetchall() == [("success",)]
        tasks = database.execute("SELECT task_id, state FROM task_instance ORDER BY 1").fetchall()
        assert tasks == [("double", "success"), ("make", "success")]
        values = database.execute("SELECT task_id, value FROM xcom WHERE key = 'return_value'")
        # Airflow 2 keeps JSON as bytes; of what Airflow 3 keeps SQLite makes a number.
        assert {task: int(value) for task, value in values} == {"make": 20, "double": 40}


@pytest.mark.workload(
    "airflow-postgres",
    needs=("apache-airflow", "psycopg2-binary"),
    uses=("sqlalchemy",),
    servers=("postgres",),
    seconds=5,
    timeout=120,
    oldest={"apache-airflow": "2.10.3"},
)
def test_postgres(
    airflow_on: Callable[..., None], database: str, read_dags: Callable[[], DagBag]
) -> None:
    """Migrate PostgreSQL; pass values, branch and retry; name the DAG file that is broken."""
    airflow_on(database, "branches", "broken")
    airflow("db", "migrate")
    airflow("db", "check")

    bag = read_dags()
    assert list(bag.dags) == ["branches"]
    assert [Path(file).name for file in bag.import_errors] == ["broken.py"]
    assert "LookupError: no such shop" in next(iter(bag.import_errors.values()))

    done = bag.dags["branches"].test()
    tasks = {task.task_id: task for task in done.get_task_instances()}
    assert done.state == "success"
    assert {name: task.state for name, task in tasks.items()} == {
        "order": "success",
        "size": "success",
        "letter": "skipped",
        "parcel": "success",
    }
    assert tasks["parcel"].try_number == 2
    assert tasks["order"].xcom_pull("order", key="count") == 3
    assert tasks["parcel"].xcom_pull("parcel") == "parcel of tea"


@pytest.mark.workload(
    "airflow-postgres-hook",
    needs=("apache-airflow-providers-postgres",),
    uses=("psycopg2-binary", "pandas"),
    servers=("postgres",),
    seconds=4,
    timeout=60,
    oldest={"apache-airflow-providers-postgres": "5.13.1"},
)
def test_postgres_hook(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write and read rows over a connection from the environment."""
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", database)

    from airflow.providers.postgres.hooks.postgres import PostgresHook

    hook = PostgresHook(postgres_conn_id="shop")
    hook.run("CREATE TABLE orders (item text PRIMARY KEY, amount int)")
    hook.insert_rows("orders", [("tea", 3), ("milk", 1)], target_fields=["item", "amount"])
    hook.insert_rows("orders", [("tea", 5)], ["item", "amount"], replace=True, replace_index="item")
    rows = "SELECT item, amount FROM orders ORDER BY item"
    assert hook.get_records(rows) == [("milk", 1), ("tea", 5)]
    assert hook.get_pandas_df(rows)["amount"].sum() == 6


@pytest.mark.workload(
    "airflow-redis-hook",
    needs=("apache-airflow-providers-redis",),
    uses=("redis",),
    servers=("redis",),
    seconds=3,
    timeout=60,
    oldest={"apache-airflow-providers-redis": "3.8.0"},
)
def test_redis_hook(
    server: Callable[[str], Server],
    unique: Callable[[str], str],
    redis_connection: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Write and read a value over a connection from the environment."""
    import redis

    monkeypatch.setenv("AIRFLOW_CONN_CACHE", redis_connection)

    from airflow.providers.redis.hooks.redis import RedisHook

    client, key = RedisHook(redis_conn_id="cache").get_conn(), unique("order")
    try:
        assert client.set(key, "tea", ex=60)
        assert redis.Redis.from_url(server("redis")["url"]).get(key) == b"tea"
    finally:
        client.delete(key)


@pytest.fixture
def broker(
    server: Callable[[str], Server], unique: Callable[[str], str]
) -> Iterator[tuple[str, str]]:
    """Return the URL of a Redis broker and a prefix for keys on it, removed afterwards."""
    import redis

    url, prefix = server("redis")["url"], f"{unique('celery')}:"
    yield url, prefix
    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)


@pytest.fixture
def on_celery(
    database: str,
    broker: tuple[str, str],
    airflow_on: Callable[..., None],
    free_port: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Set Airflow up to run the DAG `once` on Celery; return the database of states and results."""
    airflow_on(database, "once")
    port = str(free_port())
    for name, value in {
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__GLOBAL_KEYPREFIX": broker[1],
        "AIRFLOW__CELERY__BROKER_URL": broker[0],
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
        "AIRFLOW__CELERY__OPERATION_TIMEOUT": "30",  # a second is too short on a busy machine
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        # What Airflow 3 has besides: tasks talk to a server, each by a token that both can check.
        "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of this workload, and of no other one",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
    }.items():
        monkeypatch.setenv(name, value)
    return database


@pytest.mark.workload(
    "airflow-celery",
    needs=("apache-airflow", "apache-airflow-providers-celery", "psycopg2-binary"),
    uses=("redis",),
    servers=("postgres", "redis"),
    seconds=16,
    timeout=300,
    oldest={"apache-airflow": "2.10.3"},
)
def test_celery(
    on_celery: str, run: Callable[..., str], spawn: Callable[..., Background], *, airflow_2: bool
) -> None:
    """Schedule a task on a Celery worker; Redis is the broker, PostgreSQL keeps the result."""
    import psycopg2

    run("airflow", "db", "migrate")
    if not airflow_2:
        health = f"http://127.0.0.1:{os.environ['AIRFLOW__API__PORT']}/api/v2/monitor/health"
        server = spawn("airflow", "api-server", "--host", "127.0.0.1", "--workers", "1")
        server.wait_until(
            lambda: urlopen(health, timeout=5).status == 200,
            seconds=120,
        )
        spawn("airflow", "dag-processor")
    spawn("airflow", "celery", "worker", "--concurrency", "1", "--skip-serve-logs")
    scheduler = spawn("airflow", "scheduler", "--skip-serve-logs")

    with closing(psycopg2.connect(on_celery)) as connection, connection.cursor() as cursor:
        connection.autocommit = True

        def rows(query: str) -> list[tuple[object, ...]]:
            cursor.execute(query)
            return list(cursor.fetchall())

        ended = "SELECT state FROM dag_run WHERE state IN ('success', 'failed')"
        scheduler.wait_until(lambda: rows(ended), seconds=120)
        # The worker stores the result of its job a little after the state of the task, and before
        # that that it has started.
        done = "SELECT task_id, status FROM celery_taskmeta WHERE status <> 'STARTED'"
        results = scheduler.wait_until(lambda: rows(done), seconds=30)
        [(state, job)] = rows("SELECT state, external_executor_id FROM task_instance")
        assert state == "success"
        assert results == [(job, "SUCCESS")]
        # Airflow 2 keeps JSON as bytes.
        text = "convert_from(value, 'utf8')" if airflow_2 else "value #>> '{}'"
        [(value,)] = rows(f"SELECT {text} FROM xcom")  # noqa: S608 - one of these two
        assert value == "42"
