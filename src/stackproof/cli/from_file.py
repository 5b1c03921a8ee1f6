"""Make a matrix of a file that a team has, for the sessions that begin with one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import tomlkit

from stackproof.base.text import without_credentials
from stackproof.matrix.document.first_matrix import first_matrix
from stackproof.matrix.document.reading import read_stack
from stackproof.matrix.document.stack import Note
from stackproof.matrix.load import parse_matrix

__all__ = ["read_matrix"]


def read_matrix(file: Path, *, python: str | None = None) -> tuple[str, str, list[Note]]:
    """Return name and text of a matrix of what `file` holds, and notes on what it does not hold.

    Raises StackproofError where no matrix that can be used comes of it.
    """
    stack = read_stack(file, python=python)
    text, notes = first_matrix(stack, python=python)
    parse_matrix(tomlkit.parse(text).unwrap(), file=f"{stack.name}.toml")
    return (
        stack.name,
        text,
        [replace(note, message=without_credentials(note.message)) for note in notes],
    )
