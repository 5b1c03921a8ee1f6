"""What a matrix is to hold of a stack: one pin a distribution, and rows where there are variants.

A file may ask for one distribution in several lines, and a table list what a step installs.
Whatever has no place in a pin becomes a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from stackproof.base.versions import agree, is_version, overlap, satisfies
from stackproof.matrix.document.stack import Install, Listed, Note, Stack, passed_over
from stackproof.reasons.reason import reason

__all__ = ["Wanted", "WantedRow", "wanted_pins", "wanted_rows"]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A pin to write; `asked` is a version, a specifier, or empty where any version will do."""

    name: str
    asked: str
    extras: tuple[str, ...] = ()
    marker: str | None = None
    listed: Listed | None = None


@dataclass(frozen=True, kw_only=True)
class WantedRow:
    """A row to write, and in what it departs from the pins."""

    name: str
    summary: str
    python: str | None
    overrides: dict[str, str]
    without: tuple[str, ...]


def wanted_pins(stack: Stack, python: str, notes: list[Note]) -> list[Wanted]:
    """Return the pins, in the order of the table, then of the steps; add to `notes`.

    Raises ValueError where two lines ask for what no release is.
    """
    listed: dict[str, Listed] = {}
    for row in stack.listed:
        listed.setdefault(row.name, row)
    if stack.variants:
        installed = _of_variants(stack, python, notes)
    else:
        steps = [item for command in stack.steps for item in command.installs]
        installed = _one_each(steps, python, notes)
    return [
        _wanted(name, listed.get(name), installed.get(name), notes)
        for name in dict.fromkeys([*listed, *installed])
    ]


def wanted_rows(stack: Stack, pins: Sequence[Wanted], python: str) -> list[WantedRow]:
    """Return a row for each variant; empty for a stack that has none."""
    rows = []
    for variant in stack.variants:
        at = variant.python or python
        asked = _one_each(variant.installs, at, [])
        there = {pin.name: asked[pin.name] for pin in pins if _is_there(pin, asked, at)}
        rows.append(
            WantedRow(
                name=variant.name,
                summary=variant.summary,
                python=variant.python,
                overrides={
                    pin.name: _asked(there[pin.name])
                    for pin in pins
                    if pin.name in there and _asked(there[pin.name]) not in ("", pin.asked)
                },
                without=tuple(pin.name for pin in pins if pin.name not in there),
            )
        )
    return rows


def _is_there(pin: Wanted, asked: dict[str, Install], python: str) -> bool:
    """Tell whether a variant has a pin: a marker that is not the pin's own has to hold there."""
    item = asked.get(pin.name)
    return item is not None and (item.marker == pin.marker or item.holds(python))


def _wanted(name: str, listed: Listed | None, install: Install | None, notes: list[Note]) -> Wanted:
    """Return the pin of what the table lists and a step installs: the table's word, if need be."""
    said = "" if install is None else _asked(install)
    if listed is not None:
        word = listed.asked
        if said and not agree(word, said):
            why = reason("table-says", version=listed.version)
            notes += [passed_over(install.written, why, install.line)] if install else []
            said = word
        elif not said or (is_version(word) and not is_version(said)):
            said = word
        elif not is_version(said):
            said = str(SpecifierSet(word) & SpecifierSet(said))
    return Wanted(
        name=name,
        asked=said,
        extras=install.extras if install else (),
        marker=install.marker if install else None,
        listed=listed,
    )


def _asked(install: Install) -> str:
    """Return the version that is asked for, else the range."""
    version = install.version
    if version is None or not satisfies(version, install.specifier):
        return install.specifier
    return str(Version(version))


def _of_variants(stack: Stack, python: str, notes: list[Note]) -> dict[str, Install]:
    """Return what a pin has of each distribution: what the first variant that has it asks for."""
    found: dict[str, Install] = {}
    for variant in stack.variants:
        there = _one_each(variant.installs, variant.python or python, notes)
        for name, item in there.items():
            first = found.setdefault(name, item)
            extras = tuple(sorted({*first.extras, *item.extras}))
            # A row cannot lift what its pin asks for, so one that any variant leaves open stays so.
            specifier = first.specifier if item.specifier else ""
            marker = first.marker if item.marker == first.marker else None
            found[name] = replace(first, extras=extras, specifier=specifier, marker=marker)
    return found


def _one_each(installs: Iterable[Install], python: str, notes: list[Note]) -> dict[str, Install]:
    """Return one requirement a distribution; note those that do not hold where others do."""
    by_name: dict[str, list[Install]] = {}
    for item in installs:
        if item.marker and re.search(r"\bextras?\b", item.marker):
            why = reason("marker-of-extra")
            notes.append(passed_over(f"{item.written} ; {item.marker}", why, item.line, item.file))
        elif item not in by_name.setdefault(item.name, []):
            by_name[item.name].append(item)
    return {name: _one(items, python, notes) for name, items in by_name.items() if items}


def _one(items: Sequence[Install], python: str, notes: list[Note]) -> Install:
    live = [item for item in items if item.holds(python)] or [items[0]]
    first = live[0]
    for item in items:
        if item not in live:
            why = reason("marker-elsewhere", python=python)
            notes.append(passed_over(f"{item.written} ; {item.marker}", why, item.line, item.file))
    specifiers = SpecifierSet(first.specifier)
    for item in live[1:]:
        if not overlap(str(specifiers), item.specifier):
            raise ValueError(
                f"line {item.line} asks for {item.written}, and line {first.line} for "
                f"{first.written}: no release is both; keep one"
            )
        specifiers &= SpecifierSet(item.specifier)
    return replace(
        first,
        extras=tuple(sorted({extra for item in live for extra in item.extras})),
        specifier=str(specifiers),
        marker=first.marker if all(item.marker == first.marker for item in live) else None,
    )
