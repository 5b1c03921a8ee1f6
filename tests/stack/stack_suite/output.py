"""What a check and its process said, cut to what evidence can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# Lines, not characters: in a deep folder each frame of a traceback is longer, and what a known
# failure is known by must not fall out for that.
_LINES = 200
_WIDTH = 1000
_MOST_BYTES = _LINES * _WIDTH * 4
# As in stackproof's own text.py, which reads what is written here.
_MOST_CHARACTERS = 1 << 18
_ROOM_FOR_THE_CUT = 100


def bounded(text: str) -> str:
    """Return the beginning and the end of a long text, and between them how much was cut."""
    if len(text) <= _MOST_CHARACTERS:
        return text
    half = (_MOST_CHARACTERS - _ROOM_FOR_THE_CUT) // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters were cut ...]\n{text[-half:]}"


def bounded_data(data: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return JSON data with each text in it bounded, and so each list of lines as one text."""
    if isinstance(data, str):
        return bounded(data)
    if isinstance(data, dict):
        return {key: bounded_data(value) for key, value in data.items()}
    if not isinstance(data, list):
        return data
    if len(data) > _LINES and all(isinstance(line, str) for line in data):
        return bounded("\n".join(data)).split("\n")
    return [bounded_data(value) for value in data]


def end_of(output: str) -> str:
    """Return the last 200 lines, each of them up to its 1000th character."""
    return "\n".join(line[:_WIDTH] for line in output.strip().splitlines()[-_LINES:])


def end_of_log(log: Path) -> str:
    """Return the same of a file, of which no more is read than that can be; "" if it is gone."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _MOST_BYTES))
            return end_of(file.read().decode(errors="replace"))
    except OSError:
        return ""


def sayable(text: str) -> str:
    """Return text with a question mark for each half of a character, which no log can hold."""
    return text.encode(errors="replace").decode()
