"""What a look at the links of a stack found, as a record."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field, field_serializer

from stackproof.base.records import Record
from stackproof.base.times import timestamp
from stackproof.matrix.checks import CheckId
from stackproof.reasons.reason import Reason

__all__ = ["Baseline", "CheckedDistribution", "Finding", "Kind", "Links", "Runs", "State", "Used"]

#: What is missing: a module, a name in one, a parameter of a function; or how many there are.
Kind = Literal["module", "name", "parameter", "arity"]
State = Literal["new", "old", "guarded"]
Runs = Literal["import", "call"]


class CheckedDistribution(Record):
    """A distribution whose code was checked; `seconds` are 0 where the answer was remembered."""

    name: str
    version: str
    seconds: float
    files: int


class Used(Record):
    """What is used: `name` in full, of a distribution as it is installed.

    `version` is None where the stack has the distribution no more.
    """

    distribution: str
    version: str | None
    name: str


class Baseline(Record):
    """The target's distribution beside the code on the day that the code was released."""

    version: str
    as_of: datetime

    @field_serializer("as_of")
    def _utc(self, value: datetime) -> str:
        return timestamp(value)


class Finding(Record):
    """A use of what is not there, in a file of a distribution, at a line.

    `why` is that as a record, and `sentence` the same in English: files of before 2026-12 have that
    alone. `runs` tells whether the line runs when a pin is imported, or only when something is
    called. `pins` are those whose modules reach it. `baseline` is None where none was asked for.
    """

    file: str
    line: int
    distribution: str
    version: str
    target: Used
    kind: Kind
    sentence: str
    why: Reason | None = None
    state: State
    runs: Runs
    pins: tuple[str, ...]
    baseline: Baseline | None = None

    @property
    def check(self) -> CheckId:
        """The id of the check that this answers."""
        return CheckId("link", self.distribution)


class Links(Record):
    """The links of a stack, and whatever kept some from being told.

    `matrix` and `row` name the stack; `checker` is what saw, such as `pyrefly 1.5.0`. `read` maps
    the distributions whose files were there to their versions; `unchecked` are those of them whose
    code could not be checked, which the notes tell why.
    """

    format: Literal[1] = 1
    matrix: str
    row: str
    python: str
    as_of: datetime | None
    checker: str
    seconds: float
    read: dict[str, str] = Field(default={})
    checked: tuple[CheckedDistribution, ...]
    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @field_serializer("as_of")
    def _utc(self, value: datetime | None) -> str | None:
        return None if value is None else timestamp(value)

    @property
    def suspects(self) -> tuple[Finding, ...]:
        """The findings that are new: the code's own day had what it uses."""
        return tuple(finding for finding in self.findings if finding.state == "new")
