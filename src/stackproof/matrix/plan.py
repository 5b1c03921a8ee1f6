"""What a plan is: a row of a matrix resolved to data that can be printed, hashed and compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema, field_serializer

from stackproof.base.json_text import fingerprint
from stackproof.base.records import Record
from stackproof.base.text import first_of
from stackproof.base.times import timestamp
from stackproof.base.versions import requirement
from stackproof.matrix.checks import ALL, CheckId
from stackproof.matrix.model import ServerName

__all__ = [
    "Change",
    "Plan",
    "PlannedBudget",
    "PlannedClaim",
    "PlannedCommand",
    "PlannedConstraints",
    "PlannedFailure",
    "PlannedPin",
    "PlannedStage",
    "Requested",
    "limits_file",
]


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


@dataclass(frozen=True, order=True)
class Change:
    """What a trial asks for: a distribution at a version, or the interpreter, named `python`.

    In files it stands as a requirement, such as torch==2.6.0 or python==3.12.
    """

    name: str
    version: str

    @classmethod
    def parse(cls, text: str | Change) -> Change:
        """Read a change as files have it."""
        return text if isinstance(text, Change) else cls(*text.partition("==")[::2])

    def __str__(self) -> str:
        """Return the change as files have it."""
        return f"{self.name}=={self.version}" if self.version else self.name

    @property
    def is_python(self) -> bool:
        """Whether it is another interpreter, and no distribution."""
        return self.name == "python"


#: A change in a record.
Requested = Annotated[
    Change,
    PlainValidator(Change.parse),
    PlainSerializer(str),
    WithJsonSchema({"type": "string"}),
]


class PlannedPin(Record):
    """A pin as the row has it: at an exact `version`, or in a `range`, "" for any version.

    `documented` is what the document asks for: a version, a range, or nothing.
    """

    name: str
    version: str | None
    range: str = ""
    documented: str
    imports: tuple[str, ...]
    extras: tuple[str, ...] = ()
    area: str
    role: str
    reason: str | None

    @property
    def asked(self) -> str:
        """What the row asks for: a version, a range, or nothing where any version will do."""
        return self.version or self.range

    @property
    def requirement(self) -> str:
        """The requirement that an installer is given."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return requirement(f"{self.name}{extras}", self.asked)

    @property
    def departs(self) -> bool:
        """Whether the row asks for something else than the document."""
        return self.asked != self.documented

    def __str__(self) -> str:
        """Return the pin as sentences name it, such as redis 5.2.1 or redis>=4,<6."""
        return f"{self.name} {self.version}" if self.version else f"{self.name}{self.range}"


class PlannedConstraints(Record):
    """The published constraint file of a stage: what it belongs to and its address."""

    name: str
    subject: str
    version: str
    url: str


def limits_file(stage: str) -> str:
    """Return the name of the file that says what a stage is held to."""
    return f"held-to-{stage}.txt"


class PlannedStage(Record):
    """One call of the installer.

    In `arguments` a constraint file stands by its address, and what the call is held to by the name
    of the file that it will be written to.
    """

    name: str
    step: str
    pins: tuple[str, ...]
    arguments: tuple[str, ...]
    constraints: PlannedConstraints | None
    held_to: tuple[str, ...] = ()
    index: str | None
    reason: str | None
    reasons: dict[str, str]

    @property
    def requirements(self) -> tuple[str, ...]:
        """The part of `arguments` that says what to install."""
        return tuple(takewhile(lambda argument: not argument.startswith("--"), self.arguments))

    @property
    def options(self) -> tuple[str, ...]:
        """The part of `arguments` that says how to install it."""
        return self.arguments[len(self.requirements) :]

    def limits(self, constraints: str | None = None) -> str | None:
        """Return all that binds the call as lines of one file: its constraint file's, and its own.

        None where nothing does.
        """
        parts = [*filter(None, [constraints]), *self.held_to]
        return "\n".join(parts) if parts else None


class PlannedClaim(Record):
    """A claim of the document about a pin, or about the whole stack where `pin` is None."""

    pin: str | None
    text: str
    checks: tuple[str, ...]


class PlannedFailure(Record):
    """A check that is known to fail, with the reason and the day it was written down.

    `says` are the words by which the failure is known, or None where any failure is; `until` is the
    day by which it is to be gone, if there is one.
    """

    check: str
    says: str | None = None
    reason: str
    date: str
    until: str | None = None


class PlannedBudget(Record):
    """What a check may take: seconds of wall time, and bytes of its largest process."""

    check: str
    seconds: float | None = None
    peak_memory: int | None = None


class PlannedCommand(Record):
    """A command of the team's own; see `stackproof.matrix.model.Command`."""

    name: str
    run: tuple[str, ...]
    cwd: str
    needs: tuple[str, ...]
    servers: tuple[ServerName, ...]
    timeout: int
    editable: str | None
    junit: bool

    def answers(self, check: str) -> bool:
        """Tell whether a check, by its id, is this command's own, or one of its test cases."""
        own = CheckId("command", self.name)
        return check == own or check.startswith(f"{own}::")


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

    @property
    def fingerprint(self) -> str:
        """The sha256 of what is built and checked; what is merely said of it does not count."""
        return fingerprint(self.model_dump(mode="json", exclude=_WORDS))

    @property
    def build_fingerprint(self) -> str:
        """The sha256 of what is built, and of how a check is answered there, whatever is asked."""
        left_out = {**_WORDS, **dict.fromkeys(_QUESTIONS, True)}
        return fingerprint(self.model_dump(mode="json", exclude=left_out))
