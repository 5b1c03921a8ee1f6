"""What a timeline says: the form of `timeline.json`."""

from __future__ import annotations

from typing import Literal

from stackproof.base.records import Record
from stackproof.experiments.culprit import Culprit
from stackproof.reasons.reason import Reason

__all__ = ["Asked", "Break", "CheckHistory", "State", "Timeline"]

State = Literal["broke", "never-worked", "always-worked", "changed-often", "undecided"]


class Break(Record):
    """A turn of a check from `good`, as of which it passes, to `bad`, as of which it fails.

    `culprits` are distributions whose later releases, let into the earlier side alone, turn it, and
    do not without any one of them, if that was seen (`confirmed`); else all that came between.
    `since` is when the last of them was uploaded, if they are confirmed: the instant of the turn.
    Times are full and UTC. `why` is what the culprits did, and `reason` the same in English: files
    of before 2026-12 have that alone.
    """

    good: str
    bad: str
    since: str | None
    culprits: tuple[Culprit, ...]
    confirmed: bool
    reason: str
    why: Reason | None = None


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
    that this run had to build. `whys` are the `notes`, as records.
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
    whys: tuple[Reason, ...] = ()  # older files have none
