"""What a calibration found, as it is written and read back: `reports/calibration.json`."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Literal

from stackproof.base.records import Record

__all__ = ["COLUMNS", "Calibrated", "Calibration", "Column", "Outcome"]

Column = Literal["newest", "documented", "oldest"]
Outcome = Literal["passed", "failed", "not asked", "not judged"]

COLUMNS: tuple[Column, ...] = ("newest", "documented", "oldest")


class Calibrated(Record):
    """One workload on one set of releases.

    `versions` are those of the distributions that it needs. `message` is the last line of a
    failure, or why it was not asked or not judged. `evidence` is a folder below the reports'.
    """

    workload: str
    column: Column
    python: str | None
    versions: dict[str, str]
    outcome: Outcome
    message: str
    seconds: float
    evidence: str | None


class Calibration(Record):
    """All that one call calibrated, the form of `calibration.json`; `row` is the documented one."""

    format: Literal[1] = 1
    started: datetime
    seconds: float
    row: str
    results: tuple[Calibrated, ...]

    @property
    def exit_code(self) -> int:
        """0 if all that could be asked passed, 1 if a workload failed, 2 if one was not judged."""
        outcomes = Counter(item.outcome for item in self.results)
        if outcomes["failed"]:
            return 1
        return 2 if outcomes["not judged"] or not outcomes["passed"] else 0

    @property
    def workloads(self) -> tuple[str, ...]:
        """The workloads, each once, in order."""
        return tuple(dict.fromkeys(item.workload for item in self.results))

    @property
    def columns(self) -> tuple[Column, ...]:
        """The sets of releases that were asked, in order."""
        return tuple(item for item in COLUMNS if item in {one.column for one in self.results})

    def of(self, workload: str, column: Column) -> Calibrated:
        """Return what was found of a workload in a column; raise KeyError if nothing was."""
        for item in self.results:
            if (item.workload, item.column) == (workload, column):
                return item
        raise KeyError((workload, column))
