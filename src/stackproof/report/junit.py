"""JUnit XML of a verdict, one file a run, in the form that pytest calls xunit2."""

from __future__ import annotations

from typing import TypeVar

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from stackproof.base.text import plain
from stackproof.evidence.verdict import Check, Verdict
from stackproof.report.wording import brief

__all__ = ["junit_xml"]

Result = TypeVar("Result", Error, Failure, Skipped)


def junit_xml(verdict: Verdict) -> str:
    """Return the checks as test cases, class names prefixed with matrix and row.

    As in pytest's own files, an expected failure counts as skipped, with its reason, and one that
    passes counts as failed; with pre-releases nothing does. What is unsteady is an error; what
    could not be judged is one at the end.
    """
    suite = TestSuite(f"{verdict.matrix}/{verdict.row}")
    suite.timestamp = verdict.started.strftime("%Y-%m-%dT%H:%M:%S")
    prefix = f"{verdict.matrix}.{verdict.row}"
    for check in verdict.checks:
        case = TestCase(check.subject, classname=f"{prefix}.{check.kind}", time=check.seconds)
        result = _result(check, told_only=verdict.prereleases is not None)
        if result is not None:
            case.result = [result]
        suite.add_testcase(case)
    untold = verdict.trouble or verdict.untold
    if untold is not None:
        case = TestCase("judged", classname=f"{prefix}.run", time=0.0)
        part = "a part of " if verdict.untold else ""
        case.result = [_element(Error, f"{part}the run could not be judged", untold)]
        suite.add_testcase(case)
    suite.update_statistics()  # type: ignore[no-untyped-call]
    suite.time = verdict.seconds
    xml = JUnitXml()
    xml.add_testsuite(suite)
    return str(xml.tostring().decode())  # type: ignore[no-untyped-call]


def _result(check: Check, *, told_only: bool) -> Failure | Error | Skipped | None:
    if told_only and check.state in ("new", "fixed", "unsteady"):
        return _element(Skipped, f"with pre-releases: {brief(check)}", check.message)
    if check.state in ("known", "skipped"):
        expected = check.state == "known"
        why = f"expected failure: {check.reason}" if expected else _first_line(check.message)
        return _element(Skipped, why, check.message)
    if check.state == "new":
        return _element(Failure, _first_line(check.message), check.message)
    if check.state == "fixed":
        text = f"an expected failure that passes; remove it from the matrix: {check.reason}"
        return _element(Failure, text, text)
    if check.state == "unsteady":
        return _element(Error, f"unsteady: {brief(check)}", check.message)
    return None


def _element(kind: type[Result], message: str, text: str) -> Result:
    element = kind(plain(message))
    element.text = plain(text)
    return element


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
