"""Folders of which only the newest are kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

__all__ = ["keep_newest"]


def keep_newest(folders: Iterable[Path], most: int) -> None:
    """Remove all but the `most` folders that were changed last; raise OSError for one that is gone.

    What of them cannot be removed stays.
    """
    by_age = sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True)
    for old in by_age[most:]:
        shutil.rmtree(old, ignore_errors=True)
