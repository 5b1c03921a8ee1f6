"""Delta debugging: a part of a set that still has a property, and no item too many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

__all__ = ["drop_needless", "reduce_likeliest_first", "reduce_to_minimum"]

Item = TypeVar("Item")
Part = tuple[Item, ...]


def reduce_to_minimum(
    items: Sequence[Item],
    holds: Callable[[Part[Item]], bool],
    *,
    likely: Sequence[Item] = (),
) -> Part[Item] | None:
    """Return a part of `items` for which `holds`, and for no part with one item less.

    Each of the `likely` items is first tried alone. Returns None if it does not hold for all items
    together. It is taken not to hold for nothing, and is asked once of each part.
    """
    ask = _Asked(holds, {(): False})
    for item in likely:
        if ask((item,)):
            return (item,)
    whole = tuple(items)
    return _narrow(whole, ask) if ask(whole) else None


def reduce_likeliest_first(
    items: Sequence[Item], holds: Callable[[Part[Item]], bool]
) -> Part[Item] | None:
    """Return what `reduce_to_minimum` does, by few questions where one of the first items will do.

    The fewest items from the front that hold are found first, by ever longer beginnings; the last
    of them is what made them hold, and mostly enough.
    """
    ask = _Asked(holds, {(): False})
    whole = tuple(items)
    if not ask(whole):
        return None
    low, high = 0, 1
    while high < len(whole) and not ask(whole[:high]):
        low, high = high, 2 * high + 1
    high = min(high, len(whole))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if ask(whole[:middle]) else (middle, high)
    last = whole[high - 1 : high]
    return last if ask(last) else _narrow(whole[:high], ask)


def drop_needless(items: Sequence[Item], holds: Callable[[Part[Item]], bool]) -> Part[Item]:
    """Return `items`, for which `holds`, without those that it holds without.

    One item is left out at a time, which is the cheapest way where most are needed. Of what is
    returned, every part with one item less was asked, nothing at all included.
    """
    ask = _Asked(holds, {})
    whole: Part[Item] = ()
    less = tuple(items)
    while less != whole:
        whole = less
        for item in whole:
            part = tuple(other for other in less if other != item)
            less = part if ask(part) else less
    return whole


class _Asked(Generic[Item]):
    """Remembers answers, those that are `known` at first included, so that none is asked twice."""

    def __init__(self, holds: Callable[[Part[Item]], bool], known: dict[Part[Item], bool]) -> None:
        self._holds = holds
        self._known = known

    def __call__(self, part: Part[Item]) -> bool:
        if part not in self._known:
            self._known[part] = self._holds(part)
        return self._known[part]


def _narrow(whole: Part[Item], ask: Callable[[Part[Item]], bool]) -> Part[Item]:
    """Cut a set down as Zeller's ddmin does: try ever smaller pieces, then what each one leaves."""
    pieces = 2
    while len(whole) > 1:
        piece = next((part for part in _cut(whole, pieces) if ask(part)), None)
        rest = None if piece else next(filter(ask, _without_each(whole, pieces)), None)
        if piece is not None:
            whole, pieces = piece, 2
        elif rest is not None:
            whole, pieces = rest, max(pieces - 1, 2)
        elif pieces < len(whole):
            pieces = min(2 * pieces, len(whole))
        else:
            break
    return whole


def _cut(whole: Part[Item], pieces: int) -> Iterator[Part[Item]]:
    """Yield so many pieces of about the same size."""
    begin = 0
    for number in range(pieces):
        end = begin + (len(whole) - begin) // (pieces - number)
        yield whole[begin:end]
        begin = end


def _without_each(whole: Part[Item], pieces: int) -> Iterator[Part[Item]]:
    begin = 0
    for piece in _cut(whole, pieces):
        yield whole[:begin] + whole[begin + len(piece) :]
        begin += len(piece)
