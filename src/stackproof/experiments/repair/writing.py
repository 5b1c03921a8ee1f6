"""A repair as a row of the matrix: its text, and written into the file."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path

from stackproof.base.invocation import typed
from stackproof.base.times import from_timestamp
from stackproof.base.versions import requirement
from stackproof.errors import StackproofError
from stackproof.experiments.repair.record import Repair
from stackproof.matrix.editing import RowEdit, add_row, change_row, row_text
from stackproof.matrix.load import load_matrix

__all__ = ["repair_text", "require_room", "write_repair"]

_STAGE = "repair"


def repair_text(repair: Repair, pins: Collection[str], today: date) -> str:
    """Return the TOML of a row to add, "" where nothing changes; `pins` are the row's, by name."""
    return row_text(_name(repair.row), _edit(repair, pins, today)) if repair.pins else ""


def write_repair(repair: Repair, file: Path, today: date, *, in_place: bool) -> str:
    """Add the repair to a matrix file as a row of its own, or change its row; return which.

    A row that is changed loses the expected failures of what was failing. Raises StackproofError if
    it is repaired already, or the file cannot be changed.
    """
    require_room(file, repair.row, in_place=in_place)
    edit = _edit(repair, {pin.name for pin in load_matrix(file).pins}, today)
    name = repair.row if in_place else _name(repair.row)
    (change_row if in_place else add_row)(file, name, edit)
    return name


def require_room(file: Path, row: str, *, in_place: bool) -> None:
    """Raise StackproofError if a matrix file has a repair of a row already, where one would go."""
    rows = load_matrix(file).rows
    if not in_place and _name(row) in rows:
        raise StackproofError(f"{file.name} has a row {_name(row)!r} already; nothing written")
    if in_place and any(stage.name == _STAGE for stage in rows[row].stages):
        raise StackproofError(f"{file.name}: {row} is repaired already; nothing written")


def _edit(repair: Repair, pins: Collection[str], today: date) -> RowEdit:
    """Override the documented pins that had to change; install the rest in a last stage."""
    how = f" but for {', '.join(repair.unmended)}" if repair.unmended else ": every check passed"
    installed = [pin for pin in repair.pins if pin.installed]
    lists = {
        "pins": tuple(pin.name for pin in installed if pin.name in pins),
        "requirements": tuple(
            requirement(p.name, p.range or p.version) for p in installed if p.name not in pins
        ),
    }
    stage = {
        "name": _STAGE,
        "step": "none",
        **{key: names for key, names in lists.items() if names},
        "reason": f"none of these can be left out, found by `{typed('repair')}`",
        "date": today,
        "reasons": {pin.name: pin.because for pin in installed},
    }
    return RowEdit(
        values={
            "summary": f"The row {repair.row}, repaired{how}.",
            "base": repair.row,
            "default": False,
            "as-of": from_timestamp(repair.as_of),
        },
        overrides={
            pin.name: {
                **({"range": pin.range} if pin.range else {"version": pin.version}),
                "reason": pin.because,
                "date": today,
            }
            for pin in repair.pins
            if pin.documented is not None
        },
        stages=[stage] if installed else [],
        passing=repair.failing,
    )


def _name(row: str) -> str:
    return f"{row}-repaired"
