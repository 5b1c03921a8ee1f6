"""Find the line of a TOML file on which a table or a key stands, so that it can be pointed at.

No library keeps the lines of what it reads. Files that come here have been read by one, so this
scanner may take it that the text is valid TOML.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Lines", "Place"]

Place = tuple[str | int, ...]

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*')"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"^\s*(\[\[?)\s*({_DOTTED})\s*\]")
_ASSIGNMENT = re.compile(rf"^\s*({_DOTTED})\s*=")
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}]',
    re.DOTALL,
)


class Lines:
    """The lines, counted from 1, of the tables and keys of one TOML file."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Place, int] = {}
        self._counts: dict[Place, int] = defaultdict(int)
        table: Place = ()
        for number, statement in _statements(text):
            if header := _HEADER.match(statement):
                table = self._open(_parts(header[2]), is_array=header[1] == "[[")
                self._lines.setdefault(table, number)
            elif assignment := _ASSIGNMENT.match(statement):
                key = (*table, *_parts(assignment[1]))
                self._lines.setdefault(key, number)
                for place, begin in enumerate(_inline_tables(statement, assignment.end())):
                    self._lines.setdefault((*key, place), number + statement.count("\n", 0, begin))

    @classmethod
    def of(cls, path: Path) -> Lines:
        """Read a file that is known to be TOML."""
        return cls(path.read_text(encoding="utf-8"))

    def line(self, place: Place) -> int:
        """Return the line of a place, or else of the nearest table around it, or else 1."""
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def _open(self, parts: Place, *, is_array: bool) -> Place:
        """Return the place that a header names: an array's last table stands for the array."""
        place: Place = ()
        for part in parts[:-1]:
            place = (*place, part)
            if place in self._counts:
                place = (*place, self._counts[place] - 1)
        place = (*place, parts[-1])
        if is_array:
            self._counts[place] += 1
            place = (*place, self._counts[place] - 1)
        return place


def _parts(dotted: str) -> Place:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))


def _inline_tables(statement: str, begin: int) -> Iterator[int]:
    """Yield where each table of an array begins, if what begins here is such an array."""
    depth = 0
    for token in _TOKEN.finditer(statement, begin):
        if depth == 1 and token[0] == "{" and statement[begin:].lstrip().startswith("["):
            yield token.start()
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, text from there) of each statement; a value may go over many lines."""
    begin, number = 0, 1
    while begin < len(text):
        end = _end(text, begin)
        yield number, text[begin:end]
        number += text.count("\n", begin, end + 1)
        begin = end + 1


def _end(text: str, begin: int) -> int:
    """Return where the statement that begins here ends: the first line end outside of a value."""
    position = begin
    # A header's own brackets pair up, so it needs no case of its own.
    depth = 0
    while True:
        newline = text.find("\n", position)
        token = _TOKEN.search(text, position)
        if depth <= 0 and (token is None or -1 < newline < token.start()):
            return newline if newline != -1 else len(text)
        if token is None:
            return len(text)
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        position = token.end()
