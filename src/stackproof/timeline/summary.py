"""Say what a timeline found: a table on the terminal, a page as Markdown."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stackproof.templates import markdown_templates
from stackproof.timeline.records import Break, CheckHistory, Timeline

__all__ = ["print_timeline", "timeline_markdown"]


def print_timeline(timeline: Timeline, console: Console) -> None:
    """Print a table of checks, each with its breaks and their culprits, and one last line."""
    name = f"{timeline.matrix}/{timeline.row}"
    table = Table(title=f"{name} from {timeline.since} to {timeline.until}", title_justify="left")
    for column in ("check", "history", "because"):
        table.add_column(column, overflow="fold")
    for check in timeline.checks:
        table.add_row(check.id, history(check), escape("\n".join(_because(check))))
    console.print(table)
    for line in (*timeline.notes, closing(timeline)):
        console.print(line, markup=False, highlight=False)


def timeline_markdown(timeline: Timeline) -> str:
    """Return the timeline as a page for people."""
    page = _templates().get_template("timeline.md")
    return page.render(timeline=timeline, closing=closing(timeline))


def history(check: CheckHistory) -> str:
    """Return in a few words what became of a check."""
    if check.state == "never-worked":
        return f"never worked (asked {len(check.asked)} times)"
    if check.state == "always-worked":
        return f"worked whenever asked ({len(check.asked)} times)"
    turns = [_turned("broke", item) for item in check.breaks]
    turns += [_turned("mended", item) for item in check.fixes]
    return ", ".join(f"{what} {when}" for when, what in sorted(turns))


def closing(timeline: Timeline) -> str:
    """Return what the whole rests on, in one line."""
    built = timeline.buildable_since
    installs = f"can be installed as of {built}" if built else "could not be installed"
    return (
        f"{timeline.matrix}/{timeline.row} {installs}; {timeline.builds} builds, "
        f"{timeline.built} of them made now"
    )


def _turned(what: str, turn: Break) -> tuple[str, str]:
    """Return when a check turned, by the upload where that is certain, and the word for it."""
    after = max(turn.good, turn.bad)
    return (turn.since, what) if turn.since else (after, f"{what} by")


def _because(check: CheckHistory) -> list[str]:
    turns = sorted([*check.breaks, *check.fixes], key=lambda item: max(item.good, item.bad))
    return [because(item) for item in turns]


def because(turn: Break) -> str:
    """Return the reason of a turn, and whether it was seen."""
    names = ", ".join(f"{item.name} {item.after or 'removed'}" for item in turn.culprits)
    return turn.reason if turn.confirmed else f"not confirmed: {turn.reason} ({names})"


@cache
def _templates() -> Environment:
    templates = markdown_templates("stackproof.timeline")
    templates.filters.update(because=because, history=history)
    return templates
