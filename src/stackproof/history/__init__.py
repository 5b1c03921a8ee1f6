"""History: one line for each judged run of a row, and what it tells of two of them."""

from stackproof.history.changes import Changes, changes_between, last_green, latest_changes
from stackproof.history.entry import HistoryEntry, entry_of, verdict_of
from stackproof.history.file import (
    HISTORY_FILE,
    add_missing,
    add_recorded,
    append,
    read_history,
    recorded_runs,
)
from stackproof.history.retention import Thinned, thin

__all__ = [
    "HISTORY_FILE",
    "Changes",
    "HistoryEntry",
    "Thinned",
    "add_missing",
    "add_recorded",
    "append",
    "changes_between",
    "entry_of",
    "last_green",
    "latest_changes",
    "read_history",
    "recorded_runs",
    "thin",
    "verdict_of",
]
