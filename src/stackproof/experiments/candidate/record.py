"""The verdict of a trial: that of a run, and what it would break that worked before."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stackproof.evidence.records import Move
from stackproof.evidence.verdict import Check, Verdict
from stackproof.experiments.candidate.comparison import Comparison
from stackproof.experiments.reach import TrialReach
from stackproof.matrix.planned import Requested
from stackproof.reasons.reason import Reason

__all__ = ["UNJUDGED", "Result", "TrialVerdict"]

#: The exit code of a trial that was not judged, or not in every part.
UNJUDGED = 2

#: What a user should make of a trial, in a word.
Result = Literal["safe", "companions", "breaks", "unresolvable", "unanswered", "unjudged"]


class TrialVerdict(Verdict):
    """The verdict of a trial, the form of its `verdict.json`.

    `reason` says why it is not resolvable, and `why` is that as a record; `moved` maps what it
    moved beside what was asked for to (version before, version after), and `pins_moved` names the
    pins among them that have an exact version. `unmet` maps what
    was asked for and is not installed, though every stage was, to the version in its place, None
    for none. `guilty` names who is to blame where several upgrades fail together. `conflict` says,
    of a trial that is not safe, which requirements no environment can meet all together, if that
    is so and was not so before; `conflict_why` is that as a record. `reach` says how many checks it
    reached by what they loaded, and whether any other one answers otherwise; None where that was
    not heard of.
    """

    base_row: str
    requested: tuple[Requested, ...]
    resolvable: bool
    reason: str | None
    why: Reason | None = None  # older files have none
    baseline: str | None
    comparison: Comparison | None
    moved: dict[str, Move]
    pins_moved: tuple[str, ...]
    companions: tuple[Requested, ...]
    unmet: dict[str, str | None] = Field(default_factory=dict)  # older files have none
    guilty: tuple[str, ...] = ()
    conflict: str | None = None
    conflict_why: Reason | None = None  # nor this
    reach: TrialReach | None = None  # older files have none

    @property
    def failed_stages(self) -> tuple[Check, ...]:
        """The stages that could not be installed."""
        stages = (check for check in self.checks if check.kind == "stage")
        return tuple(check for check in stages if check.outcome == "failed")

    @property
    def built(self) -> bool:
        """Whether every stage was installed."""
        return not self.failed_stages

    @property
    def breaks(self) -> bool:
        """Whether a check fails that did not fail before, or a pin is not what it has to be."""
        failed = {check.id for check in self.checks if check.outcome == "failed"}
        known = set(self.comparison.still_failing) if self.comparison else set()
        return bool(failed - known or self.pins_moved or self.unmet)

    @property
    def safe(self) -> bool:
        """Whether all that passed before passes now, and nothing else fails or moved: judged so.

        Nothing is safe that cannot be built, even if the row could not be built either.
        """
        if not self.settled or self.comparison is None or not self.built:
            return False
        return not self.breaks and not self.comparison.lost

    @property
    def result(self) -> Result:
        """What a user should make of it."""
        if self.verdict == "unjudged":
            return "unjudged"
        if not self.resolvable:
            return "unresolvable"
        if self.safe:
            return "companions" if self.companions else "safe"
        return "breaks" if self.breaks else "unanswered"

    @property
    def exit_code(self) -> int:
        """0 for safe, 1 for regressions, 2 where the trial, or a part of it, was not judged."""
        if self.verdict == "unjudged":
            return UNJUDGED
        if self.breaks:
            return 1
        return 0 if self.safe else UNJUDGED
