"""`nox -s thin`: give back the room that old evidence takes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import nox

from stackproof.base.invocation import typed
from stackproof.base.text import nearest
from stackproof.base.times import timestamp
from stackproof.cli.nox_session import console, ends_in_words
from stackproof.cli.options import Options
from stackproof.errors import StackproofError
from stackproof.evidence.history.changes import Changes, latest_changes
from stackproof.evidence.history.entry import HistoryEntry
from stackproof.evidence.history.file import read_history
from stackproof.evidence.history.prune import thin as thin_evidence
from stackproof.evidence.history.slower import TakesMore, takes_more
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InReports
from stackproof.report.costs import cost_in_words

__all__ = ["changes", "thin"]

_KEEP = 12


@ends_in_words("exit 2")
def thin(session: nox.Session, project: Project) -> None:
    """Prune the evidence of each row but its newest runs and its last green one."""
    options = Options("thin")
    options.add_argument("--keep", type=_number, default=_KEEP, metavar="N")
    screen = console()
    given = options.parse_args(session.posargs)
    for found in thin_evidence(project.reports, given.keep):
        name = found.home.relative_to(project.reports).as_posix()
        told = f"{found.runs} run(s) pruned, {found.freed / 1e6:.1f} MB freed"
        said = "left alone, a run is under way" if found.busy else told
        screen.print(f"{name}: {said}", markup=False, highlight=False, soft_wrap=True)


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of runs, one at least")
    return int(text)


@ends_in_words("exit 2")
def changes(session: nox.Session, project: Project) -> None:
    """Say of the rows that stand behind `--`, or of all, what changed since they were green."""
    options = Options("changes")
    options.add_argument("names", nargs="*", metavar="MATRIX/ROW")
    screen = console()
    given = options.parse_args(session.posargs)
    history = read_history(project.reports / InReports.HISTORY)
    for name in _rows(given.names, history):
        matrix, row = name.split("/", maxsplit=1)
        found = latest_changes(history, matrix, row)
        costs = takes_more(history, matrix, row)
        for line in (*_lines(name, found, costs), *_costs(costs)):
            screen.print(line, markup=False, highlight=False, soft_wrap=True)


def _rows(names: list[str], history: tuple[HistoryEntry, ...]) -> list[str]:
    known = sorted({entry.name for entry in history})
    if not known:
        raise StackproofError(
            f"reports/history.jsonl holds no run yet; run `{typed('verify')}` first"
        )
    for name in names:
        if name not in known:
            raise StackproofError(f"the history has no row {name!r}; {nearest(name, known)}")
    return names or known


def _lines(name: str, found: Changes | None, costs: TakesMore) -> Iterator[str]:
    if found is None:
        yield f"{name}: no earlier run went as expected, so there is nothing to compare with"
        return
    since = f"{timestamp(found.since_started)} to {timestamp(found.started)}"
    if not found.any and not costs.every:
        yield f"{name}: nothing is different, {since}"
        return
    yield f"{name}: as expected {since}"
    if not found.complete:
        yield "  a stage failed, so what it would have installed is not compared"
    for kind, items in (
        ("check", found.checks),
        ("circumstance", found.circumstances),
        ("distribution", found.moved),
    ):
        for subject, (before, after) in items.items():
            yield f"  {kind:<13} {subject:<42} {before or '(none)'} -> {after or '(none)'}"


def _costs(found: TakesMore) -> Iterator[str]:
    for kind, costs in (("slower", found.slower), ("over budget", found.over_budget)):
        for item in costs:
            yield f"  {kind:<13} {cost_in_words(item)}"
