"""A cache in which every page was asked for since a session began, and all else is as it was.

A refusal takes an index that was asked, since a page that counts as fresh may lack a release. To
ask for every page anew at each refusal would ask for the same hundreds of pages row after row, and
build again what was built a moment ago.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from stackproof.index.web import PAGE_SECONDS
from stackproof.installers.build_cache import BuildCache
from stackproof.installers.installer import CacheLayout

__all__ = ["session_pages"]

_PREFIX = ".pages-"


@contextmanager
def session_pages(
    cache: BuildCache, layout: CacheLayout, session: str
) -> Iterator[Mapping[str, str]]:
    """Give the variables of a cache that takes from `cache` all but pages, which are the session's.

    Where there is no such cache, they are those of `cache`: nothing is kept there.
    """
    if cache.folder is None:
        yield cache.environ
        return
    folder = cache.folder / f"{_PREFIX}{session}"
    try:
        _remove_old(cache.folder)
        folder.mkdir(exist_ok=True)
        os.utime(folder)
        for entry in cache.folder.iterdir():
            if not entry.name.startswith((_PREFIX, *layout.pages)):
                with suppress(FileExistsError):
                    (folder / entry.name).symlink_to(entry)
    except OSError:
        yield {**cache.environ, layout.off: "1"}
        return
    yield {**cache.environ, layout.variable: str(folder)}


def _remove_old(home: Path) -> None:
    """Remove what sessions left whose pages count as fresh no longer."""
    for folder in home.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another process removes it at the same time
            if time.time() - folder.stat().st_mtime > 2 * PAGE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
