"""Read a TOML file together with the lines of what it says, for notes and problems."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from stackproof.matrix.document.problems import DocumentError, problem
from stackproof.matrix.document.text import line_of, read_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["TomlText"]


class TomlText:
    """The `data` of a TOML file, and its text.

    Raises DocumentError for what is no TOML.
    """

    def __init__(self, path: Path) -> None:
        self.file = path.name
        self._text = "\n".join(read_text(path).splitlines())
        try:
            self.data: dict[str, Any] = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            raise DocumentError([problem(path.name, 1, f"is not TOML ({error})")]) from error

    def entries(self, name: str) -> list[tuple[int | None, Any]]:
        """Return each table of the array `[[name]]` with its line."""
        headers = [
            n for n, line in enumerate(self._text.split("\n"), 1) if line.strip() == f"[[{name}]]"
        ]
        entries = self.data.get(name, [])
        same = len(headers) == len(entries)
        return list(zip(headers if same else [None] * len(entries), entries, strict=True))

    def line(self, text: str, *, behind: str = "") -> int | None:
        """Return the number of the first line with a text, behind one with another."""
        begin = line_of(self._text, behind) if behind else 0
        return line_of(self._text, text, after=(begin or 1) - 1)

    def keys(self, table: str) -> dict[str, int | None]:
        """Return the line of each key of the table `[table]`, where it has a header."""
        found: dict[str, int | None] = {}
        inside = False
        for number, line in enumerate(self._text.split("\n"), start=1):
            if line.lstrip().startswith("["):
                inside = line.strip() == f"[{table}]"
            elif inside and "=" in line:
                found.setdefault(line.partition("=")[0].strip().strip("\"'"), number)
        return found
