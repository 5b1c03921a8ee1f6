"""The rows that nox offers, from every matrix of a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stackproof.base.text import nearest, plain
from stackproof.errors import MatrixError, StackproofError
from stackproof.matrix.load import find_matrices, load_matrix
from stackproof.matrix.model import Matrix

__all__ = ["RowChoice", "find_row", "rows"]


@dataclass(frozen=True, kw_only=True)
class RowChoice:
    """A row that nox offers: the matrix file, the row's name, its Python version.

    A matrix that cannot be used stands here itself, with its `problems`, and with no row.
    """

    file: Path
    row: str
    python: str | None
    default: bool
    problems: str = ""

    def __str__(self) -> str:
        """Return `<matrix>/<row>`, as sessions and report folders are named."""
        return f"{self.file.stem}/{self.row}" if self.row else self.file.stem


def rows(folder: Path) -> list[RowChoice]:
    """Return the rows of every matrix of a folder, in the order of the files.

    Matrices that cannot be used come first, and what is wrong with them is printed: sessions that
    need no row go on without them, and those that verify rows fail.
    """
    choices: list[RowChoice] = []
    bad: list[RowChoice] = []
    for file in find_matrices(folder).values():
        try:
            choices += _rows(file, load_matrix(file))
        except MatrixError as error:
            bad.append(
                RowChoice(file=file, row="", python=None, default=True, problems=plain(str(error)))
            )
    for choice in bad:
        print(choice.problems, file=sys.stderr)  # noqa: T201 - nox has no session to tell yet
    return bad + choices


def _rows(file: Path, matrix: Matrix) -> Iterator[RowChoice]:
    for row, its in matrix.rows.items():
        yield RowChoice(file=file, row=row, python=matrix.python_of(row), default=its.default)


def find_row(text: str, folder: Path) -> tuple[str, str, Matrix]:
    """Return matrix name, row name and matrix of `[MATRIX/]ROW`, from the matrices of a folder.

    Raises StackproofError if there is no such row, or more than one. A matrix that cannot be used
    is in the way only where none is named, or that one.
    """
    wanted, _, row = text.rpartition("/")
    files = find_matrices(folder)
    looked_at = [wanted] if wanted in files else [*files]
    matrices = {name: load_matrix(files[name]) for name in looked_at}
    found = [
        name for name, matrix in matrices.items() if row in matrix.rows and wanted in ("", name)
    ]
    if len(found) != 1:
        every = [f"{name}/{row}" for name, matrix in matrices.items() for row in matrix.rows]
        what = "no row" if not found else "more than one row"
        raise StackproofError(
            f"there is {what} {text!r}; name one as MATRIX/ROW; {nearest(text, every)}"
        )
    return found[0], row, matrices[found[0]]
