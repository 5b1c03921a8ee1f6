"""What closes the issues on rows that the matrices of a checkout have no more."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from stackproof.ci.issue_texts import IssueText, templates
from stackproof.ci.told import mark, short
from stackproof.errors import StackproofError
from stackproof.evidence.history.file import read_history
from stackproof.evidence.reports import InReports
from stackproof.matrix.files import find_matrices
from stackproof.matrix.load import load_matrix

__all__ = ["gone_texts"]


def gone_texts(rows: Iterable[str], *, matrices: Path, reports: Path) -> tuple[IssueText, ...]:
    """Return what there is to say of each of these rows that is in no matrix any more.

    A matrix that cannot be read tells nothing of its rows. One that is not there does only if the
    history has runs of it: issues of another project may be kept in the same place.
    """
    files = find_matrices(matrices)
    if not files:
        return ()  # no folder of matrices, rather than one that lost them all
    ours = {entry.matrix for entry in read_history(reports / InReports.HISTORY)}
    found = []
    for label in dict.fromkeys(rows):
        matrix, divided, row = label.partition("/")
        if not divided:
            continue  # the issue on workloads
        there = _rows(files[matrix]) if matrix in files else () if matrix in ours else None
        if there is not None and row not in there:
            found.append(_text(label, files.get(matrix), there))
    return tuple(found)


def _rows(file: Path) -> Collection[str] | None:
    try:
        return load_matrix(file).rows
    except StackproofError:
        return None


def _text(label: str, file: Path | None, there: Collection[str]) -> IssueText:
    digest = short([label, "gone"])
    text = templates().get_template("gone.md").render(row=label, file=file, there=list(there))
    return IssueText(
        row=label,
        well=True,
        digest=digest,
        title=f"{label} is no longer in its matrix",
        body=f"{text.strip()}\n\n{mark(label, digest)}\n",
    )
