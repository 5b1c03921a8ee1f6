"""How a failing check fares in another build: it passes, fails as before, or fails otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from stackproof.experiments.diagnose.suspects import Suspect
from stackproof.experiments.found import Found
from stackproof.experiments.tracebacks import fault

__all__ = ["BEST_FIRST", "Outcome", "Question", "outcome", "passes", "question_of"]

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


def question_of(suspect: Suspect, checks: Sequence[str], found: Found) -> Question:
    """Return what is asked where a suspect is asked for checks that fail in a build."""
    return suspect.name, suspect.version, tuple((check, _fault(found, check)) for check in checks)


def _fault(found: Found, check: str) -> str:
    known = found.checks.get(check)
    return fault(known.message if known is not None else "")
