"""`nox -s matrix-from`: write a first matrix from what a team has."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import nox

from stackproof.base.invocation import typed
from stackproof.base.records import write_atomically
from stackproof.cli.from_file import read_matrix
from stackproof.cli.nox_session import console, ends_in_words
from stackproof.cli.options import Options, python_version
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project

__all__ = ["matrix_from"]


@ends_in_words("exit 2, nothing was written")
def matrix_from(session: nox.Session, project: Project) -> None:
    """Write `matrices/<name>.toml` from the file behind `--`; fail the session if it cannot be."""
    options = Options("matrix-from")
    options.add_argument("file", type=Path, metavar="FILE")
    options.add_argument("--python", type=python_version, metavar="3.11")
    options.add_argument("--name", type=_name, metavar="NAME")
    screen = console()
    given = options.parse_args(session.posargs)
    own, text, notes = read_matrix(given.file, python=given.python)
    target = project.matrices / f"{given.name or own}.toml"
    if target.exists():
        raise StackproofError(
            f"{project.shown(target)} is there already; choose another name with --name"
        )
    write_atomically(target, text)
    following = typed("audit", target.stem)
    said = [*map(str, notes), f"wrote {project.shown(target)}; next: {following}"]
    for line in said:
        screen.print(line, markup=False, highlight=False, soft_wrap=True)


def _name(text: str) -> str:
    """Return the name of a matrix; raise ArgumentTypeError for what cannot be one.

    It becomes the name of a file, and of folders of reports.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a name for a matrix; use small letters, digits and single hyphens"
        )
    return text
