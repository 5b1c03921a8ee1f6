"""The history file: JSON Lines, only ever added to, one write a line.

A write to a file that is open for appending goes to its end as one piece, so two writers cannot mix
their lines and need no lock. A line that a crash tore is ended by the next writer and passed over
by readers; so is an empty line, which a writer leaves that saw another's line half written. A run
that stands there twice, since two files were merged, is read once; as it was confirmed, if it was.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from stackproof.base.records import UNREADABLE
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.entry import HistoryEntry, entry_of, verdict_of
from stackproof.evidence.reports import InReports
from stackproof.evidence.verdict import Verdict

__all__ = [
    "add_missing",
    "add_recorded",
    "append",
    "read_history",
    "recorded_runs",
]


def append(reports: Path, evidence: Evidence, verdict: Verdict) -> None:
    """Add a judged run of a row to the history in `reports`.

    Nothing is added for a run that could not be judged, nor for one whose evidence lies elsewhere
    than in its row's own folder: trials and probes are no part of a row's history.
    Raises OSError if the disk has no room for the line.
    """
    if evidence.folder.parent != reports / verdict.matrix / verdict.row:
        return
    entry = entry_of(evidence, verdict)
    if entry is not None:
        _write(reports / InReports.HISTORY, [entry])


def read_history(path: Path) -> tuple[HistoryEntry, ...]:
    """Return every run of a history file, the oldest first; none if there is no file."""
    found: dict[tuple[str, str, str], HistoryEntry] = {}
    for entry in _entries(path):
        if entry.confirmed or entry.identity not in found:
            found[entry.identity] = entry
    return tuple(sorted(found.values(), key=lambda entry: (entry.started, entry.identity)))


def add_missing(path: Path, entries: Iterable[HistoryEntry]) -> int:
    """Add the runs that a history file does not hold yet; return how many there were."""
    known = {entry.identity: entry for entry in read_history(path)}
    missing = {
        entry.identity: entry
        for entry in entries
        if entry.identity not in known or (entry.confirmed and not known[entry.identity].confirmed)
    }
    if missing:
        _write(path, missing.values())
    return len(missing)


def add_recorded(reports: Path) -> int:
    """Add the runs with evidence in `reports` that its history does not hold; return how many."""
    file = reports / InReports.HISTORY
    known = {entry.identity for entry in _entries(file)}
    return add_missing(file, recorded_runs(reports, known))


def recorded_runs(
    reports: Path, known: Container[tuple[str, str, str]] = ()
) -> Iterator[HistoryEntry]:
    """Yield the judged runs of rows that have evidence in `reports`, row by row.

    Evidence of runs whose identity is `known` is not read: there may be a thousand.
    """
    for home in sorted(reports.glob("*/*/")):
        row = home.parent.name, home.name
        for evidence in Evidence.runs(home):
            if (*row, evidence.folder.name) not in known:
                entry = _recorded(evidence)
                if entry is not None and (entry.matrix, entry.row) == row:
                    yield entry


def _recorded(evidence: Evidence) -> HistoryEntry | None:
    """Return the line of a run, judged again where its verdict has an older form.

    None for a run that could not be judged, and where the rest of it can no longer be read either.
    """
    try:
        return entry_of(evidence, verdict_of(evidence))
    except UNREADABLE:
        return None


def _entries(path: Path) -> Iterator[HistoryEntry]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    for line in content.splitlines():
        try:
            yield HistoryEntry.model_validate_json(line)
        except ValidationError:
            continue  # torn, or of a later format


def _write(path: Path, entries: Iterable[HistoryEntry]) -> None:
    content = "".join(_line(entry) for entry in entries).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as file:
        if _is_torn(path):
            content = b"\n" + content
        written = file.write(content)
        os.fsync(file.fileno())
    if written != len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _is_torn(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        return file.read(1) not in (b"", b"\n")


def _line(entry: HistoryEntry) -> str:
    data = entry.to_data()
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
