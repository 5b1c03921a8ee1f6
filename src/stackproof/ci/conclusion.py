"""The end of a monthly run: what became of the rows, written for people and machines."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from stackproof.base.invocation import typed
from stackproof.base.records import Record, write_atomically
from stackproof.ci.calibrated import calibration_text
from stackproof.ci.issue_texts import IssueText, issue_text
from stackproof.ci.jobs import Jobs
from stackproof.ci.junit import merged_junit
from stackproof.ci.outcome import outcomes, trials
from stackproof.ci.pull_request import pull_request_text
from stackproof.ci.summary import summary
from stackproof.errors import StackproofError
from stackproof.evidence.reports import InReports
from stackproof.report.rebuild import rebuild

__all__ = ["conclude", "read_issue_texts"]


class _Stories(Record):
    """What there is to say of rows and workloads, the form of `reports/monthly/stories.json`."""

    format: Literal[1] = 1
    stories: tuple[IssueText, ...]


def conclude(jobs: Jobs, reports: Path, matrices: Path, where: str | None = None) -> str:
    """Write issue texts, summary, comment, JUnit and page of a run from what lies in `reports`.

    `where` is the run's address, if it has one. Returns the summary.
    """
    found = outcomes(jobs, reports)
    workloads = calibration_text(reports, jobs.listed, where)
    stories = (
        *(issue_text(outcome, where) for outcome in found),
        *([workloads] if workloads else ()),
    )
    _Stories(stories=stories).write(_file(reports))
    text = summary(jobs.listed, found, trials(jobs, reports), stories)
    write_atomically(reports / InReports.SUMMARY, text)
    write_atomically(reports / InReports.COMMENT, pull_request_text(found, reports, where))
    write_atomically(reports / InReports.JUNIT, merged_junit(found, reports))
    rebuild(reports, matrices)
    return text


def read_issue_texts(reports: Path) -> tuple[IssueText, ...]:
    """Return what the last conclusion had to say; raise StackproofError if there was none."""
    file = _file(reports)
    if not file.exists():
        raise StackproofError(
            f"there are no issue texts yet; run `{typed('monthly', 'merge')}` first"
        )
    return _Stories.load(file, f"run `{typed('monthly', 'merge')}` again").stories


def _file(reports: Path) -> Path:
    return reports / InReports.STORIES
