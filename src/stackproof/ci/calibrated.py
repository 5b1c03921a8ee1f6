"""What the one issue on the workloads says: what a calibration found, and no stack."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from stackproof.ci.issue_texts import IssueText, templates
from stackproof.ci.told import mark, short
from stackproof.evidence.reports import InReports
from stackproof.experiments.calibrate.record import Calibration
from stackproof.report.calibration import cell

__all__ = ["calibration_text"]

_NAME = "workloads"


def calibration_text(reports: Path, listed: datetime, where: str | None) -> IssueText | None:
    """Return the text on the calibration of a run that was `listed`; None if it made none.

    `where` is the run's address, if it has one.
    """
    found = Calibration.load_or_none(reports / InReports.CALIBRATION)
    if found is None or found.started < listed:
        return None
    wrong = [item for item in found.results if item.outcome in ("failed", "not judged")]
    said = [[item.workload, item.column, item.outcome] for item in wrong]
    digest = short([_NAME, said])
    body = templates().get_template("calibration.md")
    text = body.render(calibration=found, wrong=wrong, where=where, words=cell)
    failed = sum(item.outcome == "failed" for item in wrong)
    return IssueText(
        row=_NAME,
        well=found.exit_code == 0,
        digest=digest,
        title=f"{_NAME}: {failed} calibrations failed, {len(wrong) - failed} not judged",
        body=f"{text.strip()}\n\n{mark(_NAME, digest)}\n",
    )
