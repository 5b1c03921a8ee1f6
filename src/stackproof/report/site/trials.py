"""The view of a trial: what a user should make of it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stackproof.evidence.reports import InRun
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.report.site.excerpt import Allowance
from stackproof.report.site.links import Links
from stackproof.report.site.reports_reader import KeptTrial

__all__ = ["Result", "TrialView", "trial_view"]

Result = Literal["safe", "companions", "breaks", "unresolvable", "unanswered", "unjudged"]


@dataclass(frozen=True, kw_only=True)
class TrialView:
    """A trial, its result, why, and where its report lies."""

    verdict: TrialVerdict
    result: Result
    why: str
    report: str | None


def trial_view(kept: KeptTrial, allowance: Allowance, links: Links) -> TrialView:
    """Return the view of a trial."""
    trial = kept.verdict
    return TrialView(
        verdict=trial,
        result=result(trial),
        why=allowance.quote(trial.reason or trial.trouble or ""),
        report=links.to(kept.folder / InRun.REPORT),
    )


def result(trial: TrialVerdict) -> Result:
    """Say in a word what a user should make of a trial."""
    if trial.verdict == "unjudged":
        return "unjudged"
    if not trial.resolvable:
        return "unresolvable"
    if trial.safe:
        return "companions" if trial.companions else "safe"
    return "breaks" if trial.breaks else "unanswered"
