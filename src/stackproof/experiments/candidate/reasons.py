"""Why a trial ended as it did, as short reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stackproof.evidence.verdict import Check
from stackproof.experiments.candidate.comparison import versions_asked
from stackproof.experiments.candidate.record import Result, TrialVerdict
from stackproof.run.failure_text import in_one_line

__all__ = ["outcome", "reasons", "told"]

_NAMED = 3
_OUTCOMES: Mapping[Result, str] = {
    "safe": "safe",
    "companions": "safe, with these companions",
    "breaks": "breaks what worked",
    "unresolvable": "cannot be resolved",
    "unanswered": "leaves checks unanswered",
    "unjudged": "could not be judged",
}


def outcome(trial: TrialVerdict) -> str:
    """Return what a user should make of a trial, in a few words."""
    return _OUTCOMES[trial.result]


def reasons(trial: TrialVerdict) -> list[str]:
    """Return why a trial is not safe, a line each, what is behind the rest first; or nothing."""
    found = [text for text in (trial.reason, trial.trouble, trial.untold) if text]
    found += [f"culprit: {', '.join(trial.guilty)}"] if trial.guilty else []
    found += [f"not together: {trial.conflict}"] if trial.conflict else []
    found += [_unmet(trial, name) for name in trial.unmet]
    found += [f"{name} moved {_change(trial, name)}" for name in trial.pins_moved]
    if trial.comparison is not None:
        if not trial.built and not trial.breaks:
            found += ["the row itself cannot be built either, so there is nothing to compare with"]
            found += [told(check) for check in trial.failed_stages]
        known = (*trial.comparison.still_failing, *trial.comparison.still_passing)
        found += [told(check) for check in trial.checks if _broke(check, known)]
        found += [f"{name} did not run" for name in trial.comparison.lost[:_NAMED]]
    return found


def told(check: Check) -> str:
    """Return which check failed and why, in one line; of a stage, what the installer said too."""
    return f"{check.id}: {in_one_line(check)}"


def _unmet(trial: TrialVerdict, name: str) -> str:
    asked = versions_asked(trial.requested)[name]
    version = trial.unmet[name]
    place = f"{version} is installed" if version else "no stage installs it"
    return f"{name} {asked} was asked for, but {place}"


def _broke(check: Check, known: Sequence[str]) -> bool:
    return check.outcome == "failed" and check.id not in known


def _change(trial: TrialVerdict, name: str) -> str:
    before, after = trial.moved[name]
    return f"from {before or 'absent'} to {after or 'absent'}"
