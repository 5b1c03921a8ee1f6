"""One JUnit file for a whole monthly run: a suite a row, and an error for each row without one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from junitparser import Error, JUnitXml, JUnitXmlError, TestCase, TestSuite

from stackproof.ci.outcome import Outcome
from stackproof.evidence.reports import InRun

__all__ = ["merged_junit"]


def merged_junit(found: Iterable[Outcome], reports: Path) -> str:
    """Return the XML of all rows; a row whose file is missing or empty is an error."""
    xml = JUnitXml()
    for outcome in found:
        for suite in _suites(outcome, reports) or [_lost(outcome)]:
            xml.add_testsuite(suite)
    return str(xml.tostring().decode())  # type: ignore[no-untyped-call]


def _suites(outcome: Outcome, reports: Path) -> list[TestSuite]:
    if outcome.run is None:
        return []
    try:
        read = JUnitXml.fromfile(str(reports / outcome.row / outcome.run / InRun.JUNIT))
    except (OSError, SyntaxError, JUnitXmlError):  # a SyntaxError is what XML parsers raise
        return []
    return [suite for suite in read if any(True for _ in suite)]


def _lost(outcome: Outcome) -> TestSuite:
    suite = TestSuite(outcome.row)
    case = TestCase("judged", classname=f"{outcome.row.replace('/', '.')}.run", time=0.0)
    case.result = [Error("the job of the row left no results")]
    suite.add_testcase(case)
    suite.update_statistics()  # type: ignore[no-untyped-call]
    return suite
