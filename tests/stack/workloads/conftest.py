"""What workloads lean on: the run's servers, names of their own, commands and processes."""

from __future__ import annotations

import json
import os
import shutil
import sys
import uuid
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from stack_suite.process import Background, find_free_port, run_command
from stack_suite.recorder import Recorder, recording
from stack_suite.replay import ISOLATED
from stack_suite.sandbox import make_sandbox, work_folder
from stack_suite.servers import Server, load_servers, unavailable_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from airflow.models import DagBag

DAGS = Path(__file__).parent / "dags"


@pytest.fixture(autouse=True)
def debugged_in_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a sandbox where a person debugs the workload in the process of pytest itself."""
    if ISOLATED in os.environ:
        return
    for name, value in make_sandbox(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(work_folder(tmp_path))


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Callable[[str], Server]:
    """Return a function that gives a server's entry by its name, or skips the workload."""
    servers = load_servers(request.config.getoption("servers"))
    [mark] = request.node.iter_markers("workload")

    def get(name: str) -> Server:
        # The grade of the evidence hangs on what the marker says.
        assert name in mark.kwargs.get("servers", ()), f"the marker does not name server {name!r}"
        if reason := unavailable_reason(servers, name):
            pytest.skip(reason)
        return servers[name]

    return get


@pytest.fixture
def unique(pytestconfig: pytest.Config) -> Callable[[str], str]:
    """Return a function that makes a name which nobody else has on any server.

    The name suits databases, tables, keys and topics: lower-case letters, digits and underscores.
    It starts with the run's prefix, by which the run finds what a crashed workload left behind.
    """
    servers = load_servers(pytestconfig.getoption("servers")).values()
    prefix = next((entry["prefix"] for entry in servers if "prefix" in entry), "stackproof")
    workload = uuid.uuid4().hex[:10]
    return lambda stem: f"{prefix}_{stem}_{workload}"


@pytest.fixture
def run() -> Callable[..., str]:
    """Return the function that runs a command and gives its standard output."""
    return run_command


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Return the function that finds a free port on loopback."""
    return find_free_port


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """Return an HTTP server on loopback that keeps requests; `answer` says what it answers."""
    with recording() as server:
        yield server


@pytest.fixture
def spawn() -> Iterator[Callable[..., Background]]:
    """Return a function that starts a process beside the workload, which is ended after it."""
    started: list[Background] = []

    def start(*command: str, env: Mapping[str, str] | None = None) -> Background:
        started.append(Background(*command, env=env))
        return started[-1]

    yield start
    for process in started:
        process.process.terminate()
    for process in started:
        process.stop()
        sys.stdout.write(f"--- {' '.join(process.command)}\n{process.output}\n")


@pytest.fixture
def database(server: Callable[[str], Server], unique: Callable[[str], str]) -> Iterator[str]:
    """Return the URL of a new PostgreSQL database, which is dropped after the workload."""
    import psycopg2

    admin_url, name = server("postgres")["url"], unique("db")

    def execute(statement: str) -> None:
        with closing(psycopg2.connect(admin_url)) as connection:
            connection.autocommit = True  # Databases are made and dropped outside transactions.
            connection.cursor().execute(statement)

    execute(f"CREATE DATABASE {name}")
    # SQLAlchemy knows no other name of this scheme.
    yield urlsplit(admin_url)._replace(scheme="postgresql", path=f"/{name}").geturl()
    execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def airflow_on(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets Airflow up on a database, with the named DAG files only."""

    def set_up(database_url: str, *dags: str) -> None:
        monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", database_url)
        monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        folder = Path(os.environ["AIRFLOW_HOME"]) / "dags"
        folder.mkdir()
        for dag in dags:
            shutil.copy(DAGS / f"{dag}.py", folder)

    return set_up


@pytest.fixture
def airflow_2() -> bool:
    """Tell whether Airflow is one of the releases whose scheduler reads DAG files by itself."""
    return metadata.version("apache-airflow").startswith("2.")


@pytest.fixture
def read_dags(*, airflow_2: bool) -> Callable[[], DagBag]:
    """Return a function that reads Airflow's DAG files, so that each can be tested."""

    def read() -> DagBag:
        from airflow.models import DagBag

        if not airflow_2:
            run_command("airflow", "dags", "reserialize")  # it runs only what its database knows
        return DagBag()

    return read


@pytest.fixture
def cluster(server: Callable[[str], Server]) -> dict[str, Any]:
    """Return the options by which a client reaches the Kafka cluster."""
    entry = server("kafka")
    # Newer clients take the mock's list of versions for a broker that they do not support.
    mended = {"api_version": (2, 3, 0)} if entry["grade"] == "emulated" else {}
    return {"bootstrap_servers": entry["url"], **mended}


@pytest.fixture
def redis_connection(server: Callable[[str], Server]) -> str:
    """Return an Airflow connection to the Redis server, as JSON.

    Airflow's hook cannot read the server's URL: it does not look for the database in the path.
    """
    import redis

    place = redis.Redis.from_url(server("redis")["url"]).get_connection_kwargs()
    return json.dumps(
        {
            "conn_type": "redis",
            "host": place["host"],
            "port": place.get("port", 6379),
            "login": place.get("username"),
            "password": place.get("password"),
            "extra": {"db": place.get("db", 0)},
        }
    )
