"""Run one workload in a pytest process of its own, and give its reports as this process's own."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from stack_suite.costs import cost_properties
from stack_suite.disk import FULL, says_full
from stack_suite.fork_client import UntoldError
from stack_suite.isolation import Ending, run_isolated
from stack_suite.output import bounded_data

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stack_suite.workload import Workload

# Half a character, as JSON writes it: no log can hold it, and a file's name or a message may.
_LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
# Set in the process that runs one workload; its value is the workload's name.
ISOLATED = "STACKPROOF_ISOLATED"


def run_in_child(item: pytest.Item, workload: Workload, sandbox: Path) -> list[pytest.TestReport]:
    """Run the item isolated; return its reports, a failed one among them where it hung or crashed.

    The first report's duration includes the start and the end of the process. Raises what
    `run_isolated` does, and UntoldError where pytest itself failed.
    """
    log = sandbox.with_suffix(".jsonl")  # a workload may remove its sandbox
    settings = {ISOLATED: workload.name, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ending = run_isolated(
        _arguments(item, log),
        with_pytest=True,
        sandbox=sandbox,
        limit=workload.timeout,
        settings=settings,
    )
    shutil.rmtree(sandbox, ignore_errors=True)  # what fills the disk must not stay
    entries = list(_read_entries(log))
    reports = [_report(item.config, entry) for entry in entries if _is_report(entry)]
    complete = any(report.when == "teardown" for report in reports)
    failure = _failure(ending, reports)
    for report in reports:
        if report.failed and failure is None:
            report.sections.append(("Printed", ending.output))
    complaints = list(_complaints(failure, reports))
    if complaints and (ending.full or any(map(says_full, complaints))):
        raise UntoldError("\n".join([FULL, *complaints]))
    if not complete and _is_pytests_own(ending, entries):
        raise UntoldError(f"pytest ended with exit code {ending.exit}\n{ending.output}")
    if failure is not None:
        reports.append(failed_report(item, failure))
    if ending.swept:
        reports[-1].sections.append(("Left behind, and ended", "\n".join(ending.swept)))
    reports[-1].user_properties += cost_properties([ending.cost])
    reports[0].duration += ending.seconds - sum(report.duration for report in reports)
    return reports


def _arguments(item: pytest.Item, log: Path) -> list[str]:
    config = item.config
    servers = config.getoption("servers")
    return [
        item.nodeid,
        *("-c", str(config.inipath)),
        *("--plan", str(config.getoption("plan").absolute())),
        *(("--servers", str(servers.absolute())) if servers else ()),
        *("--told", str(log), "-p", "no:cacheprovider"),
        # What it says of failures is in its reports; its streams are the workload's own.
        *("-qq", "--no-summary", "--tb", str(config.getoption("tbstyle"))),
        *("--capture", "no", "-p", "no:faulthandler"),
        # It collects garbage five times at the end, a fifth of what many workloads take, for
        # warnings that nobody sees.
        *("-p", "no:unraisableexception"),
    ]


def _read_entries(log: Path) -> Iterator[dict[str, Any]]:
    if not log.exists():
        return
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            yield bounded_data(json.loads(_LONE_SURROGATE.sub("?", line)))
        except json.JSONDecodeError:  # The process died while it wrote its last line.
            return


def _is_report(entry: dict[str, Any]) -> bool:
    return entry.get("$report_type") == "TestReport"


def _report(config: pytest.Config, entry: dict[str, Any]) -> pytest.TestReport:
    report: pytest.TestReport = config.hook.pytest_report_from_serializable(
        config=config, data=entry
    )
    if isinstance(report.longrepr, list):  # JSON knows no tuples; a skip must be one.
        report.longrepr = tuple(report.longrepr)
    return report


def _is_pytests_own(ending: Ending, entries: list[dict[str, Any]]) -> bool:
    """Tell whether pytest ended for a reason of its own: no test was begun, or it failed inside.

    A process that ends with the same code while its test runs was ended by the test.
    """
    if ending.trouble is not None:
        return False
    if not any(map(_is_report, entries)):
        finished = any("exitstatus" in entry for entry in entries)
        return finished or not entries
    return any(entry.get("exitstatus") == pytest.ExitCode.INTERNAL_ERROR for entry in entries)


def _failure(ending: Ending, reports: list[pytest.TestReport]) -> str | None:
    """Say what the reports do not: that the process hung, crashed, or ended before its time."""
    complete = any(report.when == "teardown" for report in reports)
    failed = any(report.failed for report in reports)
    if ending.trouble is None and complete and (failed or ending.exit == 0):
        return None
    when = "after its test" if complete else "early"
    how = ending.trouble or f"ended {when}: exit {ending.exit}"
    return f"the workload's process {how}\n{ending.output}"


def _complaints(failure: str | None, reports: list[pytest.TestReport]) -> Iterator[str]:
    """Yield how a workload failed, in its own words and what it printed; nothing if it did not."""
    if failure is not None:
        yield failure
    for report in reports:
        if report.failed:
            yield report.longreprtext
            yield from (text for _, text in report.sections)


def failed_report(item: pytest.Item, message: str) -> pytest.TestReport:
    """Return the report of a workload that failed in its test."""
    return pytest.TestReport(
        nodeid=item.nodeid,
        location=item.location,
        keywords=dict.fromkeys(item.keywords, 1),
        outcome="failed",
        longrepr=message,
        when="call",
        user_properties=item.user_properties,
    )
