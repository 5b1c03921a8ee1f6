"""Tell whether a disk without room may be why a check failed, which is no fault of the stack."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FULL = "the disk is full, or was while the check ran"
# What Python says in any language, and what others say.
_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
_WORDS = (*map(os.strerror, _NUMBERS), *(f"[Errno {number}]" for number in _NUMBERS))
# With less than that on the disk, what a process leaves behind is cut short.
_ROOM_BYTES = 1 << 16


class Disk:
    """The disk of a folder that all checks of a run share, from now on.

    Where one check fills it and is gone, what another one said of its failure may be lost: so
    whoever sees it full marks a file there, before anything is removed.
    """

    def __init__(self, folder: Path) -> None:
        """Note when the disk was last seen full; raises OSError where even that has no room."""
        self._mark = folder / "seen-full"
        self._mark.open("ab").close()
        self._before = self._seen()

    def was_full(self) -> bool:
        """Tell whether the disk is full, or was seen so by another check meanwhile."""
        if shutil.disk_usage(self._mark.parent).free < _ROOM_BYTES:
            os.utime(self._mark)
        return self._seen() != self._before

    def _seen(self) -> int:
        return self._mark.stat().st_mtime_ns


def says_full(words: str) -> bool:
    """Tell whether a failure's words have the system's own for a full disk or a used-up quota."""
    return any(said in words for said in _WORDS)
