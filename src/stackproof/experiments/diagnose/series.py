"""Which of many releases to ask next: those on both sides of a new series first."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.version import Version

__all__ = ["end_of_series_before", "next_place"]


def next_place(versions: Sequence[Version], low: int, high: int, untold: set[int]) -> int | None:
    """Return which release between two others to ask next, None where none is left.

    `low` and `high` are places in `versions`, of which `high` may be one past the end. Most breaks
    come with the first release of a series, so releases on both sides of such a step are asked
    first, of major versions before minor ones, each time the middle one.
    """
    inner = [place for place in range(low + 1, high) if place not in untold]
    for depth in (1, 2):
        steps = [place for place in inner if _is_beside_step(versions, place, depth)]
        if steps:
            return steps[len(steps) // 2]
    return inner[len(inner) // 2] if inner else None


def end_of_series_before(versions: Sequence[Version], place: int) -> int | None:
    """Return the newest release of the major version before, or else of the minor one, if any."""
    for depth in (1, 2):
        own = _series(versions[place], depth)
        before = [at for at in range(place) if _series(versions[at], depth) != own]
        if before:
            return before[-1]
    return None


def _is_beside_step(versions: Sequence[Version], place: int, depth: int) -> bool:
    around = [_series(item, depth) for item in versions[max(place - 1, 0) : place + 2]]
    return len(set(around)) > 1


def _series(version: Version, depth: int) -> tuple[int, ...]:
    return (version.epoch, *(*version.release, 0, 0)[:depth])
