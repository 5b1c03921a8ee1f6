"""The pins of a row: what it asks for of each, and those that it goes without. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from stackproof.base.versions import is_version
from stackproof.matrix.markers import applies, asks_patch
from stackproof.matrix.model import Matrix, Pin
from stackproof.matrix.planned import PlannedPin
from stackproof.matrix.platforms import UNIVERSAL, Platform, Universal

__all__ = [
    "left_out_of",
    "marker_notes",
    "markers_of",
    "pins_of",
    "pins_there",
    "row_notes",
]


def pins_of(matrix: Matrix, row: str, versions: Mapping[str, str]) -> dict[str, PlannedPin]:
    """Return every pin of a matrix by name, as a row has it or as `versions` ask for instead.

    These are versions or ranges, by pin. What the row itself, or the nearest of those that it
    derives from, overrides stands before the document's.
    """
    asked = {
        override.pin: (override.asked, override.reason)
        for level in matrix.lineage(row)
        for override in level.overrides
    }
    asked |= {pin: (text, "asked for on the command line") for pin, text in versions.items()}
    return {pin.name: _pin(pin, *asked.get(pin.name, (pin.asked, None))) for pin in matrix.pins}


def left_out_of(
    matrix: Matrix, row: str, python: str, platform: Platform | Universal | None = None
) -> dict[str, str]:
    """Return the pins of a row whose markers do not hold on a Python, each with its marker.

    The platform is this machine's if no other is named; of all at once no pin is left out.
    """
    return {
        name: marker
        for name, marker in markers_of(matrix, row).items()
        if platform != UNIVERSAL and not applies(marker, python, platform)
    }


def row_notes(matrix: Matrix, row: str, python: str) -> list[str]:
    """Say which pins a row goes without, and why."""
    without = sorted(_without(matrix, row))
    notes = [f"the row goes without {', '.join(without)}"] if without else []
    return notes + marker_notes(matrix, row, python)


def marker_notes(matrix: Matrix, row: str, python: str) -> list[str]:
    """Say which pins a Python leaves out, and which markers ask more of it than is known."""
    notes = [
        f"pin {name} is left out: its marker {marker} does not hold on Python {python} here"
        for name, marker in left_out_of(matrix, row, python).items()
    ]
    return notes + [
        f"the marker of pin {name}, {marker}, asks for a patch of Python {python}; it was judged "
        "for the newest"
        for name, marker in markers_of(matrix, row).items()
        if asks_patch(marker, python)
    ]


def pins_there(
    matrix: Matrix, row: str, python: str, platform: Platform | Universal | None = None
) -> frozenset[str]:
    """Return the pins that a row has on a Python, as `left_out_of` has it of a platform."""
    gone = _without(matrix, row) | left_out_of(matrix, row, python, platform).keys()
    return frozenset(pin.name for pin in matrix.pins if pin.name not in gone)


def markers_of(matrix: Matrix, row: str) -> dict[str, str]:
    """Return the markers of a row's pins, of those that have one."""
    without = _without(matrix, row)
    return {
        pin.name: pin.marker
        for pin in matrix.pins
        if pin.marker is not None and pin.name not in without
    }


def _without(matrix: Matrix, row: str) -> set[str]:
    return {name for level in matrix.lineage(row) for name in level.without}


def _pin(pin: Pin, asked: str, reason: str | None) -> PlannedPin:
    exact = is_version(asked)
    return PlannedPin(
        name=pin.name,
        version=asked if exact else None,
        range="" if exact else asked,
        documented=pin.asked,
        imports=pin.imports,
        extras=pin.extras,
        area=pin.area,
        role=pin.role,
        reason=reason,
    )
