"""Read a Markdown document: its version table and the install commands of its code blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token
from packaging.version import InvalidVersion, Version

from stackproof.document.commands import CommandReader
from stackproof.document.names import distribution, is_name
from stackproof.document.problems import DocumentError, problem
from stackproof.document.stack import Listed, Stack
from stackproof.errors import Problem

__all__ = ["read_markdown"]

_SHELLS = ("", "bash", "sh", "shell", "console", "zsh", "text")
_NAME_HEADS = ("package", "distribution", "library", "name", "패키지", "라이브러리")
_VERSION_HEADS = ("version", "버전")
_AREA_HEADS = ("area", "category", "group", "구분", "분류")
_MARKS = re.compile(r"^[\s✅✔❌⚠️✓☑]+")
_PYTHON = re.compile(r"^(3\.\d+)(?:\.(?:x|\*|\d+))?$")


@dataclass(frozen=True, kw_only=True)
class _Row:
    line: int
    cells: tuple[str, ...]


def read_markdown(text: str, *, name: str, file: str) -> Stack:
    """Return the stack of a document; `file` names it in problems.

    Raises DocumentError with every problem: no version table, a broken one, a code block that is
    never closed, a version that is none, a name that is none.
    """
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    lines = text.splitlines()
    problems = list(_broken(tokens, lines, file))
    reader = CommandReader(file)
    title = _read_blocks(tokens, reader) or name
    problems += reader.problems
    table = _table(tokens)
    if table is None and not problems:
        message = "there is no table with a column for packages and one for versions"
        problems.append(problem(file, 1, message))
    rows = table or []
    installed = {item.name for command in reader.commands for item in command.installs}
    python, python_line, listed = _listed(rows, lines, file, installed, problems)
    if problems:
        raise DocumentError(problems)
    return Stack(
        name=name,
        file=file,
        title=title,
        python=python,
        python_line=python_line,
        has_table=True,
        listed=tuple(listed),
        commands=tuple(reader.commands),
        notes=(),
    )


def _broken(tokens: Sequence[Token], lines: Sequence[str], file: str) -> Iterator[Problem]:
    """Yield what Markdown itself passes over: blocks left open, tables that are taken for text."""
    for token in tokens:
        begin, end = token.map or (0, 0)
        if token.type == "fence":
            last = lines[end - 1].strip() if end - 1 > begin else ""
            if not (last.startswith(token.markup) and not last.strip(token.markup[0])):
                yield problem(file, begin + 1, f"the code block is never closed by {token.markup}")
        elif token.type == "inline" and lines[begin].lstrip().startswith("|"):
            rest = [line for line in lines[begin:end] if line.lstrip().startswith("|")]
            if len(rest) > 1 and set(rest[1]) <= set("|-: \t"):
                yield problem(
                    file,
                    begin + 2,
                    f"the table is broken: its header has {_width(rest[0])} columns and the line "
                    f"below it {_width(rest[1])}",
                )


def _width(line: str) -> int:
    bare = line.strip().removeprefix("|")
    bare = bare[:-1] if bare.endswith("|") and not bare.endswith("\\|") else bare
    return len(re.split(r"(?<!\\)\|", bare))


def _read_blocks(tokens: Sequence[Token], reader: CommandReader) -> str:
    """Hand every shell block to the reader with its headings; return the document's title."""
    title = section = step = ""
    for before, token in zip((None, *tokens), tokens, strict=False):
        if before is not None and before.type == "heading_open":
            step = token.content
            title = title or (step if before.tag == "h1" else "")
            section = step if before.tag in ("h1", "h2") else section
        elif token.type == "fence" and token.info.strip().lower() in _SHELLS and token.map:
            reader.read(token.content, line=token.map[0] + 2, section=section, step=step)
    return title


def _table(tokens: Sequence[Token]) -> list[_Row] | None:
    """Return the rows, header first, of the first table that has packages and versions."""
    for table in _tables(tokens):
        heads = [cell.lower() for cell in table[0].cells]
        if _column(heads, _NAME_HEADS) is not None and _column(heads, _VERSION_HEADS) is not None:
            return table
    return None


def _tables(tokens: Sequence[Token]) -> Iterator[list[_Row]]:
    rows: list[_Row] = []
    cells: list[str] = []
    line = 0
    for token in tokens:
        if token.type == "table_open":
            rows = []
        elif token.type == "tr_open":
            cells, line = [], (token.map or [0])[0] + 1
        elif token.type == "inline":
            cells.append(_plain(token.content))
        elif token.type == "tr_close":
            rows.append(_Row(line=line, cells=tuple(cells)))
        elif token.type == "table_close":
            yield rows


def _plain(text: str) -> str:
    return text.replace("**", "").replace("`", "").strip()


def _column(heads: Sequence[str], words: Sequence[str]) -> int | None:
    return next((n for n, head in enumerate(heads) if any(word in head for word in words)), None)


def _listed(
    rows: Sequence[_Row],
    lines: Sequence[str],
    file: str,
    installed: set[str],
    problems: list[Problem],
) -> tuple[str | None, int, list[Listed]]:
    """Return Python's version and line, and the packages; add what is wrong to `problems`."""
    if not rows:
        return None, 1, []
    heads = [cell.lower() for cell in rows[0].cells]
    name_at, version_at = _column(heads, _NAME_HEADS) or 0, _column(heads, _VERSION_HEADS) or 0
    area_at = _column(heads, _AREA_HEADS)
    python, python_line, area = None, rows[0].line, "-"
    found: list[Listed] = []
    for row in rows[1:]:
        label, version = row.cells[name_at], row.cells[version_at]
        if area_at is not None and row.cells[area_at]:
            area = row.cells[area_at]
        if wrong := _wrong(label, version, _width(lines[row.line - 1]), len(heads)):
            problems.append(problem(file, row.line, wrong))
        elif label.lower() == "python":
            match = _PYTHON.match(version)
            python, python_line = (match[1] if match else None), row.line
        else:
            special = {name_at, version_at, area_at}
            remarks = [_MARKS.sub("", cell) for n, cell in enumerate(row.cells) if n not in special]
            found.append(
                Listed(
                    line=row.line,
                    label=label,
                    name=distribution(label, installed),
                    version=version,
                    area=area,
                    remarks=tuple(filter(None, remarks)),
                )
            )
    return python, python_line, found


def _wrong(label: str, version: str, width: int, columns: int) -> str | None:
    if width != columns:
        return f"the row has {width} cells and the table {columns} columns"
    if not label or not is_name(label):
        return f"{label!r} is not a name of a package"
    if label.lower() == "python":
        return None if _PYTHON.match(version) else f"{version!r} is not a version of Python 3"
    try:
        Version(version)
    except InvalidVersion:
        return f"{label}: {version!r} is not a version"
    return None
