"""What takes more than it did: out of the spread of earlier runs, or over its budget, twice.

One run says nothing: a machine may have been busy. So the figures of two in a row are held against
those of several runs as expected before them on the same class of machine, and both must leave
their spread by as much as it is wide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stackproof.base.records import Record
from stackproof.evidence.costs import MEASURES, Measure
from stackproof.evidence.history.entry import HistoryEntry

__all__ = ["OverBudget", "Slower", "TakesMore", "takes_more"]

#: From so many earlier runs on there is a spread; of more only the newest count.
_FEWEST_RUNS = 5
_MOST_RUNS = 12
#: What a figure must be above the largest one by, at least: a share of it, and so much.
_SHARE = 0.25
_LEAST: dict[Measure, float] = {"seconds": 1.0, "processor_seconds": 0.5, "peak_memory": 64e6}


class Slower(Record):
    """A check that took `now` of a measure, and too much in the run `before` as well.

    In `runs` runs before those it was `lowest` to `highest`.
    """

    check: str
    measure: Measure
    now: float
    before: float
    lowest: float
    highest: float
    runs: int


class OverBudget(Record):
    """A check that took more than its `budget` of a measure `now`, and in the run `before`, too."""

    check: str
    measure: Measure
    now: float
    before: float
    budget: float


class TakesMore(Record):
    """What takes more in the newest run of a row and in the one before it; nothing, as it begins.

    For that no run need have been as expected: a budget holds whatever else fails.
    """

    over_budget: tuple[OverBudget, ...] = ()
    slower: tuple[Slower, ...] = ()

    @property
    def every(self) -> tuple[OverBudget | Slower, ...]:
        """What is over its budget, and then what is slower."""
        return (*self.over_budget, *self.slower)


def takes_more(history: Sequence[HistoryEntry], matrix: str, row: str) -> TakesMore:
    """Return what takes more than it did, or may; the history is in the order of time."""
    newest = next(
        (entry for entry in reversed(history) if (entry.matrix, entry.row) == (matrix, row)), None
    )
    if newest is None:
        return TakesMore()
    return TakesMore(
        over_budget=tuple(_over_budget(history, newest)), slower=tuple(_slower(history, newest))
    )


def _slower(history: Sequence[HistoryEntry], entry: HistoryEntry) -> Iterator[Slower]:
    """Yield what left the spread of the last runs as expected in a run and in the one before it."""
    comparable = _comparable(history, entry)
    if not comparable:
        return
    *older, last = comparable
    earlier = [run for run in older if run.green]
    for check, cost in entry.costs.items():
        for measure in MEASURES:
            now = cost.get(measure)
            before = last.costs[check].get(measure) if check in last.costs else None
            figures = [
                figure
                for run in earlier
                if check in run.costs and (figure := run.costs[check].get(measure)) is not None
            ][-_MOST_RUNS:]
            if now is None or before is None or len(figures) < _FEWEST_RUNS:
                continue
            lowest, highest = min(figures), max(figures)
            margin = max(highest - lowest, highest * _SHARE, _LEAST[measure])
            if min(now, before) > highest + margin:
                yield Slower(
                    check=check,
                    measure=measure,
                    now=now,
                    before=before,
                    lowest=lowest,
                    highest=highest,
                    runs=len(figures),
                )


def _over_budget(history: Sequence[HistoryEntry], entry: HistoryEntry) -> Iterator[OverBudget]:
    """Yield what went over its budget in a run and in the one before it on such a machine."""
    before = next(reversed(_comparable(history, entry)), None)
    if before is None:
        return
    for check, limits in entry.over_budget.items():
        earlier = before.over_budget.get(check)
        for measure in MEASURES:
            budget = limits.get(measure)
            if budget is not None and earlier is not None and earlier.get(measure) is not None:
                yield OverBudget(
                    check=check,
                    measure=measure,
                    now=entry.costs[check].get(measure) or 0.0,
                    before=before.costs[check].get(measure) or 0.0,
                    budget=budget,
                )


def _comparable(history: Sequence[HistoryEntry], entry: HistoryEntry) -> list[HistoryEntry]:
    """Return the earlier runs of a row on the same class of machine, in the order of the history.

    A run of today's index is not compared with one of an earlier day's, nor the other way round.
    """
    return [
        run
        for run in history
        if run.name == entry.name
        and run.started < entry.started
        and run.machine is not None
        and run.machine == entry.machine
        and (run.as_of is None) == (entry.as_of is None)
    ]
