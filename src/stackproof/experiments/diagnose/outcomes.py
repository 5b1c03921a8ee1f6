"""How a failing check fares in another build: it passes, fails as before, or fails otherwise."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from stackproof.experiments.diagnose.suspects import Suspect
from stackproof.experiments.found import Found
from stackproof.experiments.tracebacks import fault
from stackproof.matrix.checks import ALL, CheckId

__all__ = [
    "BEST_FIRST",
    "Outcome",
    "Question",
    "is_conflict_apart",
    "outcome",
    "passes",
    "question_of",
    "tells_nothing",
]

Outcome = Literal["passes", "fails", "fails otherwise"]
#: Those that say something of what was changed.
BEST_FIRST: tuple[Outcome, ...] = ("passes", "fails otherwise")

#: A suspect at a version, and the checks in question with the fault of each.
Question = tuple[str, str, tuple[tuple[str, str], ...]]


def outcome(found: Found, before: Found, check: str) -> Outcome:
    """Return how a check fares in a build, beside one in which it fails."""
    answer = passes(found, check)
    if answer:
        return "passes"
    same = answer is None or _fault(found, check) == _fault(before, check)
    return "fails" if same else "fails otherwise"


def passes(found: Found, check: str) -> bool | None:
    """Return whether a check passes; None too where it was not come to."""
    try:
        return found.passes(check)
    except KeyError:
        return None


def tells_nothing(
    found: Found, checks: Sequence[str], before: Found, fixed: Collection[str]
) -> bool:
    """Tell whether a build tells nothing of checks: it could not be made, or moved `fixed` pins.

    A release that another pin stands against takes that along where a stage may.
    """
    if found.refusal is not None:
        return all(passes(found, check) is None for check in checks)
    held = before.freeze
    return any(found.freeze.get(name) != held[name] for name in fixed if name in held)


def question_of(suspect: Suspect, checks: Sequence[str], found: Found) -> Question:
    """Return what is asked where a suspect is asked for checks that fail in a build."""
    return suspect.name, suspect.version, tuple((check, _fault(found, check)) for check in checks)


def is_conflict_apart(checks: Sequence[str], explained: Sequence[str]) -> bool:
    """Tell whether checks are complaints of `pip check`, and not of those that are explained."""
    ids = [CheckId.parse(check) for check in checks]
    own = {item for item in ids if item.subject != ALL}
    return all(item.kind == "pip-check" for item in ids) and own.isdisjoint(explained)


def _fault(found: Found, check: str) -> str:
    return fault(found.said(check))
