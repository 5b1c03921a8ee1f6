"""Do several things side by side, and be able to stop them all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

__all__ = ["OneAtATime", "side_by_side"]

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def side_by_side(
    work: Callable[[Item], Answer],
    items: Iterable[Item],
    *,
    at_once: int,
    stop: threading.Event,
) -> Iterator[Answer]:
    """Yield what work makes of each item, in their order, `at_once` of them at a time.

    One at a time is made in this very thread, and none before its answer is asked for. However the
    block that asks ends, nothing is left at work: `stop` is set where it ends early, which work has
    to heed.
    """
    if at_once == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="side-by-side") as pool:
        coming = [pool.submit(work, item) for item in items]
        try:
            for answer in coming:
                yield answer.result()
        except BaseException:
            stop.set()
            for answer in coming:
                answer.cancel()
            raise


class OneAtATime:
    """Lets one thread at a time work at a thing; whoever comes later finds what it made."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, threading.RLock] = {}
        self._lock = threading.Lock()

    @contextmanager
    def __call__(self, thing: Hashable) -> Iterator[None]:
        """Wait until no other thread works at the thing, and keep others from it in the block."""
        with self._lock:
            own = self._locks.setdefault(thing, threading.RLock())
        with own:
            yield
