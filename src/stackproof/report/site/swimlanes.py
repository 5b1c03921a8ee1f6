"""The chart of a timeline: one lane a check, cut into spans of passing, failing and not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal, NamedTuple

from stackproof.base.times import from_timestamp
from stackproof.experiments.timeline.record import CheckHistory, Timeline

__all__ = ["WIDTH", "LaneView", "Span", "lane_views"]

WIDTH = 600

_Answer = Literal["passing", "failing", "unbuildable"]
_ANSWERS: dict[bool | None, _Answer] = {True: "passing", False: "failing", None: "unbuildable"}


class Span(NamedTuple):
    """A part of a lane, in pixels from the left."""

    x: float
    width: float
    state: Literal["passing", "failing", "unbuildable", "between"]


@dataclass(frozen=True, kw_only=True)
class LaneView:
    """A check as it is drawn."""

    history: CheckHistory
    spans: tuple[Span, ...]


def lane_views(timeline: Timeline) -> list[LaneView]:
    """Return the lanes of a chart, `WIDTH` pixels wide from `since` to `until`.

    Raises ValueError if a time in it is no timestamp.
    """
    begin, end = from_timestamp(timeline.since), from_timestamp(timeline.until)
    scale = WIDTH / max(1.0, (end - begin).total_seconds())

    def x(when: datetime) -> float:
        return round(min(WIDTH, max(0.0, (when - begin).total_seconds() * scale)), 1)

    def spans(history: CheckHistory) -> Iterator[Span]:
        for (one, first), (other, second) in pairwise(_answers(history, begin, end)):
            if x(other) > x(one):
                state = first if first == second else "between"
                yield Span(x(one), round(x(other) - x(one), 1), state)

    return [LaneView(history=item, spans=tuple(spans(item))) for item in timeline.checks]


def _answers(
    history: CheckHistory, begin: datetime, end: datetime
) -> list[tuple[datetime, _Answer]]:
    """Return what is known of a check, by date; before and after, it was as at the nearest date."""
    known = sorted(set(_known(history)))
    if not known:
        state: _Answer = "failing" if history.state == "never-worked" else "passing"
        return [(begin, state), (end, state)]
    return [(begin, known[0][1]), *known, (end, known[-1][1])]


def _known(history: CheckHistory) -> Iterator[tuple[datetime, _Answer]]:
    for turn in (*history.breaks, *history.fixes):
        yield from_timestamp(turn.good), "passing"
        yield from_timestamp(turn.bad), "failing"
    for asked in history.asked:
        yield from_timestamp(asked.as_of), _ANSWERS[asked.passed]
