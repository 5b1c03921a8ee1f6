"""Known failures, overrides and added stages that nobody has looked at for long, or without reason.

The matrix dates each of them by the day it was written down; the reason of the entry itself cannot
be missing, since a matrix without it is not read at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from stackproof.metadata.audit.lines import Place
from stackproof.metadata.audit.record import Finding
from stackproof.metadata.audit.subject import Subject

__all__ = ["LIFE_DAYS", "check"]

#: How long an entry stands before somebody should look at it again.
LIFE_DAYS = 90


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each entry of the row that is out of date, or lacks a reason."""
    for what, day, place in _dated(subject):
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
    yield from _past(subject)
    for name, stage, place in _unexplained(subject):
        message = f"stage {stage} installs {name} for no reason that is written down; add one"
        yield subject.finding("expiry", "warning", message, place=place)


def _past(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each expected failure that was to be gone by a day that is past."""
    own: Place = ("rows", subject.plan.row, "known-failures")
    for number, failure in enumerate(subject.matrix.rows[subject.plan.row].known_failures):
        if failure.until is not None and failure.until < subject.today:
            message = (
                f"the expected failure {failure.check} was to be gone by {failure.until}; mend it, "
                "or say until when it is expected now"
            )
            place = (*own, number, "until")
            yield subject.finding("expiry", "error", message, place=place)


def _dated(subject: Subject) -> Iterator[tuple[str, date, Place]]:
    own: Place = ("rows", subject.plan.row)
    for number, failure in enumerate(subject.matrix.rows[subject.plan.row].known_failures):
        what = f"the expected failure {failure.check}"
        yield what, failure.date, (*own, "known-failures", number, "date")
    for number, accepted in enumerate(subject.matrix.policy.accepted):
        what = f"the accepted advisory {accepted.advisory}"
        yield what, accepted.date, ("policy", "accepted", number, "date")
    for row, level in subject.matrix.bases(subject.plan.row):
        for number, override in enumerate(level.overrides):
            place = ("rows", row, "overrides", number, "date")
            yield f"the override of {override.pin}", override.date, place
        for number, addition in enumerate(level.additions):
            place = ("rows", row, "additions", number, "date")
            yield f"the addition {addition.requirement}", addition.date, place
        for number, stage in enumerate(level.stages):
            place = ("rows", row, "stages", number, "date")
            yield f"the added stage {stage.name}", stage.date, place


def _unexplained(subject: Subject) -> Iterator[tuple[str, str, Place]]:
    for row, level in subject.matrix.bases(subject.plan.row):
        for number, stage in enumerate(level.stages):
            for name in stage.installs:
                if stage.reasons and name not in stage.reasons:
                    yield name, stage.name, ("rows", row, "stages", number)
