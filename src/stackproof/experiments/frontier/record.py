"""The frontier of a row: the form of `reports/<matrix>/<row>/frontier.json`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stackproof.base.records import Record
from stackproof.reasons.reason import Reason

__all__ = ["Blocked", "Frontier", "Joint", "LeftOut", "PinFrontier"]


class Blocked(Record):
    """A step up that does not go, and why: a requirement, a failing check, or no answer at all.

    `because` is that in English: files of before 2026-12 have it alone.
    """

    version: str
    because: str
    why: Reason | None = None


class PinFrontier(Record):
    """How far one pin can be taken.

    Of a pin in a range, `range` is the versions that will do ("" for any), and `pinned` the one
    that the row came to. `newest` is its newest release before the cut-off. `newest_resolvable` and
    `newest_passing` are the highest versions that the rest of the stack can be resolved with, and
    that pass the suite, in the pin's own trials or as another's companion; each is the pinned
    version where nothing newer does. `companions` maps the pins that have to move along to
    `newest_passing` to their versions. `gained_days` is the time between the uploads of the pinned
    version and of `newest_passing`. `unjudged` holds the versions above `newest_passing` of which
    it could not be told whether they pass, and why; where no release of the pin is known, all above
    the pinned one (">1.0").
    """

    name: str
    pinned: str
    range: str | None = None
    newest: str
    newest_resolvable: str
    newest_passing: str
    companions: dict[str, str]
    gained_days: int
    blocked: Blocked | None
    unjudged: tuple[Blocked, ...] = Field(default=())  # older files have none


class LeftOut(Record):
    """A pin whose upgrade does not go together with the others', and why.

    `because` is that in English.
    """

    name: str
    because: str
    why: Reason | None = None


class Joint(Record):
    """The upgrades that pass all together, by pin, and those that had to stay behind.

    `unjudged` says why it could not be told, and `unjudged_why` is that as a record; then there are
    none of either.
    """

    versions: dict[str, str]
    left_out: tuple[LeftOut, ...]
    unjudged: str | None = None
    unjudged_why: Reason | None = None  # older files have none


class Frontier(Record):
    """The frontier of a row as of a cut-off.

    `complete` is whether every pin asked for was looked at; `joint` is None until they were.
    """

    format: Literal[1] = 1
    row: str
    as_of: str
    complete: bool
    pins: tuple[PinFrontier, ...]
    joint: Joint | None
