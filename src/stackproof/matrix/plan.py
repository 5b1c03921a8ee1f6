"""What a plan is: a row of a matrix resolved to data that can be printed, hashed and compared."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Literal

from pydantic import Field, field_serializer

from stackproof.base.json_text import fingerprint
from stackproof.base.records import Record
from stackproof.base.text import first_of
from stackproof.base.times import timestamp
from stackproof.errors import CannotJudgeError
from stackproof.matrix.checks import ALL, CheckId
from stackproof.matrix.model import ServerName
from stackproof.matrix.planned import (
    PlannedBudget,
    PlannedClaim,
    PlannedCommand,
    PlannedFailure,
    PlannedPin,
    PlannedStage,
    Requested,
)

__all__ = ["Plan"]


#: The keys of a plan that change neither what is built nor what is asked of it.
_WORDS: Any = {
    "title": True,
    "summary": True,
    "claims": True,
    "known_failures": True,
    "allowed_skips": True,
    "budgets": True,
    "left_out": True,
    "min_age": True,  # the cut-off that came of it counts
    "notes": True,
    "pins": {"__all__": {"documented", "area", "role", "reason"}},
    "stages": {"__all__": {"step", "reason", "reasons"}},
}

#: The keys of a plan that change who asks which checks, and not what is built.
_QUESTIONS = ("matrix", "row", "requested", "only", "groups", "checks", "strict_links")


class Plan(Record):
    """Everything that decides what a run does.

    `interpreter` is the Python of an environment that exists, which is judged as it is; None where
    one is built. `checks` are the ids of the checks that every run must answer; workloads are found
    by the suite itself. `import_seconds` is the time limit of one import check. `requested` holds
    what a candidate tries, and is empty for a row as the matrix has it. `only`
    holds the ids of the checks that a probe asks alone, and is empty where all are asked. Where
    `strict_links` hold, a suspect link is a failure. `left_out` maps the pins that the row goes
    without to their markers. Releases of distributions that are `exempt` count in spite of the
    cut-off, and pre-releases of `prereleases`, `*` for all. `min_age` is the row's own where the
    cut-off comes of it, and so is another one in each run.
    """

    format: Literal[1] = 1
    matrix: str
    title: str
    row: str
    summary: str
    requested: tuple[Requested, ...] = ()
    only: tuple[str, ...] = ()
    python: str
    interpreter: str | None = None
    installer: str
    as_of: datetime | None
    min_age: str | None = None
    exempt: tuple[str, ...] = ()
    prereleases: tuple[str, ...] = ()
    pins: tuple[PlannedPin, ...]
    stages: tuple[PlannedStage, ...]
    groups: dict[str, tuple[str, ...]]
    servers: tuple[ServerName, ...]
    commands: tuple[PlannedCommand, ...] = ()
    claims: tuple[PlannedClaim, ...]
    known_failures: tuple[PlannedFailure, ...]
    allowed_skips: tuple[str, ...] = ()
    budgets: tuple[PlannedBudget, ...] = ()
    checks: tuple[str, ...]
    import_seconds: int = 120
    strict_links: bool = False
    left_out: dict[str, str] = Field(default={})
    notes: tuple[str, ...]

    @field_serializer("as_of")
    def _utc(self, value: datetime | None) -> str | None:
        return None if value is None else timestamp(value)

    def cut_off_of(self, name: str) -> datetime | None:
        """Return until when releases of a distribution count, None where all do."""
        return None if name in self.exempt else self.as_of

    def require_past(self) -> None:
        """Raise CannotJudgeError if the cut-off lies in the future."""
        if self.as_of is not None and self.as_of > datetime.now(timezone.utc):
            raise CannotJudgeError(
                f"the cut-off {timestamp(self.as_of)} lies in the future and would bind nothing; "
                "choose one that is past"
            )

    def lets_in(self, name: str) -> bool:
        """Tell whether pre-releases of a distribution may be chosen."""
        return name in self.prereleases or ALL in self.prereleases

    @property
    def common_limits(self) -> str | None:
        """What every stage is held to, as lines; what binds all that is resolved in one go."""
        every = [line for stage in self.stages for line in stage.held_to]
        common = (line for line in dict.fromkeys(every) if every.count(line) == len(self.stages))
        return "\n".join(common) or None

    @property
    def label(self) -> str:
        """What lines of progress call a run: the row, and the first of what a trial asks for."""
        asked = first_of(list(map(str, self.requested)))
        return f"{self.matrix}/{self.row}{' with ' if asked else ''}{asked}"

    @property
    def versions(self) -> dict[str, str]:
        """The version of each pin that has an exact one."""
        return {pin.name: pin.version for pin in self.pins if pin.version is not None}

    @property
    def asked(self) -> dict[str, str]:
        """What is asked for of each pin: a version, a range, or nothing."""
        return {pin.name: pin.asked for pin in self.pins}

    @property
    def dated(self) -> dict[str, str]:
        """What is asked for of each pin that the cut-off holds for."""
        return {name: asked for name, asked in self.asked.items() if name not in self.exempt}

    @property
    def named(self) -> frozenset[str]:
        """The distributions that the plan names: its pins, and what a trial asks for."""
        return frozenset((*self.asked, *(change.name for change in self.requested)))

    def asking(self, only: tuple[str, ...]) -> Plan:
        """Return the plan that builds the same and asks some checks alone."""
        return self.model_copy(
            update={
                "only": only,
                "checks": only,
                "claims": (),
                "known_failures": tuple(item for item in self.known_failures if item.check in only),
            }
        )

    @property
    def asked_commands(self) -> tuple[PlannedCommand, ...]:
        """The commands that answer what is asked."""
        return tuple(
            command
            for command in self.commands
            if not self.only or any(map(command.answers, self.only))
        )

    @property
    def asks_suite(self) -> bool:
        """Whether any check is answered inside the environment, by the suite."""
        return not self.only or bool(self.only_inside)

    @property
    def asks_links(self) -> bool:
        """Whether any check is answered by the links of what is installed."""
        return any(CheckId.parse(check).answered_by == "links" for check in self.checks)

    @property
    def only_inside(self) -> tuple[str, ...]:
        """Those of `only` that are answered inside the environment, by the suite."""
        outside = ("build", "command", "links")
        return tuple(
            check for check in self.only if CheckId.parse(check).answered_by not in outside
        )

    def is_judged_as(self, other: Plan) -> bool:
        """Tell whether a run of this plan has the verdict that one of another plan would have.

        That is asked of plans that build and ask the same: a run is judged by its own plan.
        """
        alike = other.asking(self.only) if self.only else other
        return self.expectations == alike.expectations

    @property
    def expectations(self) -> tuple[frozenset[object], ...]:
        """What fails as expected, by which words; what may be skipped; what a check may take."""
        return (
            frozenset((failure.check, failure.says) for failure in self.known_failures),
            frozenset(self.allowed_skips),
            frozenset(self.budgets),
        )

    @property
    def fingerprint(self) -> str:
        """The sha256 of what is built and checked; what is merely said of it does not count."""
        return fingerprint(self.model_dump(mode="json", exclude=_WORDS))

    @property
    def build_fingerprint(self) -> str:
        """The sha256 of what is built, and of how a check is answered there, whatever is asked."""
        left_out = {**_WORDS, **dict.fromkeys(_QUESTIONS, True)}
        return fingerprint(self.model_dump(mode="json", exclude=left_out))
