"""Say what a repair found: tables on the terminal, a page as Markdown."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment
from rich.console import Console

from stackproof.base.templates import markdown_templates
from stackproof.base.versions import requirement
from stackproof.experiments.repair.record import RemedyTrial, Repair, RepairedPin, Tried
from stackproof.report.tables import print_lines, terminal_table

__all__ = ["closing", "print_repair", "repair_markdown"]


def print_repair(repair: Repair, console: Console) -> None:
    """Print the pins of a repair, what the document's own fixes do, and one last line."""
    pins = [(_named(change), "\n".join(change.mends), change.because) for change in repair.pins]
    if pins:
        columns = ("pin", "first seen to fail without it", "because")
        console.print(terminal_table("repair", columns, pins))
    tried = [
        [f"{item.name} ({item.text})", does(item), "\n".join(item.mends), "\n".join(item.breaks)]
        for item in repair.remedies
    ]
    if tried:
        heads = ("fix", "does", "fixes", "breaks")
        console.print(terminal_table("the document's own fixes", heads, tried))
    if repair.toml:
        print_lines(console, [repair.toml])
    if repair.build_constraints:
        head = "add to a file for --build-constraint of uv or pip:"
        print_lines(console, [head, *(f"    {line}" for line in repair.build_constraints)])
    print_lines(console, (*map(_in_vain, repair.tried), *repair.notes, closing(repair)))


def _named(change: RepairedPin) -> str:
    departs = "" if change.documented is None else f" (document: {change.documented or 'any'})"
    return f"{requirement(change.name, change.range or change.version)}{departs}"


def repair_markdown(repair: Repair) -> str:
    """Return the repair as a page for people."""
    return _templates().get_template("repair.md").render(repair=repair, closing=closing(repair))


def closing(repair: Repair) -> str:
    """Return the outcome in one line."""
    name, work = f"{repair.matrix}/{repair.row}", f"{repair.builds} builds, {repair.built} now"
    if not repair.failing:
        return f"{name}: every check passes as of {repair.as_of}, there is nothing to repair"
    if repair.found:
        least = "no pin can be left out" if repair.minimal else "a pin might be left out"
        proved = f"confirmed by the whole suite, {least}"
        pins = "1 pin" if len(repair.pins) == 1 else f"{len(repair.pins)} pins"
        return f"{name} REPAIRED by {pins}, {proved}; {work}"
    return f"{name} NOT REPAIRED, these still fail: {', '.join(repair.unmended)}; {work}"


def does(trial: RemedyTrial) -> str:
    """Return in a few words what a remedy does to the row."""
    if not trial.installs:
        return f"cannot be installed: {trial.message}"
    return "moves versions" if trial.moved else "moves no version"


def _in_vain(tried: Tried) -> str:
    said = f": {tried.message}" if tried.message else ""
    return f"{tried.check} still fails{said}; tried: {', '.join(tried.sources)}"


@cache
def _templates() -> Environment:
    templates = markdown_templates("stackproof.report")
    templates.filters.update(does=does)
    return templates
