"""The view of a trial: what a user should make of it, and why."""

from __future__ import annotations

from dataclasses import dataclass

from stackproof.evidence.reports import InRun
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.report.site.excerpt import Allowance
from stackproof.report.site.links import Links
from stackproof.report.site.reports_reader import KeptTrial

__all__ = ["TrialView", "trial_view"]


@dataclass(frozen=True, kw_only=True)
class TrialView:
    """A trial, why it ended as it did, and where its report lies."""

    verdict: TrialVerdict
    why: str
    report: str | None


def trial_view(kept: KeptTrial, allowance: Allowance, links: Links) -> TrialView:
    """Return the view of a trial."""
    trial = kept.verdict
    return TrialView(
        verdict=trial,
        why=allowance.quote(trial.reason or trial.trouble or ""),
        report=links.to(kept.folder / InRun.REPORT),
    )
