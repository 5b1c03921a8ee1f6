"""`nox -s constraints`: rebuild a release's constraint files from the package index."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import nox
from packaging.version import InvalidVersion, Version

from stackproof.base.progress import Progress
from stackproof.base.records import write_atomically
from stackproof.base.text import nearest
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options, python_version
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.index.client import IndexClient
from stackproof.installers.sources import default_index
from stackproof.matrix.load import find_matrices, load_matrix
from stackproof.matrix.model import ConstraintSource, Matrix
from stackproof.metadata.snapshot import find_subject, snapshot_file, snapshot_text

__all__ = ["constraints"]

Item = TypeVar("Item")


@ends_in_words("exit 2")
def constraints(session: nox.Session, root: Path) -> None:
    """Make a snapshot for each Python version of the release that stands behind `--`."""
    screen = console()
    project = open_project(session, root)
    given = _options(session.posargs)
    matrix = load_matrix(_only("matrix", find_matrices(root / "matrices"), given.matrix))
    source = _only("constraint source", matrix.constraints, given.source)
    pythons = given.python or _pythons(matrix)
    for file in _make(source, given.version, pythons, project, Progress(screen)):
        screen.print(f"wrote {file.relative_to(root)}", markup=False, highlight=False)


def _make(
    source: ConstraintSource,
    version: Version,
    pythons: Sequence[str],
    project: Project,
    progress: Progress,
) -> Iterator[Path]:
    """Make the snapshots one after another, yielding each file once it is written."""
    index = default_index("uv", project.environ)
    with IndexClient() as client:
        subject = find_subject(source.pin, version, index=index, client=client)
    for python in pythons:
        subject.require_python(python)
    for python in pythons:
        with progress.part(f"resolve {subject.name} {subject.version} for Python {python}"):
            text = snapshot_text(subject, python, project.environ, progress.tick)
        file = snapshot_file(project.snapshots, source, subject.version, python)
        write_atomically(file, text)
        yield file


def _options(posargs: list[str]) -> argparse.Namespace:
    options = Options("constraints")
    options.add_argument("version", type=_version, metavar="VERSION")
    options.add_argument("--python", type=python_version, action="append", metavar="3.11")
    options.add_argument("--matrix", metavar="NAME")
    options.add_argument("--source", metavar="NAME")
    return options.parse_args(posargs)


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        raise argparse.ArgumentTypeError(f"{text!r} is not a version such as 2.10.5") from None


def _pythons(matrix: Matrix) -> list[str]:
    """Return the Python versions that rows of the matrix are proved on, the oldest first."""
    found = {matrix.python, *(row.python for row in matrix.rows.values() if row.python)}
    return sorted(found, key=Version)


def _only(what: str, known: Mapping[str, Item], name: str | None) -> Item:
    """Return the item of that name, or where none is given the only one there is."""
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name is None:
        option = what.rpartition(" ")[2]
        raise StackproofError(f"name a {what} with --{option}; {nearest('', known)}")
    if name not in known:
        raise StackproofError(f"there is no {what} {name!r}; {nearest(name, known)}")
    return known[name]
