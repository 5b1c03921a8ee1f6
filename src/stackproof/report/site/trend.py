"""The trend of a row over the runs that history keeps, as points of small charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from stackproof.evidence.history.entry import HistoryEntry

__all__ = ["HEIGHT", "WIDTH", "Dot", "Series", "Trend", "since", "trend"]

WIDTH, HEIGHT = 240, 56
_MARGIN = 6
#: Half the width of a cross.
_ARM = 2.5
#: Runs that a chart shows; more could not be told apart on a phone.
_MOST_RUNS = 60


class Dot(NamedTuple):
    """One run in a chart: its place in pixels, its value, and whether anything was unexpected."""

    x: float
    y: float
    value: float
    news: bool


@dataclass(frozen=True, kw_only=True)
class Series:
    """One measure over the runs, the oldest first; `low` and `high` are its extremes."""

    name: str
    dots: tuple[Dot, ...]
    low: float
    high: float

    @property
    def line(self) -> str:
        """The points of the line through the dots, as SVG has them."""
        return " ".join(f"{dot.x:g},{dot.y:g}" for dot in self.dots)

    @property
    def crosses(self) -> str:
        """The path of a cross at each run with unexpected results, as SVG has it."""
        return "".join(
            f"M{dot.x - _ARM:g},{dot.y - _ARM:g}l{2 * _ARM:g},{2 * _ARM:g}m0,-{2 * _ARM:g}"
            f"l-{2 * _ARM:g},{2 * _ARM:g}"
            for dot in self.dots
            if dot.news
        )


@dataclass(frozen=True, kw_only=True)
class Trend:
    """The charts of one row; `runs` is how many its history holds in all."""

    runs: int
    series: tuple[Series, ...]


def trend(entries: Sequence[HistoryEntry]) -> Trend:
    """Return the charts of a row by its runs, the oldest first, at least one."""
    shown = entries[-_MOST_RUNS:]
    measures = {
        "seconds": [entry.seconds for entry in shown],
        "distributions": [float(len(entry.distributions)) for entry in shown],
        "conflicts": [float(entry.conflicts) for entry in shown],
    }
    series = tuple(_series(name, values, shown) for name, values in measures.items())
    return Trend(runs=len(entries), series=series)


def since(verdict: str, started: datetime, entries: Sequence[HistoryEntry]) -> datetime:
    """Return when a row came to the verdict that it has: the first run of the unbroken series."""
    first = started
    for entry in reversed(entries):
        if entry.started <= started:
            if entry.verdict != verdict:
                break
            first = entry.started
    return first


def _series(name: str, values: Sequence[float], entries: Sequence[HistoryEntry]) -> Series:
    low, high = min(values), max(values)
    step = (WIDTH - 2 * _MARGIN) / max(1, len(values) - 1)
    scale = (HEIGHT - 2 * _MARGIN) / (high - low) if high > low else 0.0
    base = HEIGHT - _MARGIN if scale else HEIGHT / 2  # what never changes lies in the middle
    dots = tuple(
        Dot(
            x=round(_MARGIN + number * step, 1),
            y=round(base - (value - low) * scale, 1),
            value=value,
            news=not entry.green,
        )
        for number, (value, entry) in enumerate(zip(values, entries, strict=True))
    )
    return Series(name=name, dots=dots, low=low, high=high)
