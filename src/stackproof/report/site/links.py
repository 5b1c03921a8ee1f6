"""Addresses of evidence, relative to the page, so that they work from disk and from an artifact."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

__all__ = ["Links"]


@dataclass(frozen=True)
class Links:
    """Links from a page in `home` to files below it."""

    home: Path

    def to(self, path: Path) -> str | None:
        """Return the address of a file, or None if there is none or it is not below the page."""
        target = path.resolve()
        home = self.home.resolve()
        if not target.is_relative_to(home) or not target.is_file():
            return None
        return quote(target.relative_to(home).as_posix())
