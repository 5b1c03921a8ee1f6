"""The searches of the frontier, without input or output: of one pin, and of the joint set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from stackproof.reasons.reason import Reason
from stackproof.reasons.words import in_words

__all__ = ["Reached", "UnjudgedError", "drop_conflicting", "search_highest"]

Step = TypeVar("Step")


class UnjudgedError(Exception):
    """It could not be told whether a step goes; says why."""

    def __init__(self, why: Reason) -> None:
        super().__init__(in_words(why))
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Reached(Generic[Step]):
    """How high a search came.

    `resolvable` is the highest step that can be resolved, `passing` the highest that passes its
    trial, each None if there is none. `failed` holds the steps above `passing` that do not go, and
    why, the highest first. `unjudged` holds those of which it could not be told, and why: each may
    be higher than `passing` could be.
    """

    resolvable: Step | None = None
    passing: Step | None = None
    failed: tuple[tuple[Step, Reason], ...] = ()
    unjudged: tuple[tuple[Step, Reason], ...] = ()


def search_highest(
    steps: Iterable[Step],
    refusal: Callable[[Step], Reason | None],
    failure: Callable[[Step], Reason | None],
) -> Reached[Step]:
    """Look at steps from the highest down, and stop at the first that passes its trial.

    `refusal` resolves a step and `failure` makes its trial; each says what is wrong, or None. A
    trial costs a hundred times as much, so none is made of what cannot be resolved. A step of which
    either raises UnjudgedError neither passes nor blocks.
    """
    found: Reached[Step] = Reached()
    for step in steps:
        try:
            why = refusal(step)
            if why is None:
                found = replace(found, resolvable=found.resolvable or step)
                why = failure(step)
        except UnjudgedError as error:
            found = replace(found, unjudged=(*found.unjudged, (step, error.why)))
            continue
        if why is None:
            return replace(found, passing=step)
        found = replace(found, failed=(*found.failed, (step, why)))
    return found


def drop_conflicting(
    members: Sequence[Step], failure: Callable[[Sequence[Step]], Reason | None]
) -> tuple[list[Step], list[tuple[Step, Reason]]]:
    """Take out of a set what keeps the rest from passing together; return the rest, and what went.

    `failure` makes the trial of a set and says what is wrong with it, or None; the empty set
    passes. As long as the set fails, the shortest of its beginnings that fails is found by
    bisection, and that beginning's last member goes: about log2(n) trials for each that goes. Put
    first what is wanted most, since of two that exclude each other the later one goes.
    """
    kept, gone = list(members), []
    while kept and (why := failure(kept)) is not None:
        passes, fails = 0, len(kept)
        while fails - passes > 1:
            middle = (passes + fails) // 2
            found = failure(kept[:middle])
            if found is None:
                passes = middle
            else:
                fails, why = middle, found
        gone.append((kept.pop(fails - 1), why))
    return kept, gone
