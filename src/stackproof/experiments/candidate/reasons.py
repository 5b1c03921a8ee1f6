"""Why a trial ended as it did, as short reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stackproof.evidence.verdict import Check
from stackproof.experiments.candidate.comparison import versions_asked
from stackproof.experiments.candidate.record import Result, TrialVerdict
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import sayable
from stackproof.run.failure_text import one_line

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


def reasons(trial: TrialVerdict) -> list[Reason]:
    """Return why a trial is not safe, a line each, what is behind the rest first; or nothing."""
    found = [sayable(trial.why, trial.reason)] if trial.reason else []
    found += [sayable(trial.trouble_why, trial.trouble)] if trial.trouble else []
    found += [sayable(trial.untold_why, trial.untold)] if trial.untold else []
    found += [reason("guilty", names=trial.guilty)] if trial.guilty else []
    if trial.conflict:
        found.append(reason("not-together", why=sayable(trial.conflict_why, trial.conflict)))
    found += [_unmet(trial, name) for name in trial.unmet]
    found += [_moved(trial, name) for name in trial.pins_moved]
    if trial.comparison is not None:
        if not trial.built and not trial.breaks:
            found.append(reason("row-unbuilt"))
            found += [told(check) for check in trial.failed_stages]
        known = (*trial.comparison.still_failing, *trial.comparison.still_passing)
        found += [told(check) for check in trial.checks if _broke(check, known)]
        found += [reason("did-not-run", check=name) for name in trial.comparison.lost[:_NAMED]]
    return found


def told(check: Check) -> Reason:
    """Return which check failed and why, in one line; of a stage, what the installer said too."""
    return reason("of-name", name=check.id, why=one_line(check))


def _unmet(trial: TrialVerdict, name: str) -> Reason:
    asked = versions_asked(trial.requested)[name]
    version, release = trial.unmet[name], f"{name} {asked}"
    if version:
        return reason("asked-has-other", release=release, version=version)
    return reason("asked-uninstalled", release=release)


def _broke(check: Check, known: Sequence[str]) -> bool:
    return check.outcome == "failed" and check.id not in known


def _moved(trial: TrialVerdict, name: str) -> Reason:
    before, after = (version or reason("absent") for version in trial.moved[name])
    return reason("moved", name=name, before=before, after=after)
