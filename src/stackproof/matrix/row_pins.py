"""The pins of a row: what it asks for of each, and those that it goes without. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.markers import Marker

from stackproof.base.versions import is_version
from stackproof.matrix.markers import applies, asks_patch
from stackproof.matrix.model import Matrix, Pin
from stackproof.matrix.plan import PlannedPin

__all__ = ["pins_of", "pins_there"]


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


def pins_there(matrix: Matrix, row: str, python: str) -> tuple[frozenset[str], list[str]]:
    """Return the pins that a row has on a Python, and what is to be said of the others."""
    without = {name for level in matrix.lineage(row) for name in level.without}
    there, notes = set[str](), list[str]()
    if without:
        notes.append(f"the row goes without {', '.join(sorted(without))}")
    for pin in matrix.pins:
        if pin.name in without:
            continue
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
