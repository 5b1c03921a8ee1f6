"""The view of a trial: what a user should make of it, and why."""

from __future__ import annotations

from dataclasses import dataclass

from stackproof.evidence.reports import InRun
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.reasons.words import said
from stackproof.report.site.excerpt import Allowance
from stackproof.report.site.links import Links
from stackproof.report.site.reports_reader import KeptTrial
from stackproof.report.texts import Language

__all__ = ["TrialView", "trial_view"]


@dataclass(frozen=True, kw_only=True)
class TrialView:
    """A trial, why it ended as it did, and where its report lies."""

    verdict: TrialVerdict
    why: str
    report: str | None


def trial_view(kept: KeptTrial, allowance: Allowance, links: Links, lang: Language) -> TrialView:
    """Return the view of a trial, in a language."""
    trial = kept.verdict
    told = (trial.why, trial.reason) if trial.reason else (trial.trouble_why, trial.trouble)
    return TrialView(
        verdict=trial,
        why=allowance.quote(said(told[0], told[1] or "", lang)),
        report=links.to(kept.folder / InRun.REPORT),
    )
