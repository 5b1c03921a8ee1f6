"""Known failures, overrides and added stages that nobody has looked at for long, or without reason.

The matrix dates each of them by the day it was written down; the reason of the entry itself cannot
be missing, since a matrix without it is not read at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stackproof.audit.findings import Finding
from stackproof.audit.lines import Place
from stackproof.audit.subject import Subject
from stackproof.matrix import Row

__all__ = ["LIFE_DAYS", "check"]

#: How long an entry stands before somebody should look at it again.
LIFE_DAYS = 90


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each entry of the row that is out of date, or lacks a reason."""
    row = subject.matrix.rows[subject.plan.row]
    for what, day, place in _dated(row, ("rows", subject.plan.row)):
        age = (subject.today - day).days
        if age > LIFE_DAYS:
            message = (
                f"{what} was written down {age} days ago, on {day}; look whether it still holds, "
                "then renew its date or remove it"
            )
            yield subject.finding("expiry", "warning", message, place=place)
        elif age < 0:
            message = f"{what} is dated {day}, which lies ahead; write the day of the entry"
            yield subject.finding("expiry", "warning", message, place=place)
    for name, stage, place in _unexplained(row, ("rows", subject.plan.row)):
        message = f"stage {stage} installs {name} for no reason that is written down; add one"
        yield subject.finding("expiry", "warning", message, place=place)


def _dated(row: Row, place: Place) -> Iterator[tuple[str, date, Place]]:
    for number, failure in enumerate(row.known_failures):
        what = f"the known failure {failure.check}"
        yield what, failure.date, (*place, "known-failures", number, "date")
    for number, override in enumerate(row.overrides):
        what = f"the override of {override.pin}"
        yield what, override.date, (*place, "overrides", number, "date")
    for number, stage in enumerate(row.stages):
        yield f"the added stage {stage.name}", stage.date, (*place, "stages", number, "date")


def _unexplained(row: Row, place: Place) -> Iterator[tuple[str, str, Place]]:
    for number, stage in enumerate(row.stages):
        extra = [canonicalize_name(Requirement(text).name) for text in stage.requirements]
        for name in (*stage.pins, *extra):
            if stage.reasons and name not in stage.reasons:
                yield name, stage.name, (*place, "stages", number)
