"""What pytest's report log says of a failure, as pytest-reportlog writes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["message_of", "trace_of"]


def message_of(entry: dict[str, Any]) -> str:
    """Return what went wrong, without ends of lines that only a terminal needs."""
    text = entry.get("longrepr")
    if isinstance(text, list):  # a skip: file, line, reason
        return str(text[-1]).removeprefix("Skipped: ")
    if isinstance(text, dict):
        crash = text.get("reprcrash") or {}
        return str(crash.get("message", "")).strip()
    return str(text or "").strip()


def trace_of(entry: dict[str, Any]) -> str:
    """Return the frames of a traceback that the message has not, each a file and its lines."""
    text = entry.get("longrepr")
    return "\n".join(_frames(text)) if isinstance(text, dict) else ""


def _frames(text: dict[str, Any]) -> Iterator[str]:
    """Yield the frames of an error and, where it has one, of those before it, its cause."""
    for traceback, *_ in text.get("chain") or [[text.get("reprtraceback")]]:
        for frame in (traceback or {}).get("reprentries", ()):
            data = frame.get("data") or {}
            yield str((data.get("reprfileloc") or {}).get("path", ""))
            yield from map(str, data.get("lines") or ())
