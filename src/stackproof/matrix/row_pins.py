"""The pins of a row: what it asks for of each, and those that its Python goes without. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.markers import Marker

from stackproof.base.versions import is_version
from stackproof.matrix.markers import applies, asks_patch
from stackproof.matrix.model import Matrix, Pin
from stackproof.matrix.plan import PlannedPin

__all__ = ["held_by_markers", "pins_of"]


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


def held_by_markers(matrix: Matrix, python: str) -> tuple[frozenset[str], list[str]]:
    """Return the pins whose markers hold on a Python, and what is to be said of the others."""
    there, notes = set[str](), list[str]()
    for pin in matrix.pins:
        marker = Marker(pin.marker) if pin.marker is not None else None
        if marker is None or applies(marker, python):
            there.add(pin.name)
        else:
            notes.append(
                f"pin {pin.name} is left out: its marker {pin.marker} does not hold on Python "
                f"{python} here"
            )
        if marker is not None and asks_patch(marker, python):
            notes.append(
                f"the marker of pin {pin.name}, {pin.marker}, asks for a patch of Python "
                f"{python}; it was judged for the newest"
            )
    return frozenset(there), notes


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
