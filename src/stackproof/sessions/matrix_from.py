"""`nox -s matrix-from`: write a first matrix from a document, requirements or a lock file."""

from __future__ import annotations

from pathlib import Path

import nox
import tomlkit

from stackproof.document import Stack, first_matrix, read_stack
from stackproof.errors import StackproofError
from stackproof.matrix import parse_matrix
from stackproof.records import write_atomically
from stackproof.sessions.nox_session import console
from stackproof.sessions.options import Options

__all__ = ["matrix_from"]


def matrix_from(session: nox.Session, root: Path) -> None:
    """Write `matrices/<name>.toml` from the file behind `--`; fail the session if it cannot be."""
    options = Options("matrix-from")
    options.add_argument("file", type=Path, metavar="FILE.md|FILE.txt|pylock.toml")
    options.add_argument("--python", metavar="3.11")
    options.add_argument("--name", metavar="NAME")
    try:
        given = options.parse_args(session.posargs)
        stack = read_stack(given.file)
        target = root / "matrices" / f"{given.name or stack.name}.toml"
        _write(target, stack, given.python)
    except StackproofError as error:
        session.error(f"exit 2, nothing was written: {error}")
    screen = console()
    for line in (
        *stack.notes,
        f"wrote matrices/{target.name}; next: nox -s audit -- {target.stem}",
    ):
        screen.print(line, markup=False, highlight=False)


def _write(target: Path, stack: Stack, python: str | None) -> None:
    """Write the matrix if it is a good one, and never over one that is there already."""
    if target.exists():
        raise StackproofError(
            f"matrices/{target.name} is there already; choose another name with --name"
        )
    text = first_matrix(stack, python=python)
    parse_matrix(tomlkit.parse(text).unwrap(), file=target.name)
    write_atomically(target, text)
