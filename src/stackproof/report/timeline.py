"""Say what a timeline found: a table on the terminal, a page as Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache

from jinja2 import Environment
from rich.console import Console

from stackproof.base.templates import markdown_templates
from stackproof.experiments.timeline.record import Break, CheckHistory, State, Timeline
from stackproof.report.tables import print_lines, terminal_table

__all__ = ["print_timeline", "timeline_markdown"]

_WORDS: dict[State, str] = {
    "never-worked": "never worked when asked",
    "always-worked": "worked whenever asked",
    "undecided": "cannot be told, whenever asked",
}


def print_timeline(timeline: Timeline, console: Console) -> None:
    """Print a table of checks, each with its breaks and their culprits, and one last line."""
    name = f"{timeline.matrix}/{timeline.row}"
    title = f"{name} from {timeline.since} to {timeline.until}"
    rows = ([item.id, history(item), "\n".join(reasons(item))] for item in timeline.checks)
    console.print(terminal_table(title, ("check", "history", "because"), rows))
    print_lines(console, (*timeline.notes, closing(timeline)))


def timeline_markdown(timeline: Timeline) -> str:
    """Return the timeline as a page for people."""
    page = _templates().get_template("timeline.md")
    return page.render(timeline=timeline, closing=closing(timeline))


def history(check: CheckHistory) -> str:
    """Return in a few words what became of a check."""
    if check.state in _WORDS and check.asked:
        first, last = check.asked[0].as_of, check.asked[-1].as_of
        return f"{_WORDS[check.state]} ({len(check.asked)} times, from {first} to {last})"
    turns = [_turned("broke", item) for item in check.breaks]
    turns += [_turned("fixed", item) for item in check.fixes]
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


def reasons(check: CheckHistory) -> list[str]:
    """Return the reason of each turn, or else what stood in the way whenever it was asked."""
    turns = sorted([*check.breaks, *check.fixes], key=lambda item: max(item.good, item.bad))
    if turns or check.state == "always-worked":
        return [because(item) for item in turns]
    moments: dict[str, list[str]] = defaultdict(list)
    for asked in check.asked:
        if asked.why:
            moments[asked.why].append(asked.as_of)
    return [f"as of {_spread(times)}: {why}" for why, times in moments.items()]


def _spread(times: Sequence[str]) -> str:
    return times[0] if len(times) == 1 else f"{times[0]} to {times[-1]}, {len(times)} times"


def because(turn: Break) -> str:
    """Return the reason of a turn, and whether it was seen."""
    names = ", ".join(f"{item.name} {item.after or 'removed'}" for item in turn.culprits)
    return turn.reason if turn.confirmed else f"not confirmed: {turn.reason} ({names})"


@cache
def _templates() -> Environment:
    templates = markdown_templates("stackproof.report")
    templates.filters.update(history=history, reasons=reasons)
    return templates
