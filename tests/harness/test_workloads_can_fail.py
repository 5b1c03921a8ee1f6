"""No workload passes when what it checks is broken: break it, and see it fail for that reason."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache

import pytest
from fake_grafana import FakeGrafana
from sabotage import Outcome, Workshop, declared

from stackproof.servers import ServerName, running

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]

FILES = [
    f"workloads/test_{topic}.py"
    for topic in ("db", "redis", "kafka", "prometheus", "grafana", "data")
]
PYTHON = "3.11"
# Distributions as the document pins them, with the modules that they are imported by.
STACK = {
    "sqlalchemy": ("1.4.53", "sqlalchemy"),
    "psycopg2-binary": ("2.9.9", "psycopg2"),
    "redis": ("5.0.3", "redis"),
    "kafka-python": ("2.0.2", "kafka"),
    "prometheus-client": ("0.21.1", "prometheus_client"),
    "grafana-client": ("4.2.4", "grafana_client"),
    "pandas": ("2.1.4", "pandas"),
    "numpy": ("1.24.4", "numpy"),
    "scikit-learn": ("1.3.2", "sklearn"),
    "pyarrow": ("15.0.2", "pyarrow"),
}
WORKLOADS = declared(FILES)
# Nothing listens there.
NOWHERE = {
    "postgres": {"grade": "real", "url": "postgresql://u@127.0.0.1:9/x", "prefix": "x"},
    "redis": {"grade": "real", "url": "redis://127.0.0.1:9/0", "prefix": "x"},
    "kafka": {"grade": "real", "url": "127.0.0.1:9", "prefix": "x"},
    "prometheus": {"grade": "real", "url": "http://127.0.0.1:9", "scrape_dir": ".", "prefix": "x"},
    "grafana": {"grade": "real", "url": "http://u:p@127.0.0.1:9/", "prefix": "x"},
}


@dataclass(frozen=True)
class Break:
    """Code for a module (None: it is empty), the workload that must notice, what it then says."""

    workload: str
    module: str
    code: str | None
    says: str


NO_CURSOR = """
connect = module.connect
class Cursor(module.extensions.cursor):
    def copy_expert(self, *_, **__):
        pass
def connect_idly(*args, **options):
    connection = connect(*args, **options)
    connection.cursor_factory = Cursor
    return connection
module.connect = connect_idly
"""
AUTOCOMMIT = """
connect = module.connect
def connect_loosely(*args, **options):
    connection = connect(*args, **options)
    connection.autocommit = True
    return connection
module.connect = connect_loosely
"""
WRONG_MODEL = """
def load(self, state):
    self.__dict__ = {**state, "coef_": state["coef_"] * 1.000001}
module.LogisticRegression.__setstate__ = load
"""
LESS_PRECISE = """
fit = module.LinearRegression.fit
def fit_roughly(self, *args):
    fit(self, *args).coef_[0] += 1e-6
    return self
module.LinearRegression.fit = fit_roughly
"""
OTHER_DTYPE = """
read = module.PyArrowImpl.read
module.PyArrowImpl.read = lambda *args, **options: read(*args, **options).astype({"int8": "int64"})
"""

WRONG = [
    Break(
        "sqlalchemy-orm",
        "sqlalchemy.dialects.postgresql.psycopg2",
        "module._PGNumeric.result_processor = lambda *_: float",
        "('Ada', 10.35)",
    ),
    Break(
        "sqlalchemy-transactions",
        "sqlalchemy.engine.default",
        "module.DefaultDialect.do_rollback_to_savepoint = lambda *_: None",
        "[('a', 10), ('b', 95)]",
    ),
    Break("psycopg2-copy", "psycopg2", NO_CURSOR, "assert -1 == 5000"),
    Break(
        "psycopg2-types",
        "psycopg2.extras",
        "module.Json.dumps = lambda *_: '{}'",
        "assert ({},) == ",
    ),
    Break("redis-values", "redis.client", "module.Redis.get = lambda *_: None", "assert None == "),
    Break(
        "redis-scripts",
        "redis.lock",
        "module.Lock.do_release = lambda *_: None",
        "assert False",
    ),
    Break(
        "kafka-messages",
        "kafka.record.default_records",
        "module.DefaultRecordBatchBuilder._maybe_compress = lambda *_: False",
        "assert 1.0 < 0.2",
    ),
    Break(
        "kafka-group",
        "kafka.consumer.group",
        "module.KafkaConsumer.commit = lambda *_: None",
        "assert [b'0', b'1', b'2'] == [b'3', b'4', b'5']",
    ),
    Break(
        "prometheus-exposition",
        "prometheus_client.metrics",
        "module.Histogram.observe = lambda self, amount: self._sum.inc(amount)",
        "('took_seconds_count', frozenset()): 0.0",
    ),
    Break(
        "prometheus-multiprocess",
        "prometheus_client.values",
        "module.ValueClass = module.MutexValue",
        "assert {} == ",
    ),
    Break(
        "grafana-requests",
        "grafana_client.client",
        "module.TokenAuth.__call__ = lambda self, request: request",
        "KeyError: 'Authorization'",
    ),
    Break(
        "grafana-dashboards",
        "grafana_client.elements.dashboard",
        "module.Dashboard.delete_dashboard = lambda *_: None",
        "DID NOT RAISE",
    ),
    Break("pandas-parquet", "pandas.io.parquet", OTHER_DTYPE, 'Attribute "dtype" are different'),
    Break(
        "pandas-arrow",
        "pandas.core.groupby.groupby",
        "module.GroupBy.sum = module.GroupBy.max",
        "assert {0: 9996.0, ",
    ),
    Break(
        "pandas-sql",
        "pandas.io.sql",
        "module.SQLTable.insert = lambda *_, **__: 3",
        "assert 0 == 6",
    ),
    Break("sklearn-pickle", "sklearn.linear_model._logistic", WRONG_MODEL, "Arrays are not equal"),
    Break(
        "sklearn-estimators",
        "sklearn.linear_model._base",
        LESS_PRECISE,
        "Not equal to tolerance",
    ),
    Break(
        "sqlalchemy-transactions",
        "psycopg2",
        AUTOCOMMIT,
        "[('a', 70), ('b', 35)] == [('a', 100), ('b', 5)]",
    ),
    Break(
        "sqlalchemy-orm",
        "sqlalchemy.orm.session",
        "def delete(self, instance): pass\nmodule.Session.delete = delete",
        "assert [(2,)] == [(0,)]",
    ),
    Break(
        "redis-values",
        "redis.client",
        "module.Pipeline.watch = lambda *_: None",
        "DID NOT RAISE WatchError",
    ),
    Break(
        "redis-streams",
        "redis.client",
        "module.PubSub.get_message = lambda *_, **__: None",
        "assert [(None, None), ",
    ),
    Break("redis-streams", "redis.client", "module.Redis.xack = lambda *_: 2", "assert 4 == 2"),
    Break(
        "redis-scripts",
        "redis.commands.core",
        "module.Script.__call__ = lambda *_, **__: [1, '2']",
        "assert [1, '2'] == [0, '2']",
    ),
    Break(
        "prometheus-scrape",
        "prometheus_client.metrics",
        "module.Gauge.set = lambda *_: None",
        "assert [0.0] == [-2.5]",
    ),
    Break(
        "grafana-requests",
        "grafana_client.elements.folder",
        "module.Folder.create_folder = lambda *_, **__: {'uid': 'f1'}",
        "KeyError: 'version'",
    ),
]


EMPTY = [
    Break(workload, STACK[name][1], None, STACK[name][1])
    for workload, (needs, _) in WORKLOADS.items()
    for name in needs
]

Servers = Mapping[str, Mapping[str, str]]
Outcomes = dict[str, Outcome]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    pins = [f"{name}=={version}" for name, (version, _) in STACK.items()]
    return Workshop(tmp_path_factory.mktemp("workshop"), PYTHON, pins)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Return started servers, and a made-up Grafana."""
    logs = tmp_path_factory.mktemp("logs")
    wanted: list[ServerName] = ["postgres", "redis", "kafka", "prometheus"]
    with running(wanted, logs=logs, environ=os.environ) as up, closing(FakeGrafana()) as grafana:
        yield {
            **{name: info.to_json() for name, info in up.items()},
            "grafana": {"grade": "emulated", "url": grafana.url, "prefix": "x"},
        }


@pytest.fixture(scope="module")
def sound(workshop: Workshop, servers: Servers) -> Outcomes:
    """Return the outcomes where nothing is broken."""
    return workshop.run(FILES, servers)


@pytest.fixture(scope="module")
def broken(workshop: Workshop, servers: Servers, sound: Outcomes) -> Callable[[Break], Outcome]:
    """Return a function that gives the outcome of a break; one run has one break a workload."""
    queues = {name: [one for one in WRONG + EMPTY if one.workload == name] for name in WORKLOADS}

    @cache
    def run(turn: int) -> Outcomes:
        now = {name: breaks[turn] for name, breaks in queues.items() if turn < len(breaks)}
        breaks = {name: {one.module: one.code} for name, one in now.items()}
        return workshop.run([sound[name].item for name in now], servers, breaks)

    return lambda one: run(queues[one.workload].index(one))[one.workload]


@pytest.fixture(scope="module")
def stopped(workshop: Workshop, sound: Outcomes) -> Outcomes:
    """Return the outcomes of the workloads on servers where no server listens."""
    on_servers = [sound[name].item for name, (_, servers) in WORKLOADS.items() if servers]
    return workshop.run(on_servers, NOWHERE)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_workload_passes_where_nothing_is_broken(sound: Outcomes, workload: str) -> None:
    assert (sound[workload].outcome, sound[workload].message) == ("passed", "")


@pytest.mark.parametrize("one", WRONG, ids=lambda one: f"{one.workload}-{one.module}")
def test_wrong_value_is_noticed(broken: Callable[[Break], Outcome], one: Break) -> None:
    outcome = broken(one)
    assert outcome.outcome == "failed"
    assert one.says in outcome.message


@pytest.mark.parametrize("one", EMPTY, ids=lambda one: f"{one.workload}-{one.module}")
def test_empty_module_is_noticed(broken: Callable[[Break], Outcome], one: Break) -> None:
    outcome = broken(one)
    assert outcome.outcome == "failed"
    assert one.says in outcome.message


@pytest.mark.parametrize("workload", [name for name, (_, servers) in WORKLOADS.items() if servers])
def test_stopped_server_is_noticed(stopped: Outcomes, workload: str) -> None:
    assert stopped[workload].outcome == "failed"
    assert "efused" in stopped[workload].message or "NoBrokers" in stopped[workload].message


def test_every_workload_has_a_break_of_its_own() -> None:
    assert {one.workload for one in WRONG} == set(WORKLOADS)
