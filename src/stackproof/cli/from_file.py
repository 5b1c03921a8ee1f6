"""Make a matrix of a file that a team has, for the sessions that begin with one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import tomlkit

from stackproof.base.invocation import typed
from stackproof.base.text import first_of, without_credentials
from stackproof.errors import StackproofError
from stackproof.matrix.document.first_matrix import first_matrix
from stackproof.matrix.document.reading import read_stack
from stackproof.matrix.document.stack import Note
from stackproof.matrix.load import load_matrix, parse_matrix
from stackproof.matrix.model import Matrix

__all__ = ["read_matrix", "refuse_another"]


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


def refuse_another(target: Path, text: str, *, file: Path, shown: Path) -> None:
    """Raise StackproofError if the matrix that is there asks for other releases than `text`.

    What a team wrote into it besides (roles, claims, stages, rows) is theirs, and no difference.
    """
    there = _asked(load_matrix(target))
    here = _asked(parse_matrix(tomlkit.parse(text).unwrap(), file=str(file)))
    different = sorted(dict(there.items() ^ here.items()))
    if different:
        raise StackproofError(
            f"{shown} is there already, and asks for something else than {file} "
            f"({first_of(different)}); remove it, or write a second one: "
            f"{typed('matrix-from', str(file), '--name', 'NAME')}"
        )


def _asked(matrix: Matrix) -> dict[str, object]:
    pins = {
        pin.name: (pin.version, pin.range, pin.marker, frozenset(pin.extras)) for pin in matrix.pins
    }
    return {**pins, "held-to": frozenset(line for it in matrix.stages for line in it.held_to)}
