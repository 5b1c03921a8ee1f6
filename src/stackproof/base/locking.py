"""One process at a time in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from stackproof.errors import CannotJudgeError

__all__ = ["alone"]


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
