"""`nox -s changes`: what is different since the last green run of a row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nox

from stackproof.errors import StackproofError
from stackproof.history import HISTORY_FILE, Changes, HistoryEntry, latest_changes, read_history
from stackproof.matrix.references import nearest
from stackproof.plan import timestamp
from stackproof.sessions.nox_session import console, ends_in_words
from stackproof.sessions.options import Options

__all__ = ["changes"]


@ends_in_words("exit 2")
def changes(session: nox.Session, root: Path) -> None:
    """Say of the rows that stand behind `--`, or of all, what changed since they were green."""
    options = Options("changes")
    options.add_argument("names", nargs="*", metavar="MATRIX/ROW")
    screen = console()
    given = options.parse_args(session.posargs)
    history = read_history(root / "reports" / HISTORY_FILE)
    for name in _rows(given.names, history):
        for line in _lines(name, latest_changes(history, *name.split("/", maxsplit=1))):
            screen.print(line, markup=False, highlight=False, soft_wrap=True)


def _rows(names: list[str], history: tuple[HistoryEntry, ...]) -> list[str]:
    known = sorted({entry.name for entry in history})
    if not known:
        raise StackproofError("reports/history.jsonl holds no run yet; run `nox -s verify` first")
    for name in names:
        if name not in known:
            raise StackproofError(f"the history has no row {name!r}; {nearest(name, known)}")
    return names or known


def _lines(name: str, found: Changes | None) -> Iterator[str]:
    if found is None:
        yield f"{name}: no green run before the newest one to compare it with"
        return
    since = f"{timestamp(found.since_started)} to {timestamp(found.started)}"
    if not found.any:
        yield f"{name}: nothing is different, {since}"
        return
    yield f"{name}: green run {since}"
    if not found.complete:
        yield "  a stage failed, so what it would have installed is not compared"
    for kind, items in (
        ("check", found.checks),
        ("circumstance", found.circumstances),
        ("distribution", found.moved),
    ):
        for subject, (before, after) in items.items():
            yield f"  {kind:<13} {subject:<42} {before or '(none)'} -> {after or '(none)'}"
