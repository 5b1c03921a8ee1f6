"""What a timeline says: the form of `timeline.json`."""

from __future__ import annotations

from typing import Literal

from stackproof.records import Record

__all__ = ["Asked", "Break", "CheckHistory", "Culprit", "State", "Timeline"]

State = Literal["broke", "never-worked", "always-worked", "changed-often", "undecided"]


class Culprit(Record):
    """A distribution whose release turned a check; versions are None for "was not there".

    They are what stages installed, also where a later stage replaced it. `uploaded` is when the
    first file of its new release was, or None where the index does not tell. Where both versions
    are the same, another file of it came then, which is installed since. `builds` names what was
    built with it, if it turned the check as a build dependency; else it is empty.
    """

    name: str
    before: str | None
    after: str | None
    uploaded: str | None
    builds: tuple[str, ...] = ()  # older files have none

    @property
    def role(self) -> str:
        """What it is beside a distribution that is installed, in words; nothing if it is one."""
        return f"build dependency of {', '.join(self.builds)}" if self.builds else ""


class Break(Record):
    """A turn of a check from `good`, as of which it passes, to `bad`, as of which it fails.

    `culprits` are distributions whose later releases, let into the earlier side alone, turn it, and
    do not without any one of them, if that was seen (`confirmed`); else all that came between.
    `since` is when the last of them was uploaded, if they are confirmed: the instant of the turn.
    Times are full and UTC.
    """

    good: str
    bad: str
    since: str | None
    culprits: tuple[Culprit, ...]
    confirmed: bool
    reason: str


class Asked(Record):
    """A moment as of which a check was asked.

    `passed` is None where the row cannot be built, or luck answers. `why` says in one line what
    stood in the way, and is empty where the check passes.
    """

    as_of: str
    passed: bool | None
    why: str = ""


class CheckHistory(Record):
    """The history of one check; `fixes` are turns back, whose `bad` side is the earlier one.

    It is "undecided" where nothing follows from any answer.
    """

    id: str
    state: State
    breaks: tuple[Break, ...]
    fixes: tuple[Break, ...]
    asked: tuple[Asked, ...]


class Timeline(Record):
    """When the checks of a row broke: the form of `timeline.json`.

    `born` is when the last of the row's pins was uploaded, None where the index does not tell.
    `buildable_since` is the earliest moment asked as of which the row can be installed, None if
    there is none. `builds` counts the environments that the answers rest on, `built` those of them
    that this run had to build.
    """

    format: Literal[1] = 1
    matrix: str
    row: str
    since: str
    until: str
    born: str | None = None
    buildable_since: str | None
    builds: int
    built: int
    checks: tuple[CheckHistory, ...]
    notes: tuple[str, ...]
