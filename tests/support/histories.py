"""Lines of a history, made up for tests."""

from __future__ import annotations

__all__ = ["ENTRY", "made_up", "month"]

from datetime import datetime, timezone

from stackproof.evidence.history.entry import HistoryEntry


def month(number: int) -> datetime:
    """Return the third hour of the first day of a month of 2026."""
    return datetime(2026, number, 1, 3, tzinfo=timezone.utc)


ENTRY = HistoryEntry(
    matrix="tiny",
    row="plain",
    run="20260101T030000.000000Z",
    started=month(1),
    seconds=12.5,
    verdict="ok",
    counts={"passed": 3, "failed": 0, "skipped": 0, "known": 0, "new": 0, "fixed": 0},
    checks={"stage:one": "ok", "import:alpha": "ok", "smoke:sum": "ok"},
    distributions={"alpha": "1.0", "gamma": "1.0"},
    python="3.11.7",
    installer="uv",
    installer_version="uv 0.8.4",
    as_of=None,
    constraints=(),
    plan="a" * 64,
    suite="b" * 64,
)


def made_up(number: int, **changes: object) -> HistoryEntry:
    """Return the line of a run in a month of 2026, like `ENTRY` but for the changes."""
    started = month(number)
    run = started.strftime("%Y%m%dT%H%M%S.%fZ")
    return ENTRY.model_copy(update={"run": run, "started": started, **changes})
