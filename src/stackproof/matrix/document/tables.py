"""Find the version tables of a Markdown document, and read their rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it.token import Token

from stackproof.errors import Problem
from stackproof.matrix.document.names import distribution, is_name
from stackproof.matrix.document.problems import problem
from stackproof.matrix.document.stack import Listed
from stackproof.matrix.document.words import specifier_of

__all__ = ["TableReader", "TableRow", "all_tables", "broken_tables"]

_NAME_HEADS = ("package", "distribution", "library", "name", "패키지", "라이브러리")
_VERSION_HEADS = ("version", "버전")
_AREA_HEADS = ("area", "category", "group", "구분", "분류")
_MARKS = re.compile(r"^[\s✅✔❌⚠️✓☑]+")
_PYTHON = re.compile(r"^(?:>=|~=|==)?\s*(3\.\d+)(?:\.(?:x|\*|\d+)|\+)?$")
#: What may stand before the first `|` of a row in a quotation or a list.
_CONTAINERS = re.compile(r"^[\s>]*(?:(?:[-*+]|\d+[.)])\s+)?(?=\|)")


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """A row of a table as its reader sees it, and its line."""

    line: int
    cells: tuple[str, ...]


@dataclass
class TableReader:
    """Collects what the version tables of a document list.

    `lines` are the document's, `installed` the names that its commands use.
    """

    file: str
    lines: Sequence[str]
    installed: frozenset[str]
    found: bool = False
    python: str | None = None
    python_line: int = 1
    listed: list[Listed] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def read(self, tokens: Sequence[Token]) -> None:
        """Read each table that has a column for packages and one for versions."""
        for header, *rows in all_tables(tokens):
            columns = _Columns.of(header.cells)
            if columns is not None:
                self.found = True
                self._read(columns, rows, len(header.cells))

    def _read(self, columns: _Columns, rows: Sequence[TableRow], width: int) -> None:
        area = "-"
        for row in rows:
            label, version = _bare(row.cells[columns.name]), row.cells[columns.version]
            if columns.area is not None and row.cells[columns.area]:
                area = row.cells[columns.area]
            wrong = _wrong(label, version, len(_split(self.lines[row.line - 1])), width)
            if wrong is not None:
                self.problems.append(problem(self.file, row.line, wrong))
            elif label.lower() == "python":
                self._take_python(version, row.line)
            else:
                self.listed.append(self._listed(columns, row, label, version, area))

    def _take_python(self, version: str, line: int) -> None:
        match = _PYTHON.match(version)
        self.python, self.python_line = (match[1] if match else None), line

    def _listed(
        self, columns: _Columns, row: TableRow, label: str, version: str, area: str
    ) -> Listed:
        special = {columns.name, columns.version, columns.area}
        remarks = [_MARKS.sub("", cell) for n, cell in enumerate(row.cells) if n not in special]
        return Listed(
            line=row.line,
            label=label,
            name=distribution(label, self.installed),
            version=version,
            area=area,
            remarks=tuple(filter(None, remarks)),
        )


@dataclass(frozen=True)
class _Columns:
    """At which positions a table has what."""

    name: int
    version: int
    area: int | None

    @classmethod
    def of(cls, header: Sequence[str]) -> _Columns | None:
        """Return the columns of a version table, None for another table."""
        heads = [cell.lower() for cell in header]
        version = _column(heads, _VERSION_HEADS, ())
        name = _column(heads, _NAME_HEADS, (version,))
        if name is None or version is None:
            return None
        return cls(name, version, _column(heads, _AREA_HEADS, (name, version)))


def broken_tables(tokens: Sequence[Token], lines: Sequence[str], file: str) -> Iterator[Problem]:
    """Yield a problem for each version table, or part of one, that Markdown takes for text."""
    headers = [rows[0].cells for rows in all_tables(tokens)]
    widths = {len(cells) for cells in headers if _Columns.of(cells) is not None}
    for token in tokens:
        begin, end = token.map or (0, 0)
        if token.type != "paragraph_open" or not _is_row(lines[begin]):
            continue
        rows = [line for line in lines[begin:end] if _is_row(line)]
        if _Columns.of(_split(rows[0])) is not None:
            yield problem(file, begin + 1, _why_no_table(rows))
        elif len(_split(rows[0])) in widths and len(rows) == end - begin:
            message = (
                "the row stands outside of a table; leave no empty line before it, and no "
                "indentation"
            )
            yield problem(file, begin + 1, message)


def _why_no_table(rows: Sequence[str]) -> str:
    below = rows[1] if len(rows) > 1 else ""
    if below and set(_CONTAINERS.sub("", below)) <= set("|-: \t"):
        return (
            f"the table is broken: its header has {len(_split(rows[0]))} columns and the line "
            f"below it {len(_split(below))}"
        )
    return "the table is broken: below its header there is no line such as |---|---|"


def all_tables(tokens: Sequence[Token]) -> Iterator[list[TableRow]]:
    """Yield the rows of each table, its header first."""
    rows: list[TableRow] = []
    cells: list[str] = []
    line = 0
    for token in tokens:
        if token.type == "table_open":
            rows = []
        elif token.type == "tr_open":
            cells, line = [], (token.map or [0])[0] + 1
        elif token.type == "inline":
            cells.append(_shown(token))
        elif token.type == "tr_close":
            rows.append(TableRow(line=line, cells=tuple(cells)))
        elif token.type == "table_close":
            yield rows


def _shown(token: Token) -> str:
    """Return the words of a cell as a reader sees them: no emphasis, no addresses of links."""
    return "".join(map(_said, token.children or [])).strip()


def _said(part: Token) -> str:
    if part.type in ("text", "code_inline"):
        return part.content
    return " " if part.type == "html_inline" and part.content.lower().startswith("<br") else ""


def _bare(label: str) -> str:
    """Return a package's word without extras such as `[standard]`."""
    return re.sub(r"\s*\[[^\]]*\]$", "", label)


def _column(heads: Sequence[str], words: Sequence[str], taken: Sequence[int | None]) -> int | None:
    fitting = (n for n, head in enumerate(heads) if any(word in head for word in words))
    return next((n for n in fitting if n not in taken), None)


def _is_row(line: str) -> bool:
    return _CONTAINERS.sub("", line).startswith("|")


def _split(line: str) -> list[str]:
    """Return the cells of a row as they are written."""
    bare = _CONTAINERS.sub("", line).strip().removeprefix("|")
    bare = bare[:-1] if bare.endswith("|") and not bare.endswith("\\|") else bare
    return re.split(r"(?<!\\)\|", bare)


def _wrong(label: str, version: str, width: int, columns: int) -> str | None:
    if width != columns:
        return f"the table has {columns} columns and the row {width}"
    if not label or not is_name(label):
        return f"{label!r} is not a name of a package"
    if label.lower() == "python":
        return None if _PYTHON.match(version) else f"{version!r} is not a version of Python 3"
    try:
        specifier_of(version)
    except ValueError:
        return f"{label}: {version!r} is not a version"
    return None
