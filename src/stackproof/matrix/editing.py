"""Change the rows of a matrix file; its comments, its layout and its line ends stay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from stackproof.base.records import write_atomically
from stackproof.errors import MatrixError, StackproofError
from stackproof.matrix.load import parse_matrix

__all__ = ["RowEdit", "add_row", "change_row", "row_text"]

Table = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class RowEdit:
    """What is to stand in a row, its tables as mappings with the keys that the file has.

    Of the other `values` all are set in a new row, and in another those that it has. `overrides`
    are by pin, each in place of the one that the row has. It does `without` these pins, too.
    Expected failures are strict, so those of checks that are `passing` go.
    """

    values: Table = field(default_factory=dict)
    overrides: Mapping[str, Table] = field(default_factory=dict)
    additions: Sequence[Table] = ()
    stages: Sequence[Table] = ()
    known_failures: Sequence[Table] = ()
    passing: Collection[str] = ()
    without: tuple[str, ...] = ()

    def put_into(self, row: Any, style: _Style) -> None:  # noqa: ANN401 - tomlkit's containers share no type
        """Change a row, as tomlkit has it."""
        for pin, values in self.overrides.items():
            entry = next((item for item in row.get("overrides", ()) if item["pin"] == pin), None)
            if entry is None:
                style.add(row, "overrides", {"pin": pin, **values})
            else:
                for key in {"version", "range"} - values.keys():
                    entry.pop(key, None)
                entry.update(values)
        if self.without:
            left_out = (*row.get("without", ()), *self.without)
            row["without"] = style.filled({"without": left_out})["without"]
        for addition in self.additions:
            style.add(row, "additions", addition)
        for stage in self.stages:
            style.add(row, "stages", stage)
        self._put_known_failures(row, style)

    def _put_known_failures(self, row: Any, style: _Style) -> None:  # noqa: ANN401 - see above
        known = row.get("known-failures", [])
        for number in reversed(range(len(known))):
            if known[number]["check"] in self.passing:
                del known[number]
        if "known-failures" in row and not known:
            del row["known-failures"]
        for failure in self.known_failures:
            style.add(row, "known-failures", failure)


@dataclass(frozen=True, kw_only=True)
class _Style:
    """How tables are written: under headers of their own, or in line."""

    table: Callable[[], Any]
    list: Callable[[], Any]

    def filled(self, values: Table) -> Any:  # noqa: ANN401 - tomlkit's containers share no type
        """Return a table of these values; lists stand an item a line."""
        table = self.table()
        for key, value in values.items():
            if isinstance(value, Mapping):
                table[key] = self.filled(value)
            elif isinstance(value, tuple):
                array = tomlkit.array()
                array.extend(value)
                table[key] = array.multiline(multiline=True)
            else:
                table[key] = value
        return table

    def add(self, row: Any, key: str, values: Table) -> None:  # noqa: ANN401 - tomlkit's containers share no type
        """Add a table to a list of a row, which begins with it where there is none."""
        if key not in row:
            row[key] = self.list()
        row[key].append(self.filled(values))


#: Under headers, as a matrix is mostly written.
_HEADERS = _Style(table=tomlkit.table, list=tomlkit.aot)
_IN_LINE = _Style(table=tomlkit.inline_table, list=tomlkit.array)


def add_row(file: Path, name: str, edit: RowEdit) -> None:
    """Add a row to a matrix file.

    Raises StackproofError, and writes nothing, where there is one of that name, or the file is laid
    out so that it cannot be changed.
    """

    def add(rows: Any, style: _Style) -> None:  # noqa: ANN401 - tomlkit's containers share no type
        if name in rows:
            raise StackproofError(f"{file.name} has a row {name!r} already; nothing was written")
        rows[name] = _new_row(edit, style)

    _edit_rows(file, add)


def change_row(file: Path, name: str, edit: RowEdit) -> None:
    """Change a row of a matrix file; raises StackproofError as `add_row` does."""

    def change(rows: Any, style: _Style) -> None:  # noqa: ANN401 - tomlkit's containers share no type
        row = rows[name]
        row.update({key: value for key, value in edit.values.items() if key in row})
        edit.put_into(row, style)

    _edit_rows(file, change)


def row_text(name: str, edit: RowEdit) -> str:
    """Return the TOML of a row to add."""
    document = tomlkit.document()
    document["rows"] = tomlkit.table(is_super_table=True)
    rows: Any = document["rows"]
    rows[name] = _new_row(edit, _HEADERS)
    return tomlkit.dumps(document)


def _new_row(edit: RowEdit, style: _Style) -> Any:  # noqa: ANN401 - tomlkit's containers share no type
    row = style.filled(edit.values)
    edit.put_into(row, style)
    return row


def _edit_rows(file: Path, change: Callable[[Any, _Style], None]) -> None:
    """Apply a change to the `rows` of a matrix file.

    `change` takes the rows, as tomlkit has them, and the style to write tables in. A row that
    stands in line can hold no table with a header, so it is given its own in line too.
    """
    text = file.read_bytes().decode("utf-8")
    wrong: Exception | None = None
    for style in (_HEADERS, _IN_LINE):
        document = tomlkit.parse(text.replace("\r\n", "\n"))
        try:
            change(document["rows"], style)
            changed = tomlkit.dumps(document)
            written = tomlkit.parse(changed).unwrap()
            parse_matrix(written, file=file.name)
        except (TOMLKitError, MatrixError, ValueError, TypeError) as error:
            wrong = error
            continue
        if written == document.unwrap():  # else a layout that tomlkit does not write back whole
            write_atomically(file, _with_ends_of(text, changed))
            return
    why = f" ({wrong})" if wrong else ""
    raise StackproofError(
        f"{file.name} is laid out so that its rows cannot be changed{why}; nothing was written"
    ) from wrong


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
