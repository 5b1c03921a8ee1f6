"""What is different between two runs of a row, above all since the last green one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from stackproof.base.records import Record
from stackproof.evidence.history.entry import HistoryEntry
from stackproof.evidence.records import Drift, Move, drift_between

__all__ = ["Changes", "changes_between", "last_green", "latest_changes"]


_SHORT = 12


class Changes(Record):
    """What is different in `run` since `since` (names of runs' folders), each as (before, after).

    `checks` holds states by check id; `circumstances` what else a run depends on: interpreter,
    installer, cut-off date, constraint files, the row's plan and the suite, the last three by the
    first digits of their sha256. `complete` is false where a stage failed in the later run, so that
    what it would have installed is not there to be compared.
    """

    format: Literal[1] = 1
    matrix: str
    row: str
    since: str
    since_started: datetime
    run: str
    started: datetime
    complete: bool
    checks: dict[str, Move]
    distributions: Drift
    circumstances: dict[str, Move]

    @property
    def moved(self) -> dict[str, Move]:
        """Every distribution that is another, new or gone, by name."""
        return dict(sorted({**self.distributions.added, **self.distributions.moved}.items()))

    @property
    def any(self) -> bool:
        """Whether anything is different at all."""
        return bool(self.checks or self.moved or self.circumstances)


def last_green(history: Sequence[HistoryEntry], entry: HistoryEntry) -> HistoryEntry | None:
    """Return the newest green run of the same row before `entry`, or None if there was none.

    A run of today's index is not compared with one of an earlier day's, nor the other way round.
    """
    return next(
        (
            earlier
            for earlier in reversed(history)
            if earlier.name == entry.name
            and earlier.started < entry.started
            and earlier.green
            and (earlier.as_of is None) == (entry.as_of is None)
        ),
        None,
    )


def latest_changes(history: Sequence[HistoryEntry], matrix: str, row: str) -> Changes | None:
    """Return what the newest run of a row has different from the last green one before it.

    None where there are no two such runs. The history is in the order of time.
    """
    newest = next(
        (entry for entry in reversed(history) if (entry.matrix, entry.row) == (matrix, row)), None
    )
    green = last_green(history, newest) if newest else None
    if green is None or newest is None:
        return None
    return changes_between(green, newest)


def changes_between(before: HistoryEntry, after: HistoryEntry) -> Changes:
    """Return what is different in the later of two runs of a row."""
    drift = drift_between(before.distributions, after.distributions)
    if not after.complete:
        drift = drift.model_copy(update={"removed": {}})
    return Changes(
        matrix=after.matrix,
        row=after.row,
        since=before.run,
        since_started=before.started,
        run=after.run,
        started=after.started,
        complete=after.complete,
        checks=_different(dict(before.checks), dict(after.checks)),
        distributions=drift,
        circumstances=_different(dict(_circumstances(before)), dict(_circumstances(after))),
    )


def _different(before: dict[str, str], after: dict[str, str]) -> dict[str, Move]:
    return {
        key: (before.get(key), after.get(key))
        for key in [*after, *(key for key in before if key not in after)]
        if before.get(key) != after.get(key)
    }


def _circumstances(entry: HistoryEntry) -> Iterator[tuple[str, str]]:
    yield "interpreter", f"Python {entry.python}"
    yield "installer", entry.installer_version
    yield "index", _index(entry)
    for used in entry.constraints:
        yield f"constraint file {used.name}", used.sha256[:_SHORT]
    yield "plan of the row", entry.plan[:_SHORT]
    yield "suite", entry.suite[:_SHORT]


def _index(entry: HistoryEntry) -> str:
    if entry.min_age is not None:  # a cut-off that moves along is no other circumstance
        return f"what is {entry.min_age} old on the day"
    return f"as of {entry.as_of}" if entry.as_of else "as it is on the day"
