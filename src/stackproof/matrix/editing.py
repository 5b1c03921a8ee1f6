"""Change the rows of a matrix file; its comments, its layout and its line ends stay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from stackproof.base.records import write_atomically
from stackproof.errors import MatrixError, StackproofError
from stackproof.matrix.load import parse_matrix

__all__ = ["HEADERS", "Style", "add_entry", "drop_known_failures", "edit_rows", "set_override"]


@dataclass(frozen=True, kw_only=True)
class Style:
    """How tables are written: under headers of their own, or in line."""

    table: Callable[[], Any]
    list: Callable[[], Any]

    def filled(self, values: Mapping[str, object]) -> Any:  # noqa: ANN401 - tomlkit's containers share no type
        """Return a table of these values."""
        table = self.table()
        for key, value in values.items():
            table[key] = self.filled(value) if isinstance(value, dict) else value
        return table


#: Under headers, as a matrix is mostly written.
HEADERS = Style(table=tomlkit.table, list=tomlkit.aot)
_IN_LINE = Style(table=tomlkit.inline_table, list=tomlkit.array)


def edit_rows(file: Path, change: Callable[[Any, Style], str]) -> str:
    """Apply a change to the `rows` of a matrix file; return what it returns, the name of a row.

    `change` takes the rows, as tomlkit has them, and the style to write tables in. A row that
    stands in line can hold no table with a header, so it is given its own in line too.
    Raises StackproofError, and writes nothing, where neither makes a good matrix.
    """
    text = file.read_bytes().decode("utf-8")
    wrong: Exception | None = None
    for style in (HEADERS, _IN_LINE):
        document = tomlkit.parse(text.replace("\r\n", "\n"))
        try:
            name = change(document["rows"], style)
            changed = tomlkit.dumps(document)
            written = tomlkit.parse(changed).unwrap()
            parse_matrix(written, file=file.name)
        except (TOMLKitError, MatrixError, ValueError, TypeError) as error:
            wrong = error
            continue
        if written == document.unwrap():  # else a layout that tomlkit does not write back whole
            write_atomically(file, _with_ends_of(text, changed))
            return name
    why = f" ({wrong})" if wrong else ""
    raise StackproofError(
        f"{file.name} is laid out so that its rows cannot be changed{why}; nothing was written"
    ) from wrong


def set_override(row: Any, pin: str, values: Mapping[str, object], style: Style) -> None:  # noqa: ANN401 - tomlkit's containers share no type
    """Set the override of a pin in a row, in place of the one that it has."""
    entry = next((item for item in row.get("overrides", ()) if item["pin"] == pin), None)
    if entry is None:
        add_entry(row, "overrides", {"pin": pin, **values}, style)
    else:
        entry.update(values)


def add_entry(row: Any, key: str, values: Mapping[str, object], style: Style) -> None:  # noqa: ANN401 - tomlkit's containers share no type
    """Add a table to a list of a row, which begins with it where there is none."""
    if key not in row:
        row[key] = style.list()
    row[key].append(style.filled(values))


def drop_known_failures(row: Any, checks: Collection[str]) -> None:  # noqa: ANN401 - tomlkit's containers share no type
    """Take out the known failures of the checks that pass now: known failures are strict."""
    known = row.get("known-failures", [])
    for number in reversed(range(len(known))):
        if known[number]["check"] in checks:
            del known[number]
    if "known-failures" in row and not known:
        del row["known-failures"]


def _with_ends_of(before: str, after: str) -> str:
    """Return a changed text with the line ends of the one before: a new line has those of most."""
    windows = before.count("\r\n")
    if windows in (0, before.count("\n")):
        return after.replace("\n", "\r\n") if windows else after
    old, new = before.split("\n"), after.split("\n")
    usual = "\r\n" if windows * 2 > before.count("\n") else "\n"
    ends = ["\r\n" if line.endswith("\r") else "\n" for line in old[:-1]] + [""]
    matcher = SequenceMatcher(None, [line.removesuffix("\r") for line in old], new, autojunk=False)
    kept = {
        block.b + number: ends[block.a + number]
        for block in matcher.get_matching_blocks()
        for number in range(block.size)
    }
    lines = [line + (kept.get(number) or usual) for number, line in enumerate(new[:-1])]
    return "".join([*lines, new[-1]])
