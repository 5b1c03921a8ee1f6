"""Turn a plan into checks, each in a process and a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from stack_suite.check import Check, pin_check, workload_check
from stack_suite.fork_client import BrokenPythonError, UntoldError
from stack_suite.guard import end_with_parent
from stack_suite.plan import Plan, PlanError, load_plan
from stack_suite.replay import ISOLATED, failed_report, run_in_child
from stack_suite.servers import Server, ServersError, load_servers
from stack_suite.workload import (
    MarkerError,
    Workload,
    holds_workload,
    is_passed_over,
    mentions_workload,
    vanished_workloads,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

#: What typically takes longer is asked later, where some checks alone are asked.
_SOON_SECONDS = 2.0

PLAN = pytest.StashKey[Plan]()
SERVERS = pytest.StashKey[dict[str, Server]]()
RUN_FOLDER = pytest.StashKey[Path]()
CHECKS = pytest.StashKey[dict[str, str]]()
CHECK = pytest.StashKey[Check]()
PROBLEMS = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    group = parser.getgroup("stack", "the stack under test")
    group.addoption("--plan", type=Path, metavar="PLAN.json", help="the plan to prove (required)")
    group.addoption(
        "--servers", type=Path, metavar="SERVERS.json", help="the servers that workloads may use"
    )
    group.addoption(
        "--freeze", type=Path, metavar="FREEZE.txt", help="what the build of the plan installed"
    )
    group.addoption(
        "--answered", type=Path, metavar="FILE.json", help="do not ask these checks: a list of ids"
    )
    group.addoption(
        "--left-out", type=Path, metavar="FILE.json", help="tell here which workloads do not run"
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    """Load the plan and the servers; make the folder that holds every check's sandbox."""
    config = session.config
    if hasattr(config, "workerinput"):
        end_with_parent()  # else a worker of a killed run ends its check first, which takes seconds
    if config.getoption("plan") is None:
        raise pytest.UsageError("--plan PLAN.json is required")
    try:
        config.stash[PLAN] = load_plan(config.getoption("plan"), config.getoption("freeze"))
        config.stash[SERVERS] = load_servers(config.getoption("servers"))
    except (PlanError, ServersError) as error:
        raise pytest.UsageError(str(error)) from error
    given = getattr(config, "workerinput", {}).get("run_folder")
    config.stash[RUN_FOLDER] = Path(given or tempfile.mkdtemp(prefix="stackproof-"))
    config.stash[CHECKS] = {}


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 - xdist has no types
    """Give each xdist worker the folder of the whole run."""
    node.workerinput["run_folder"] = str(node.config.stash[RUN_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove every sandbox, unless this is only a worker's part of the run."""
    if RUN_FOLDER in config.stash and not hasattr(config, "workerinput"):
        shutil.rmtree(config.stash[RUN_FOLDER], ignore_errors=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one check of each pin."""
    if "pin" in metafunc.fixturenames:
        pins = metafunc.config.stash[PLAN].pins
        metafunc.parametrize("pin", pins, ids=[pin.name for pin in pins])


@pytest.hookimpl(tryfirst=True)
def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Have no file of workloads ignored, whatever a conftest.py says."""
    is_file = collection_path.suffix == ".py" and collection_path.is_file()
    return False if is_file and mentions_workload(collection_path) else None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Have a file of workloads that pytest passes over for its name be an error."""
    if file_path.suffix != ".py" or file_path.name.startswith(("test_", "conftest.")):
        return None
    if not mentions_workload(file_path):
        return None
    found: pytest.Collector = PassedOver.from_parent(parent, path=file_path)
    return found


class PassedOver(pytest.File):
    """A file whose workloads nobody would miss."""

    def collect(self) -> NoReturn:
        """Say so."""
        raise self.CollectError(
            f"{self.path.name}: holds a workload, but only files named test_<topic>.py are run; "
            "rename it"
        )


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Have each workload that a file writes be there, or an error of its file."""
    if module_path.parent == Path(__file__).parent:
        return None
    found: pytest.Module = Workloads.from_parent(parent, path=module_path)
    return found


class Workloads(pytest.Module):
    """A file of workloads, none of which may vanish."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Collect the file's items; say which workload was written and is none of them."""
        for name in vanished_workloads(self.obj, self.path):
            _note(
                self,
                f"{name}: has a workload marker, but is gone once the file is imported: another of "
                "its name took its place, or it was deleted; rename it",
            )
        items = list(super().collect())
        if not items and PROBLEMS not in self.stash and mentions_workload(self.path):
            _note(
                self,
                "holds a workload, but asks pytest for none of its tests; take `__test__` out",
            )
        return items


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Have a file or class in which anything is wrong be an error that tells all of it."""
    report = yield
    problems = collector.stash.get(PROBLEMS, [])
    if problems and report.outcome == "passed":
        report.outcome, report.longrepr, report.result = "failed", "\n".join(problems), []
    return report


def _note(collector: pytest.Collector, problem: str) -> None:
    """Note what is wrong with a file or class of workloads."""
    collector.stash.setdefault(PROBLEMS, []).append(f"{collector.path.name}: {problem}")


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem(
    collector: pytest.Collector, name: str, obj: object
) -> Generator[None, Any, Any]:
    """Give every item its check; what cannot be a check, or is none, is an error of its file."""
    made = yield
    if isinstance(obj, type) and is_passed_over(obj) and holds_workload(obj):
        _note(
            collector,
            f"{name}: has a workload marker, but no function is run of a class with an __init__ or "
            "__new__, unittest's among them; make it a plain function",
        )
    elif not made and holds_workload(obj):
        _note(
            collector,
            f"{name}: has a workload marker, but only functions named test_<what> are run; rename "
            "it",
        )
    for item in made if isinstance(made, list) else [made]:
        if isinstance(item, pytest.Function):
            _give_check(collector, item)
    return made


def _give_check(collector: pytest.Collector, item: pytest.Function) -> None:
    is_workload = item.path.parent != Path(__file__).parent
    servers = item.config.stash[SERVERS]
    try:
        check = workload_check(item, servers) if is_workload else pin_check(item)
    except MarkerError as error:
        _note(collector, f"{item.name}: {error}")
        return
    first = item.config.stash[CHECKS].setdefault(check.name, item.nodeid)
    if first != item.nodeid:
        _note(collector, f"{item.name}: the check {check.name} is already {first}")
    item.stash[CHECK] = check
    item.user_properties.extend(check.properties)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Drop what is not asked, and workloads the row has no use for; start what takes long first."""
    if ISOLATED in os.environ:  # the one workload that is asked has been chosen
        return
    plan = config.stash[PLAN]
    lacking = {item.stash[CHECK].name: plan.lacks(item.stash[CHECK].workload) for item in items}
    _tell_left_out(config, {name: needs for name, needs in lacking.items() if needs})
    file = config.getoption("answered")
    answered = json.loads(file.read_text(encoding="utf-8")) if file else ()
    kept = [
        item
        for item in items
        if plan.asks(item.stash[CHECK].name)
        and not lacking[item.stash[CHECK].name]
        and item.stash[CHECK].name not in answered
    ]
    if len(kept) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])

    def begins(item: pytest.Item) -> tuple[bool, float]:
        seconds = item.stash[CHECK].seconds
        # Who asks some checks alone wants to know something soon.
        return bool(plan.only) and seconds > _SOON_SECONDS, -seconds

    items[:] = _dealt(
        sorted(kept, key=begins), getattr(config, "workerinput", {}).get("workercount", 1)
    )


def _dealt(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Put items in the order in which that many workers begin them in the given one.

    pytest-xdist hands each worker two neighbours at first, so that the second waits for the first.
    """
    begun, queued = items[:workers], items[workers : 2 * workers]
    if len(queued) < workers:  # so few are dealt out one by one
        return items
    hands = [item for hand in zip(begun, queued, strict=True) for item in hand]
    return hands + items[2 * workers :]


def _tell_left_out(config: pytest.Config, left_out: dict[str, list[str]]) -> None:
    """Write down which workloads do not run for want of what: every xdist worker knows the same."""
    file = config.getoption("left_out")
    if file is not None and getattr(config, "workerinput", {}).get("workerid", "gw0") == "gw0":
        file.write_text(json.dumps(left_out, indent=2, sort_keys=True), encoding="utf-8")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Run a workload in a child, but where this is the child, or a person debugs."""
    workload = item.stash[CHECK].workload
    if workload is None or ISOLATED in os.environ or _is_debugged(item.config):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    sandbox = item.config.stash[RUN_FOLDER] / f"smoke-{workload.name}"
    for report in _reports(item, workload, sandbox):
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _reports(item: pytest.Item, workload: Workload, sandbox: Path) -> list[pytest.TestReport]:
    try:
        return run_in_child(item, workload, sandbox)
    except BrokenPythonError as error:
        return [failed_report(item, str(error))]
    except UntoldError as error:
        return [_untold(failed_report(item, str(error)), error)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell what the suite says of an import in its words alone, without where it was raised."""
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, UntoldError):
        return _untold(report, call.excinfo.value)
    if call.excinfo is not None and isinstance(call.excinfo.value, BrokenPythonError):
        report.longrepr = str(call.excinfo.value)
    return report


def _untold(report: pytest.TestReport, error: UntoldError) -> pytest.TestReport:
    """Make it the report of an error: without the name of a check it is no check's answer."""
    properties = dict(report.user_properties)
    report.longrepr = f"{properties.get('check')} has no answer: {error}"
    report.user_properties = []
    return report


def _is_debugged(config: pytest.Config) -> bool:
    return bool(config.getoption("usepdb") or config.getoption("trace"))


@pytest.fixture(scope="session")
def plan(pytestconfig: pytest.Config) -> Plan:
    """Return the plan under proof."""
    return pytestconfig.stash[PLAN]


@pytest.fixture(scope="session")
def run_folder(pytestconfig: pytest.Config) -> Path:
    """Return the folder that holds every check's sandbox."""
    return pytestconfig.stash[RUN_FOLDER]
