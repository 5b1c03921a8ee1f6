"""Issues without a tracker: kept in one file, each with all that was told of it.

For a machine with cron, for engines without issues of their own, and for a dry run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from stackproof.base.records import Record
from stackproof.ci.told import MARK
from stackproof.ci.unexpected import Action, OpenIssue

__all__ = ["FileTracker"]


class _Issue(Record):
    number: int
    row: str
    open: bool
    title: str
    told: tuple[str, ...]


class _Issues(Record):
    format: Literal[1] = 1
    issues: tuple[_Issue, ...] = ()


class FileTracker:
    """The issues in one file, `reports/issues.json`."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def open_issues(self) -> Sequence[OpenIssue]:
        """Return the open issues, the oldest first."""
        return [
            OpenIssue(number=issue.number, row=issue.row, told=_digest(issue.told[-1]))
            for issue in self._read().issues
            if issue.open
        ]

    def carry_out(self, action: Action) -> None:
        """Open, comment on or close an issue."""
        issues = list(self._read().issues)
        if action.number is None:
            issues.append(
                _Issue(
                    number=len(issues) + 1,
                    row=action.row,
                    open=True,
                    title=action.title,
                    told=(action.body,),
                )
            )
        else:
            place = action.number - 1
            told = (*issues[place].told, action.body)
            update = {"told": told, "open": action.what != "close"}
            issues[place] = issues[place].model_copy(update=update)
        _Issues(issues=tuple(issues)).write(self._file)

    def _read(self) -> _Issues:
        if not self._file.exists():
            return _Issues()
        return _Issues.load(self._file, "mend it, or move it away: then every issue is a new one")


def _digest(text: str) -> str:
    found = MARK.search(text)
    return found["digest"] if found else ""
