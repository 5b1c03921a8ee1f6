"""The form of a document's own table: its lines as they stand, and which pin each is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stackproof.base.templates import cell
from stackproof.matrix.document.reading import read_stack
from stackproof.matrix.planned import PlannedClaim, PlannedPin
from stackproof.report.texts import Texts

__all__ = ["COLUMNS", "PYTHON", "Form", "about_python", "form_of_document", "own_form"]

#: What stands for a pin in the line about Python itself.
PYTHON = "python"

#: Keys of the heads of our own form.
COLUMNS = ("area", "package", "version", "compatibility", "remarks")


@dataclass(frozen=True, kw_only=True)
class Form:
    """The lines of one or more tables; `pins` maps the place of a line to the pin it is about."""

    lines: tuple[str, ...]
    pins: Mapping[int, str]


def form_of_document(path: Path) -> Form:
    """Return the form that a document has.

    Raises StackproofError if the document cannot be read or has no table of packages.
    """
    stack = read_stack(path)
    text = path.read_text(encoding="utf-8-sig").splitlines()
    about = {item.line - 1: item.name for item in stack.listed}
    if stack.python is not None:
        about[stack.python_line - 1] = PYTHON
    lines: list[str] = []
    pins: dict[int, str] = {}
    for number in _table_lines(text, about):
        if number in about:
            pins[len(lines)] = about[number]
        lines.append(text[number])
    return Form(lines=tuple(lines), pins=pins)


def own_form(pins: Sequence[PlannedPin], claims: Sequence[PlannedClaim], t: Texts) -> Form:
    """Return the form where no document is at hand; `claims` are all those of the plan."""
    head = [t(f"document.{column}") for column in COLUMNS]
    base = t("document.base")
    lines = [_line(head), _line(["---"] * len(head))]
    places: dict[int, str] = {}
    for text in (claim.text for claim in claims if claim.pin is None):
        said = about_python(text)
        if said is not None:
            version = text.partition(":")[0].partition(" ")[2]
            places[len(lines)] = PYTHON
            lines.append(_line([f"**{base}**", "Python", cell(version), cell(said), ""]))
    area = ""
    for pin in pins:
        first, *others = [cell(claim.text) for claim in claims if claim.pin == pin.name] or [""]
        places[len(lines)] = pin.name
        shown = "" if pin.area == area else f"**{cell(pin.area)}**"
        area = pin.area
        asked = cell(pin.documented or t("matrix.any"))
        lines.append(_line([shown, pin.name, asked, first, "<br>".join(others)]))
    return Form(lines=tuple(lines), pins=places)


def about_python(text: str) -> str | None:
    """Return what a claim such as `Python 3.11.x: supported by all` says; None for another one."""
    subject, _, said = text.partition(": ")
    return said if said and subject.lower().startswith(PYTHON) else None


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _table_lines(text: Sequence[str], about: Mapping[int, str]) -> list[int]:
    """Return the numbers of all lines of the tables that the lines in `about` belong to."""
    found: set[int] = set()
    for number in about:
        for step in (-1, 1):
            place = number
            while 0 <= place < len(text) and "|" in text[place]:
                found.add(place)
                place += step
    return sorted(found)
