"""The rows that nox offers, from every matrix of a folder."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from stackproof.errors import MatrixError, StackproofError
from stackproof.matrix import Matrix, find_matrices, load_matrix
from stackproof.matrix.references import nearest
from stackproof.plan import make_plan

__all__ = ["RowChoice", "find_row", "rows"]


@dataclass(frozen=True, kw_only=True)
class RowChoice:
    """A row that nox offers: the matrix file, the row's name, its Python version."""

    file: Path
    row: str
    python: str
    default: bool

    def __str__(self) -> str:
        """Return `<matrix>/<row>`, as sessions and report folders are named."""
        return f"{self.file.stem}/{self.row}"


def rows(folder: Path) -> list[RowChoice]:
    """Return the rows of every matrix of a folder, in the order of the files.

    Ends the process with exit code 2 and every problem of every matrix that cannot be used.
    """
    choices: list[RowChoice] = []
    problems: list[str] = []
    for name, file in find_matrices(folder).items():
        try:
            matrix = load_matrix(file)
        except MatrixError as error:
            problems.append(str(error))
            continue
        for row in matrix.rows:
            plan = make_plan(matrix, name=name, row=row)
            default = matrix.rows[row].default
            choices.append(RowChoice(file=file, row=row, python=plan.python, default=default))
    if problems:
        print("\n".join(problems), file=sys.stderr)  # noqa: T201 - nox has no session to tell yet
        raise SystemExit(2)
    return choices


def find_row(text: str, folder: Path) -> tuple[str, str, Matrix]:
    """Return matrix name, row name and matrix of `[MATRIX/]ROW`, from the matrices of a folder.

    Raises StackproofError if there is no such row, or more than one.
    """
    wanted, _, row = text.rpartition("/")
    matrices = {name: load_matrix(file) for name, file in find_matrices(folder).items()}
    found = [
        name for name, matrix in matrices.items() if row in matrix.rows and wanted in ("", name)
    ]
    if len(found) != 1:
        every = [f"{name}/{row}" for name, matrix in matrices.items() for row in matrix.rows]
        what = "no row" if not found else "more than one row"
        raise StackproofError(
            f"there is {what} {text!r}; name one with --row; {nearest(text, every)}"
        )
    return found[0], row, matrices[found[0]]
