"""Make a matrix of a file that a team has, for the sessions that begin with one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import tomlkit
from rich.console import Console

from stackproof.base.invocation import typed
from stackproof.base.text import first_of, without_credentials
from stackproof.errors import StackproofError
from stackproof.experiments.planner import Planner
from stackproof.matrix.document.first_matrix import first_matrix
from stackproof.matrix.document.reading import read_stack
from stackproof.matrix.document.stack import Note
from stackproof.matrix.load import load_matrix, parse_matrix
from stackproof.matrix.model import Matrix
from stackproof.report.tables import print_lines

__all__ = ["read_matrix", "read_planner", "refuse_another"]


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
        [replace(note, why=note.why.with_texts(without_credentials)) for note in notes],
    )


def read_planner(
    file: Path,
    *,
    shown: str,
    screen: Console,
    python: str | None = None,
    as_of: datetime | None = None,
) -> Planner:
    """Return the planner of the first row of a matrix of what `file` holds.

    What it does not hold is printed, by the name `shown`. Raises what `read_matrix` does.
    """
    name, text, notes = read_matrix(file, python=python)
    matrix = parse_matrix(tomlkit.parse(text).unwrap(), file=f"{name}.toml")
    said = (f"{note.file or shown}:{note.line or 1}: {note.message}" for note in notes)
    print_lines(screen, said)
    row = next(row for row, found in matrix.rows.items() if found.default)
    return Planner(matrix=matrix, name=name, row=row, as_of=as_of)


def refuse_another(target: Path, text: str, *, file: Path, shown: Path) -> None:
    """Raise StackproofError if the matrix that is there asks for other releases than `text`.

    What a team wrote into it besides (roles, claims, stages, rows) is theirs, and no difference.
    """
    there = load_matrix(target)
    here = parse_matrix(tomlkit.parse(text).unwrap(), file=str(file))
    different = sorted(dict(_asked(there).items() ^ _asked(here).items()))
    # A team may have an index of its own in the place of the public one.
    different += sorted(_urls(here) - _urls(there))
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


def _urls(matrix: Matrix) -> frozenset[str]:
    return frozenset(index.url for index in matrix.indexes.values())
