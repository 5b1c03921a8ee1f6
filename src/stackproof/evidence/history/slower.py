"""What takes more than it did: out of the spread of earlier runs, or over its budget twice.

One run says nothing: a machine may have been busy. So a figure is held against those of several
runs as expected on the same class of machine, and must leave their spread by as much as it is wide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stackproof.base.records import Record
from stackproof.evidence.costs import MEASURES, Measure
from stackproof.evidence.history.entry import HistoryEntry

__all__ = ["OverBudget", "Slower", "over_budget_twice", "slower"]

#: From so many earlier runs on there is a spread; of more only the newest count.
_FEWEST_RUNS = 5
_MOST_RUNS = 12
#: What a figure must be above the largest one by, at least: a share of it, and so much.
_SHARE = 0.25
_LEAST: dict[Measure, float] = {"seconds": 1.0, "processor_seconds": 0.5, "peak_memory": 64e6}


class Slower(Record):
    """A check that took `now` of a measure, and `lowest` to `highest` in `runs` runs before."""

    check: str
    measure: Measure
    now: float
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


def slower(history: Sequence[HistoryEntry], entry: HistoryEntry) -> Iterator[Slower]:
    """Yield what left the spread of the last runs as expected in a run of the same row."""
    earlier = [run for run in _comparable(history, entry) if run.green]
    for check, cost in entry.costs.items():
        for measure in MEASURES:
            now = cost.get(measure)
            figures = [
                figure
                for run in earlier
                if check in run.costs and (figure := run.costs[check].get(measure)) is not None
            ][-_MOST_RUNS:]
            if now is None or len(figures) < _FEWEST_RUNS:
                continue
            lowest, highest = min(figures), max(figures)
            margin = max(highest - lowest, highest * _SHARE, _LEAST[measure])
            if now > highest + margin:
                yield Slower(
                    check=check,
                    measure=measure,
                    now=now,
                    lowest=lowest,
                    highest=highest,
                    runs=len(figures),
                )


def over_budget_twice(history: Sequence[HistoryEntry], entry: HistoryEntry) -> Iterator[OverBudget]:
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
