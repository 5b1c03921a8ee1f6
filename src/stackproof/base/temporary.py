"""Temporary folders that go however their process ends: what was killed is cleared by the next."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["temporary_folder"]

#: Locked by the process whose folder it is, and no longer when that has ended, however it did.
_LOCK = ".in-use"


@contextmanager
def temporary_folder(purpose: str) -> Iterator[Path]:
    """Make a folder `stackproof-<purpose>-...` for this block, and remove it after.

    Folders of the same purpose whose processes were killed are removed first. Raises OSError if no
    folder can be made.
    """
    prefix = f"stackproof-{purpose}-"
    _remove_abandoned(Path(tempfile.gettempdir()), prefix)
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        unnamed = folder / f"{_LOCK}.new"
        with unnamed.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # It gets its name only now, since one without a lock is one whose process is dead.
            unnamed.rename(folder / _LOCK)
            yield folder


def _remove_abandoned(place: Path, prefix: str) -> None:
    for path in place.glob(f"{prefix}*/{_LOCK}"):
        # Another user's is none of ours, and another process may remove it at the same time.
        with suppress(OSError), path.open("r+") as lock:
            if os.fstat(lock.fileno()).st_uid == os.getuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path.parent, ignore_errors=True)
