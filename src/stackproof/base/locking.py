"""One process at a time in a folder, or several that know of each other."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from stackproof.errors import CannotJudgeError

__all__ = ["alone", "among_others"]

#: Beside the lock of who is alone: those that share a folder hold it together.
_SHARED = ".shared"


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold the row for this run.

    Raises CannotJudgeError if another run holds it, OSError if its folder cannot be used.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise CannotJudgeError(
            f"another run of {home.parent.name}/{home.name} is under way in this checkout, and "
            "both would build the same environment; wait for it to end, or use a second checkout"
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def among_others(home: Path, tidy: Callable[[Path], None]) -> Iterator[None]:
    """Hold a folder that several runs may use at a time; who finds nobody there tidies up first.

    Raises OSError if the folder cannot be used.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / _SHARED).open("a") as lock:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            tidy(home)
        fcntl.flock(lock, fcntl.LOCK_SH)  # waits for no longer than somebody tidies up
        yield
