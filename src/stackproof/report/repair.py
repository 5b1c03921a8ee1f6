"""Say what a repair found: tables on the terminal, a page as Markdown."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stackproof.base.templates import markdown_templates
from stackproof.experiments.repair.record import RemedyTrial, Repair, Tried

__all__ = ["closing", "print_repair", "repair_markdown"]


def print_repair(repair: Repair, console: Console) -> None:
    """Print the pins of a repair, what the document's own fixes do, and one last line."""
    pins = _table("repair", "pin", "first seen to fail without it", "because")
    for change in repair.pins:
        departs = f" (document: {change.documented})" if change.documented else ""
        named = f"{change.name}=={change.version}{departs}"
        pins.add_row(named, "\n".join(change.mends), escape(change.because))
    remedies = _table("the document's own fixes", "fix", "does", "fixes", "breaks")
    for trial in repair.remedies:
        named = f"{trial.name} ({trial.text})"
        remedies.add_row(
            escape(named), escape(does(trial)), "\n".join(trial.mends), "\n".join(trial.breaks)
        )
    for table in (pins, remedies):
        if table.rows:
            console.print(table)
    if repair.toml:
        console.print(repair.toml, markup=False, highlight=False)
    for line in (*map(_in_vain, repair.tried), *repair.notes, closing(repair)):
        console.print(line, markup=False, highlight=False)


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
        return f"{name} REPAIRED by {len(repair.pins)} pins, {proved}; {work}"
    return f"{name} NOT REPAIRED, these still fail: {', '.join(repair.unmended)}; {work}"


def does(trial: RemedyTrial) -> str:
    """Return in a few words what a remedy does to the row."""
    if not trial.installs:
        return f"cannot be installed: {trial.message}"
    return "moves versions" if trial.moved else "moves no version"


def _in_vain(tried: Tried) -> str:
    said = f": {tried.message}" if tried.message else ""
    return f"{tried.check} still fails{said}; tried: {', '.join(tried.sources)}"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


@cache
def _templates() -> Environment:
    templates = markdown_templates("stackproof.report")
    templates.filters.update(does=does)
    return templates
