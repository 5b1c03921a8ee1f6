"""Find the row that a user names, among the matrices of a folder."""

from __future__ import annotations

from pathlib import Path

from stackproof.base.text import nearest
from stackproof.errors import StackproofError
from stackproof.matrix.files import find_matrices
from stackproof.matrix.load import load_matrix
from stackproof.matrix.model import Matrix

__all__ = ["find_row"]


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
