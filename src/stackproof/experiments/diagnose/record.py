"""What a diagnosis says: the form of `diagnosis.json`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stackproof.base.records import Record
from stackproof.reasons.reason import Reason

__all__ = ["Blamed", "Cause", "Diagnosis", "Fix", "Instead", "Kind"]

Kind = Literal[
    "release", "yank", "build", "python", "conflict", "overwrite", "backtrack", "floor", "system",
    "workload", "unknown",
]  # fmt: skip


class Blamed(Record):
    """The release that a cause comes down to; `uploaded` is None where the index does not tell."""

    name: str
    version: str
    uploaded: str | None


class Cause(Record):
    """Why checks fail; `why` is that as a record, and `sentence` the same in English.

    Files of before 2026-12 have the sentence alone.
    `since` is when the culprit was uploaded, `until` when a later release undid it, in full and
    UTC. `confirmed` says that builds showed the culprit alone to make the difference.
    """

    kind: Kind
    checks: tuple[str, ...]
    culprit: Blamed | None = None
    since: str | None = None
    until: str | None = None
    confirmed: bool
    sentence: str
    why: Reason | None = None


class Fix(Record):
    """What to add, or to take away, for every check to pass.

    `requirements` are lines to paste, such as `werkzeug<3`; `versions` are those that were proved
    with them. `build_constraints` are lines of a build constraint file, `removed` the pins to drop,
    `python` is the interpreter to take in place of the row's. `found` is of these alone: a change
    of the row's own pins stands in `instead` of the diagnosis.
    `confirmed` says that the whole suite passed in a fresh environment, `minimal` that it was seen
    to fail without each of them.
    """

    found: bool = False
    requirements: tuple[str, ...] = ()
    versions: dict[str, str] = Field(default={})
    build_constraints: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    python: str | None = None
    confirmed: bool = False
    minimal: bool = False


class Instead(Record):
    """A pin at another version than the row asks for, with which nothing need be added.

    Each such change does alone, but for those that do only `together`.
    """

    pin: str
    version: str
    confirmed: bool
    together: bool = False


class Diagnosis(Record):
    """A row, diagnosed: the form of `diagnosis.json`.

    `born` is when the youngest pin was uploaded. `builds` counts the environments that the answers
    rest on, `built` those made by this run, in `seconds` of wall time. `trouble` says what cut the
    diagnosis short, or kept it from being made; it is None for one that came to its end. `toml` is
    the row to add to the matrix, `patch` the same as a diff of its file that changes this row.
    `whys` are the `notes` as records, `trouble_why` is the trouble as one.
    """

    format: Literal[1] = 1
    matrix: str
    row: str
    python: str
    as_of: str
    verdict: Literal["ok", "broken", "unjudged"]
    born: str | None
    builds: int
    built: int
    seconds: float
    causes: tuple[Cause, ...]
    mend: Fix
    instead: tuple[Instead, ...]
    notes: tuple[str, ...]
    whys: tuple[Reason, ...] = ()  # older files have none
    trouble: str | None
    trouble_why: Reason | None = None  # nor this
    toml: str = ""
    patch: str = ""

    @property
    def fixed(self) -> bool:
        """Whether something was seen to fix the row."""
        return self.mend.found or any(item.confirmed for item in self.instead)

    @property
    def exit_code(self) -> int:
        """0 if every check passes, 1 if one fails, 2 where something could not be told."""
        if self.trouble is not None or self.verdict == "unjudged":
            return 2
        return 1 if self.verdict == "broken" else 0
