"""Folders of which only the newest are kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

__all__ = ["keep_newest"]


def keep_newest(folders: Iterable[Path], most: int) -> None:
    """Remove all but the `most` folders that were changed last; what cannot be removed stays.

    Another process may be at the same: a folder that is gone counts as the oldest.
    """
    for old in sorted(folders, key=_changed, reverse=True)[most:]:
        shutil.rmtree(old, ignore_errors=True)


def _changed(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0
