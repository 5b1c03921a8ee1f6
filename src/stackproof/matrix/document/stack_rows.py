"""Read a table that has one stack a row, and one package a column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from packaging.version import Version

from stackproof.matrix.document.names import label_of
from stackproof.matrix.document.pythons import oldest_python
from stackproof.matrix.document.requirement import read_install
from stackproof.matrix.document.stack import Install, Note, Variant, passed_over
from stackproof.matrix.document.tables import TableRow
from stackproof.matrix.document.words import is_absent, specifier_of
from stackproof.reasons.reason import reason

__all__ = ["StackRows"]

#: Heads of a column that names the stack, and is no package.
_LABELS = ("", "date", "image", "release", "stack", "tag", "version")
_ALTERNATIVES = re.compile(r"\s*/\s*|\s+or\s+")
_FEWEST = 2


@dataclass
class StackRows:
    """Collects the stacks of a document's tables of that form; `notes` say what they lack."""

    variants: list[Variant] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def read(self, tables: Sequence[Sequence[TableRow]]) -> None:
        """Read the first table that has a package a column and a stack a row."""
        for header, *rows in tables:
            heads = [_Head.of(cell) for cell in header.cells]
            if not _fits(heads, rows):
                continue
            if self.variants:
                why = reason("rows-of-one-table")
                self.notes.append(passed_over(" | ".join(header.cells), why, header.line))
                continue
            for row in rows:
                self._row(heads, row)

    def _row(self, heads: Sequence[_Head | None], row: TableRow) -> None:
        label = row.cells[0]
        try:
            python, installs = self._stack(heads, row)
        except ValueError as error:
            self.notes.append(passed_over(label, str(error), row.line))
            return
        first = heads[0]
        called = f"{first.name} {label}" if first and first.is_package else label
        self.variants.append(
            Variant(
                name=label_of(label, [variant.name for variant in self.variants]),
                summary=f"{called}, as line {row.line} has it.",
                line=row.line,
                python=python,
                installs=tuple(installs),
            )
        )

    def _stack(
        self, heads: Sequence[_Head | None], row: TableRow
    ) -> tuple[str | None, list[Install]]:
        """Return the Python of a row, and what it asks for; raise ValueError if it is no stack."""
        python, installs = None, []
        for head, cell in zip(heads, row.cells, strict=False):
            if head is None or is_absent(cell):
                continue
            if head.is_package:
                installs.append(self._install(head, cell, row.line))
            else:
                python = _python(cell)
        if not installs:
            raise ValueError("it names no package")
        return python, installs

    def _install(self, head: _Head, cell: str, line: int) -> Install:
        """Return what a cell asks for: of several releases the newest."""
        words = _ALTERNATIVES.split(cell)
        try:
            asked = dict(zip(map(specifier_of, words), words, strict=True))
        except ValueError as error:
            raise ValueError(f"of {head.name}, {error}") from error
        newest, *others = sorted(asked, key=_release, reverse=True)
        for other in others:
            why = reason("stands-beside", release=asked[newest])
            self.notes.append(passed_over(f"{head.name} {asked[other]}", why, line))
        return read_install(f"{head.name}{head.extras}{newest}", line)


@dataclass(frozen=True)
class _Head:
    """The head of a column: a package, or Python."""

    name: str
    extras: str

    @classmethod
    def of(cls, cell: str) -> _Head | None:
        """Return the head that a cell is, None for one that names the stack, or nothing known."""
        match = re.fullmatch(r"([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?", cell.strip())
        return cls(match[1], match[2] or "") if match and cell.lower() not in _LABELS else None

    @property
    def is_package(self) -> bool:
        """Whether it is no column of Python's own versions."""
        return self.name.lower() != "python"


def _fits(heads: Sequence[_Head | None], rows: Sequence[TableRow]) -> bool:
    """Tell whether all columns but the first are packages, and most of their cells versions."""
    packages = [n for n, head in enumerate(heads) if head is not None and head.is_package]
    if len(packages) < _FEWEST or None in heads[1:]:
        return False
    cells = [row.cells[n] for row in rows for n in packages if n < len(row.cells)]
    return sum(map(_says_version, cells)) * 2 > len(cells)


def _says_version(cell: str) -> bool:
    try:
        return bool([specifier_of(word) for word in _ALTERNATIVES.split(cell)])
    except ValueError:
        return False


def _release(specifier: str) -> Version:
    return Version(re.findall(r"\d[^,*]*", specifier)[0].rstrip("."))


def _python(cell: str) -> str:
    """Return the oldest Python that a cell names; raise ValueError where no row can have one."""
    plain = re.match(r"v?(3\.\d+)\b", cell)
    python = plain[1] if plain else oldest_python(cell)
    if python is None:
        raise ValueError(f"no Python 3 is in {cell!r}")
    return python
