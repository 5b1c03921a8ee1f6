"""What the last audit says of the row that a run was of, in short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from stackproof.evidence.folder import Evidence
from stackproof.evidence.reports import InMatrix, InReports
from stackproof.metadata.audit.record import Audit, Finding
from stackproof.report.audit import merge

__all__ = ["Audited", "audited", "last_audit"]

_LEVELS = ("error", "known", "warning", "note")


@dataclass(frozen=True, kw_only=True)
class Audited:
    """How many findings of each level a row has, and those that are errors."""

    started: datetime
    counts: Mapping[str, int]
    errors: tuple[Finding, ...]


def last_audit(evidence: Evidence) -> Audit | None:
    """Return the last audit beside a run of a row, None where there is none that can be read.

    That may be one of another version: the page says which files cannot be read.
    """
    homes = evidence.folder.parents
    of_matrix = Audit.load_or_none(homes[1] / InMatrix.AUDIT)
    return of_matrix or Audit.load_or_none(homes[2] / InReports.AUDIT)


def audited(evidence: Evidence, audit: Audit | None) -> Audited | None:
    """Return what an audit says of a run's row; None where there is none of it, and of its day.

    Trials and probes lie elsewhere than their row's runs, and an audit does not speak of them.
    """
    *_, matrix, row, _ = evidence.folder.parts
    if audit is None or not any((pin.matrix, pin.row) == (matrix, row) for pin in audit.pins):
        return None
    if not audit.is_of_day(evidence.plan):
        return None
    mine = [item for item in audit.findings if (item.matrix, item.row or row) == (matrix, row)]
    levels = Counter(item.level for item in merge(tuple(mine)))
    return Audited(
        started=audit.started,
        counts={level: levels[level] for level in _LEVELS if levels[level]},
        errors=tuple(item for item in mine if item.level == "error"),
    )
