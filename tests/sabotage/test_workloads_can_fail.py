"""No workload passes when what it checks is broken: break it, and see it fail for that reason."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from breaking import BreakingContext, Outcome, Workload, declared
from breaks import Break
from breaks_of_frameworks import FRAMEWORKS
from breaks_of_stores import STORES
from fake_grafana import FakeGrafana

from stackproof.installers.planning import make_plan
from stackproof.matrix.load import load_matrix
from stackproof.matrix.model import ServerName
from stackproof.run.servers import running

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

HERE = Path(__file__).parent
PLANS = {
    name: make_plan(load_matrix(file), name=name, row=row)
    for name, row, file in (
        ("mlops", "verified", HERE.parents[1] / "matrices" / "mlops.toml"),
        ("others", "all", HERE / "others.toml"),
    )
}
# The first two are no pins of a row, but its workloads need them.
MODULES = {name: name for name in ("pyarrow", "websockets")} | {
    pin.name: pin.imports[0] for plan in PLANS.values() for pin in plan.pins
}
WORKLOADS = declared()
# Nothing listens there.
NOWHERE = {
    "postgres": {"grade": "real", "url": "postgresql://u@127.0.0.1:9/x", "prefix": "x"},
    "redis": {"grade": "real", "url": "redis://127.0.0.1:9/0", "prefix": "x"},
    "kafka": {"grade": "real", "url": "127.0.0.1:9", "prefix": "x"},
    "prometheus": {"grade": "real", "url": "http://127.0.0.1:9", "scrape_dir": ".", "prefix": "x"},
    "grafana": {"grade": "real", "url": "http://u:p@127.0.0.1:9/", "prefix": "x"},
    "mysql": {"grade": "real", "url": "mysql://u@127.0.0.1:9/x", "prefix": "x"},
}
# More than there are cores: some trial is always waiting for a server, or for a limit to pass.
_AT_A_TIME = (os.cpu_count() or 1) + 1

Servers = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class Trial:
    """A workload to be run with its servers up or stopped, and with one module broken, or none."""

    workload: Workload
    broken: Break | None = None
    stopped: bool = False

    def __str__(self) -> str:
        module = f"-{self.broken.module}" if self.broken else ""
        return f"{self.workload.name}{module}"


def row_for(workload: Workload) -> str:
    """Return the name of the first plan that pins what a workload needs."""
    for name, plan in PLANS.items():
        if set(workload.needs) <= {pin.name for pin in plan.pins}:
            return name
    raise AssertionError(f"no plan has all that {workload.name} needs: add it to others.toml")


Outcomes = Mapping[Trial, Future[Outcome]]

SOUND = [Trial(workload) for workload in WORKLOADS.values()]
STOPPED = [Trial(workload, stopped=True) for workload in WORKLOADS.values() if workload.servers]
WRONG = [Trial(WORKLOADS[one.workload], one) for one in STORES + FRAMEWORKS]
#: Where the stack catches the failed import and says it in its own words.
OWN_WORDS = {
    ("airflow-postgres-hook", "pandas"): "pandas library not installed",
    (
        "airflow-celery",
        "airflow.providers.celery.executors.celery_executor",
    ): 'Please check "executor" key',
}
EMPTY = [
    Trial(workload, Break(workload.name, module, None, says, "the module is empty"))
    for workload in WORKLOADS.values()
    for module in (MODULES[name] for name in (*workload.needs, *workload.uses))
    for says in [OWN_WORDS.get((workload.name, module), f"'{module}")]
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Return started servers, and a made-up Grafana."""
    logs = tmp_path_factory.mktemp("logs")
    wanted: list[ServerName] = ["postgres", "redis", "kafka", "prometheus", "mysql"]
    with running(wanted, logs=logs, environ=os.environ) as up, closing(FakeGrafana()) as grafana:
        yield {
            **{name: info.to_json() for name, info in up.items()},
            "grafana": {"grade": "emulated", "url": grafana.url, "prefix": "x"},
        }


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Outcomes]:
    """Run all trials that were asked for, some at a time; return their outcomes to come."""
    asked = [
        trial
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        if isinstance(trial := item.callspec.params.get("trial"), Trial)
    ]
    asked.sort(key=lambda trial: -trial.workload.seconds)
    names = sorted({row_for(trial.workload) for trial in asked})
    contexts = {name: BreakingContext(PLANS[name]) for name in names}

    def run(trial: Trial) -> Outcome:
        context = contexts[row_for(trial.workload)]
        breaks = {trial.broken.module: trial.broken.code} if trial.broken else {}
        return context.run(trial.workload, NOWHERE if trial.stopped else servers, breaks)

    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        yield {trial: pool.submit(run, trial) for trial in asked}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("trial", SOUND, ids=str)
def test_workload_passes_where_nothing_is_broken(outcomes: Outcomes, trial: Trial) -> None:
    outcome = outcomes[trial].result()
    assert (outcome.outcome, outcome.message) == ("passed", "")


@pytest.mark.parametrize("trial", WRONG, ids=str)
def test_wrong_value_is_noticed(outcomes: Outcomes, trial: Trial) -> None:
    outcome = outcomes[trial].result()
    assert trial.broken is not None
    assert outcome.outcome == "failed"
    assert trial.broken.says in outcome.message


@pytest.mark.parametrize("trial", EMPTY, ids=str)
def test_empty_module_is_noticed(outcomes: Outcomes, trial: Trial) -> None:
    outcome = outcomes[trial].result()
    assert trial.broken is not None
    assert outcome.outcome == "failed"
    # A DAG's run fails with the states of its tasks; why they failed stands in their logs.
    assert trial.broken.says in outcome.message + outcome.printed


@pytest.mark.parametrize("trial", STOPPED, ids=str)
def test_stopped_server_is_noticed(outcomes: Outcomes, trial: Trial) -> None:
    outcome = outcomes[trial].result()
    assert outcome.outcome == "failed"
    assert any(word in outcome.message for word in ("efused", "NoBrokers", "(111)"))


def test_every_workload_has_a_break_of_its_own() -> None:
    assert {trial.workload.name for trial in WRONG} == set(WORKLOADS)


def test_the_documents_list_every_break() -> None:
    page = (Path(__file__).parents[2] / "docs" / "sabotage.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    breaks = sorted(STORES + FRAMEWORKS, key=lambda one: one.workload)
    assert rows == [
        f"| `{one.workload}` | {one.does} | `{one.module}` | `{one.says}` |" for one in breaks
    ]
