"""What a plan is made of: its pins, stages, claims, expected failures, budgets and commands."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from stackproof.base.records import Record
from stackproof.base.versions import requirement
from stackproof.matrix.checks import CheckId
from stackproof.matrix.model import ServerName

__all__ = [
    "Change",
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
