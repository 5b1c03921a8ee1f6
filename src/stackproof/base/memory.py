"""What was computed before, kept on disk: answers that cost seconds and depend on known inputs.

One of them is the platform: several machines may share a home.
"""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.tags import platform_tags

from stackproof.base.records import write_atomically

__all__ = ["Memory", "Remembered"]

_KEPT_SECONDS = 60 * 24 * 3600
#: Another name for another form of the files: several releases of ours may share a cache.
_FOLDER = "answers"


@dataclass(frozen=True)
class Remembered:
    """A value, and its age in seconds."""

    value: Any
    age: float


@dataclass(frozen=True)
class Memory:
    """JSON values in the folder `cache`, found again by what they were computed from.

    `platform` is the best tag of wheels that this machine takes (PEP 425): its system, machine and
    C library.
    """

    cache: Path
    platform: str = field(default_factory=lambda: next(platform_tags()))

    def recall(self, kind: str, inputs: object) -> Remembered | None:
        """Return what was kept for these inputs, or None; a damaged file counts as nothing."""
        path = self._path(kind, inputs)
        try:
            age = time.time() - path.stat().st_mtime
            return Remembered(json.loads(path.read_bytes())[kind], max(0.0, age))
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def keep(self, kind: str, inputs: object, value: object) -> None:
        """Keep a value of JSON types for these inputs, in place of an older one, if it can be."""
        with suppress(OSError):  # a full disk, say: it will be computed again
            text = json.dumps({kind: value}, ensure_ascii=False)
            write_atomically(self._path(kind, inputs), text)

    def forget_old(self) -> None:
        """Remove what was last computed two months ago or before."""
        limit = time.time() - _KEPT_SECONDS
        for path in (self.cache / _FOLDER).glob("*/*.json"):
            with suppress(FileNotFoundError):  # another process forgets it at the same time
                if path.stat().st_mtime < limit:
                    path.unlink()

    def _path(self, kind: str, inputs: object) -> Path:
        # In one line, which json writes ten times as fast as it indents.
        text = json.dumps([self.platform, inputs], sort_keys=True)
        return self.cache / _FOLDER / kind / f"{hashlib.sha256(text.encode()).hexdigest()}.json"
