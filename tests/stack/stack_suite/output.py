"""The end of what a process printed, which the failure of its check shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Lines, not characters: in a deep folder each frame of a traceback is longer, and what a known
# failure is known by must not fall out for that.
_LINES = 200
_WIDTH = 1000
_MOST_BYTES = _LINES * _WIDTH * 4


def end_of(output: str) -> str:
    """Return the last 200 lines, each of them up to its 1000th character."""
    return "\n".join(line[:_WIDTH] for line in output.strip().splitlines()[-_LINES:])


def end_of_log(log: Path) -> str:
    """Return the same of a file, of which no more is read than that can be."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _MOST_BYTES))
        return end_of(file.read().decode(errors="replace"))
