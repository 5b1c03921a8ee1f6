"""What is known of a published set, in the form of `published.json`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from stackproof.base.records import Record
from stackproof.base.versions import Step, step
from stackproof.evidence.records import Drift, Freeze, drift_between

__all__ = ["PublishedSet", "SetChanges", "SetMove", "moves_between", "moves_of"]


class SetMove(Record):
    """A distribution that another set has otherwise; `before` or `after` is None for absent.

    `back` says that it went to an older version, `direct` that it is a pin.
    """

    name: str
    before: str | None
    after: str | None
    kind: Step | Literal["added", "removed"]
    back: bool
    direct: bool


class SetChanges(Record):
    """What is different since the set `since`: pins first, then the others, each by name.

    `python` is the minor version that it was proved on before, if that is another one. `gained`
    holds the ids of checks that passed and did not before, `lost` those that passed before alone.
    """

    since: str
    python: str | None
    moves: tuple[SetMove, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether anything is different at all."""
        return bool(self.python or self.moves or self.gained or self.lost)


class PublishedSet(Record):
    """A set that was proved and has a name, of one row.

    `direct` are its pins and `indirect` what came along, each with its version. `run` is the run
    that was locked and `proof` the one from the lock, as paths below the reports they lie in.
    `changes` is None for the first set of a row. `files` maps the other files of the set to their
    sha256, as 64 hexadecimal digits.
    """

    format: Literal[1] = 1
    matrix: str
    row: str
    name: str
    published: datetime
    python: str
    as_of: str | None
    index: str | None
    run: str
    proof: str
    direct: dict[str, str]
    indirect: dict[str, str]
    changes: SetChanges | None
    files: dict[str, str]

    @property
    def label(self) -> str:
        """The row, and the name of the set."""
        return f"{self.matrix}/{self.row} {self.name}"

    @property
    def freeze(self) -> Freeze:
        """Every distribution, with its version."""
        return dict(sorted({**self.direct, **self.indirect}.items()))


def moves_between(before: Freeze, after: Freeze, pins: Collection[str]) -> tuple[SetMove, ...]:
    """Return what is different in `after`: those that are `pins` first, each by name."""
    return moves_of(drift_between(before, after), pins)


def moves_of(drift: Drift, pins: Collection[str]) -> tuple[SetMove, ...]:
    """Return the moves of what changed: those that are `pins` first, each by name."""
    moved = {**drift.added, **drift.moved}
    return tuple(
        SetMove(
            name=name,
            before=moved[name][0],
            after=moved[name][1],
            kind=_kind(*moved[name]),
            back=name in drift.downgraded,
            direct=name in pins,
        )
        for name in sorted(moved, key=lambda name: (name not in pins, name))
    )


def _kind(before: str | None, after: str | None) -> Step | Literal["added", "removed"]:
    if before is None:
        return "added"
    return "removed" if after is None else step(before, after)
