"""The rows that nox offers, from every matrix of a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stackproof.errors import MatrixError
from stackproof.matrix import find_matrices, load_matrix
from stackproof.plan import make_plan

__all__ = ["RowChoice", "rows"]


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

    Raises SystemExit with every problem of every matrix that cannot be used.
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
        raise SystemExit("\n".join(problems))
    return choices
