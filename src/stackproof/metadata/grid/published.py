"""Read a published grid, in Markdown or reStructuredText."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from docutils.core import publish_doctree
from markdown_it import MarkdownIt
from packaging.version import Version

from stackproof.errors import StackproofError
from stackproof.metadata.grid.record import Axis, State, Versions

__all__ = ["read_published"]

_CONFLICT = {"x", "✗", "✘", "❌", "✖", "no", "conflict"}
_COMPATIBLE = {"", "✓", "✔", "✅", "o", "yes", "ok", "compatible"}
_UNKNOWN = {"?", "unknown", "n/a"}
_LABEL = re.compile(r"\d+(?:\.\d+)*")
#: Above the worst level of docutils: a published page may use what only its own tools know.
_SILENT = 5

_Table = list[list[str]]


def read_published(file: Path, axes: tuple[Axis, Axis]) -> dict[Versions, State]:
    """Return the cells of the file's tables whose rows and columns are versions of the axes.

    A label such as 2.2 stands for every version of the axis that begins so. Raises StackproofError
    if the file cannot be read, shares no cell with the axes, has a mark of unknown meaning, or says
    two things of one cell.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StackproofError(f"{file}: cannot be read ({error})") from error
    found: dict[Versions, State] = {}
    for table in (*_pipe_tables(text), *_rst_tables(text)):
        upright = _cells(table, axes, file)
        lying = {(a, b): at for (b, a), at in _cells(table, (axes[1], axes[0]), file).items()}
        more = upright if len(upright) >= len(lying) else lying
        twice = next((cell for cell in more if found.get(cell, more[cell]) != more[cell]), None)
        if twice is not None:
            raise StackproofError(f"{file}: its tables contradict each other for {'/'.join(twice)}")
        found |= more
    if not found:
        raise StackproofError(
            f"{file}: no table has versions of {axes[0].name} and {axes[1].name} as its rows and "
            "columns; pipe tables of Markdown are read, grid and simple ones of reStructuredText"
        )
    return found


def _pipe_tables(text: str) -> Iterator[_Table]:
    """Yield the cells of each table of Markdown."""
    rows: _Table = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "table_open":
            rows = []
        elif token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append(token.content)
        elif token.type == "table_close":
            yield rows
            rows = []


def _rst_tables(text: str) -> Iterator[_Table]:
    """Yield the cells of each table of reStructuredText, grid or simple; nothing else is run."""
    quiet = {"report_level": _SILENT, "halt_level": _SILENT, "file_insertion_enabled": False}
    document = publish_doctree(text, settings_overrides={**quiet, "raw_enabled": False})
    for table in document.findall(nodes.table):
        yield [
            [_said(cell) for cell in row.findall(nodes.entry)] for row in table.findall(nodes.row)
        ]


def _said(cell: nodes.entry) -> str:
    """Return the text of a cell, without what docutils remarks on it."""
    parts = (part for part in cell.children if not isinstance(part, nodes.system_message))
    return "\n".join(part.astext() for part in parts)


def _cells(table: _Table, axes: tuple[Axis, Axis], file: Path) -> dict[Versions, State]:
    """Return what a table says where its rows are the first axis, its columns the second."""
    header, *rows = table
    columns = {number: _meant(label, axes[1]) for number, label in enumerate(header) if number > 0}
    return {
        (one, other): _state(row[number], file)
        for row in rows
        for one in _meant(row[0], axes[0])
        for number, versions in columns.items()
        for other in versions
        if number < len(row)
    }


def _meant(label: str, axis: Axis) -> list[str]:
    """Return the versions of an axis that a label stands for, itself before what it begins."""
    found = _LABEL.search(label)
    if found is None:
        return []
    head = Version(found[0]).release
    equal = [item for item in axis.versions if Version(item) == Version(found[0])]
    return equal or [item for item in axis.versions if Version(item).release[: len(head)] == head]


def _state(mark: str, file: Path) -> State:
    plain = mark.strip("*`_ ").lower()
    if plain in _CONFLICT:
        return "conflict"
    if plain in _COMPATIBLE:
        return "compatible"
    if plain in _UNKNOWN:
        return "unknown"
    raise StackproofError(f"{file}: {mark!r} in its table is no mark that is known (x, ✓, ?)")
