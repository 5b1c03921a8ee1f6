"""What an audit found, in the form of `audit.json`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from stackproof.base.records import Record
from stackproof.evidence.claims import AuditAnswers, ClaimAnswer
from stackproof.matrix.plan import Plan
from stackproof.reasons.reason import Reason

__all__ = [
    "Audit",
    "Finding",
    "How",
    "JointAnswer",
    "Level",
    "PairAnswer",
    "PairState",
    "PinAnswer",
    "PlatformAnswer",
    "Rule",
]

Level = Literal["error", "warning", "note"]
Rule = Literal[
    "exists",
    "python",
    "constraints",
    "pairwise",
    "joint",
    "groups",
    "freshness",
    "expiry",
    "licence",
    "vulnerable",
    "platform",
    "document",
]
#: How a pin would be installed, or what keeps it from being.
How = Literal["wheel", "source", "yanked", "no file", "no version", "no project"]

#: What metadata makes of two pins.
PairState = Literal["itself", "satisfied", "common range", "unrelated", "conflict", "unknown"]


class Finding(Record):
    """One thing that a reviewer should know, at its line of a file.

    `why` is what was found, as a record, and `message` the same in English; files of before 2026-12
    have the message alone. `checks` are the ids of the checks of a run that would fail by it; where
    one of them is a known failure of the row, `known` is its reason, which is the matrix's;
    `known_why` is that as a record where there is more to say. `row` is None for what
    concerns no row, and `pin` for what concerns no single pin.
    """

    rule: Rule
    level: Level
    matrix: str
    row: str | None
    pin: str | None
    file: str
    line: int
    message: str
    why: Reason | None = None
    checks: tuple[str, ...] = ()
    known: str | None = None
    known_why: Reason | None = None

    @property
    def is_news(self) -> bool:
        """Whether it is an error that nobody has written down yet."""
        return self.level == "error" and self.known is None


class PairAnswer(Record):
    """What the metadata of two pins says of the two together, and why; `reason` is that in English.

    `requiring` names those whose requirements a conflict rests on: `pip check` hears of it from
    them.
    """

    state: PairState
    reason: str
    why: Reason | None = None
    requiring: tuple[str, ...] = ()


class ConstraintAnswer(Record):
    """What a constraint file says of a pin; `says` is None where it does not mention it."""

    source: str
    state: Literal["agrees", "differs", "not mentioned"]
    says: str | None


class FreshnessAnswer(Record):
    """How far a pin is behind the newest release; dates are days, months are of 30.44 days."""

    released: str | None
    newest: str
    newest_released: str | None
    releases: int
    months: float | None
    majors: int


class PinAnswer(Record):
    """What is known of one pin of one row. `exists` says how it would be installed, if at all.

    Of a pin without an exact version, `range` is what will do ("" for any), and `version` the
    newest of it that the row can have, "" where there is none.
    """

    matrix: str
    row: str
    pin: str
    version: str
    range: str | None = None
    exists: How
    nearest: tuple[str, ...]
    requires_python: str | None
    classifiers: tuple[str, ...]
    python: Literal["declared", "admitted", "refused", "unknown"]
    constraints: tuple[ConstraintAnswer, ...]
    freshness: FreshnessAnswer | None


class MoveAnswer(Record):
    """What a stage would change of what earlier stages installed, and who requires that."""

    stage: str
    name: str
    before: str
    after: str
    because: str
    why: Reason | None = None


class BrokenAnswer(Record):
    """A requirement that would be unmet once all stages are done: `pip check` would say so."""

    name: str
    version: str
    requires: str
    installed: str
    stage: str


class JointAnswer(Record):
    """Whether a row's pins resolve in one go and stage by stage, and how the two differ.

    `differs` maps a distribution to its version after the stages and in one go, None for absent.
    """

    matrix: str
    row: str
    together: Literal["resolved", "refused"]
    stages: Literal["resolved", "refused"]
    reason: str
    why: Reason | None = None
    left_out: tuple[str, ...]
    moves: tuple[MoveAnswer, ...]
    broken: tuple[BrokenAnswer, ...]
    differs: dict[str, tuple[str | None, str | None]]


class PlatformAnswer(Record):
    """What would come of a row on another platform, by files and metadata alone.

    `pins` says of each pin that the row has there how it would be installed. `built` are all that
    have no wheel for it, each with its version. `differs` maps a distribution to its version here
    and there after the stages, None for absent. "unknown" is what only a build there would tell.
    """

    matrix: str
    row: str
    platform: str
    pins: dict[str, How]
    together: Literal["resolved", "refused", "unknown"]
    stages: Literal["resolved", "refused", "unknown"]
    reason: str
    why: Reason | None = None
    built: tuple[str, ...]
    differs: dict[str, tuple[str | None, str | None]]

    @property
    def lacking(self) -> tuple[str, ...]:
        """The pins that no file can be had of there."""
        return tuple(name for name, how in self.pins.items() if how.startswith("no "))


class IndexAnswer(Record):
    """Where metadata came from; `cached_since` is set if the index failed and the cache served."""

    url: str
    cached_since: datetime | None


class Audit(Record):
    """Everything that an audit says: the form of `audit.json`.

    `as_of` is the moment whose index it judged by, None for its own. `pairs` maps
    `<matrix>/<row>`, one pin and another to their cell. `trouble` says what could not be judged,
    and `whys` are that as records. In the file of one matrix, `kept` names the rows whose answers
    are of an earlier audit, and says when that was.
    """

    format: Literal[1] = 1
    started: datetime
    as_of: datetime | None = None
    seconds: float
    index: IndexAnswer
    notes: tuple[str, ...]
    trouble: tuple[str, ...]
    whys: tuple[Reason, ...] = ()  # older files have none
    findings: tuple[Finding, ...]
    pins: tuple[PinAnswer, ...]
    joint: tuple[JointAnswer, ...]
    platforms: tuple[PlatformAnswer, ...] = ()
    claims: tuple[ClaimAnswer, ...]
    pairs: dict[str, dict[str, dict[str, PairAnswer]]]
    kept: dict[str, datetime] = Field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """1 if an error is unexpected, else 2 if something could not be judged, else 0."""
        if any(finding.is_news for finding in self.findings):
            return 1
        return 2 if self.trouble else 0

    def is_of_day(self, plan: Plan) -> bool:
        """Tell whether it judged a plan's row by the index that the plan takes."""
        return self.as_of in (None, plan.as_of)

    def answers_of(self, plan: Plan) -> AuditAnswers:
        """Return what it says of the claims of a plan.

        Nothing if it was of other versions, or as of a moment that the plan is not of.
        """
        mine = (plan.matrix, plan.row)
        asked = {
            item.pin: item.version if item.range is None else item.range
            for item in self.pins
            if (item.matrix, item.row) == mine
        }
        if asked != plan.asked or not self.is_of_day(plan):
            return {}  # the matrix has been edited since, or another day was asked about
        return {
            (item.pin, item.text, item.check): item
            for item in self.claims
            if (item.matrix, item.row) == mine
        }
