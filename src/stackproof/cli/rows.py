"""Find the row that a user names, among the matrices of a folder."""

from __future__ import annotations

from pathlib import Path

from stackproof.base.text import nearest
from stackproof.errors import StackproofError
from stackproof.matrix.files import find_matrices
from stackproof.matrix.load import load_matrix
from stackproof.matrix.model import Matrix

__all__ = ["find_row"]


def find_row(text: str | None, folder: Path, usual: str = "") -> tuple[str, str, Matrix]:
    """Return matrix name, row name and matrix of `[MATRIX/]ROW`, from the matrices of a folder.

    Where a user names none, it is the row called `usual`, or the only one that a plain
    `nox -s verify` runs. Raises StackproofError if there is no such row, or more than one. A matrix
    that cannot be used is in the way only where none is named, or that one.
    """
    wanted, _, row = (text or usual).rpartition("/")
    files = find_matrices(folder)
    looked_at = [wanted] if wanted in files else [*files]
    matrices = {name: load_matrix(files[name]) for name in looked_at}
    found = [
        name for name, matrix in matrices.items() if row in matrix.rows and wanted in ("", name)
    ]
    if text is None and not found:
        run = [
            (name, row) for name, of in matrices.items() for row in of.rows if of.rows[row].default
        ]
        if len(run) == 1:
            ((name, row),) = run
            return name, row, matrices[name]
    if len(found) != 1:
        every = [f"{name}/{row}" for name, matrix in matrices.items() for row in matrix.rows]
        what = "no row" if not found else "more than one row"
        raise StackproofError(
            f"there is {what} {text or usual!r}; name one as MATRIX/ROW; "
            f"{nearest(text or usual, every)}"
        )
    return found[0], row, matrices[found[0]]
