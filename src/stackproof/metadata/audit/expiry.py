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
from stackproof.reasons.reason import Reason, reason

__all__ = ["LIFE_DAYS", "check"]

#: How long an entry stands before somebody should look at it again.
LIFE_DAYS = 90


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each entry of the row that is out of date, or lacks a reason."""
    for entry, day, place in _dated(subject):
        age = (subject.today - day).days
        if age > LIFE_DAYS:
            why = reason("expired", entry=entry, days=age, day=day.isoformat())
            yield subject.finding("expiry", "warning", why, place=place)
        elif age < 0:
            why = reason("dated-ahead", entry=entry, day=day.isoformat())
            yield subject.finding("expiry", "warning", why, place=place)
    yield from _past(subject)
    for name, stage, place in _unexplained(subject):
        why = reason("unexplained", stage=stage, name=name)
        yield subject.finding("expiry", "warning", why, place=place)


def _past(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each expected failure that was to be gone by a day that is past."""
    own: Place = ("rows", subject.plan.row, "known-failures")
    for number, failure in enumerate(subject.matrix.rows[subject.plan.row].known_failures):
        if failure.until is not None and failure.until < subject.today:
            why = reason("until-past", check=failure.check, until=failure.until.isoformat())
            place = (*own, number, "until")
            yield subject.finding("expiry", "error", why, place=place)


def _dated(subject: Subject) -> Iterator[tuple[Reason, date, Place]]:
    own: Place = ("rows", subject.plan.row)
    for number, failure in enumerate(subject.matrix.rows[subject.plan.row].known_failures):
        entry = reason("expected-failure", check=failure.check)
        yield entry, failure.date, (*own, "known-failures", number, "date")
    for number, accepted in enumerate(subject.matrix.policy.accepted):
        entry = reason("accepted-advisory", advisory=accepted.advisory)
        yield entry, accepted.date, ("policy", "accepted", number, "date")
    for row, level in subject.matrix.bases(subject.plan.row):
        for number, override in enumerate(level.overrides):
            place = ("rows", row, "overrides", number, "date")
            yield reason("override", pin=override.pin), override.date, place
        for number, addition in enumerate(level.additions):
            place = ("rows", row, "additions", number, "date")
            entry = reason("addition", requirement=str(addition.requirement))
            yield entry, addition.date, place
        for number, stage in enumerate(level.stages):
            place = ("rows", row, "stages", number, "date")
            yield reason("added-stage", stage=stage.name), stage.date, place


def _unexplained(subject: Subject) -> Iterator[tuple[str, str, Place]]:
    for row, level in subject.matrix.bases(subject.plan.row):
        for number, stage in enumerate(level.stages):
            for name in stage.installs:
                if stage.reasons and name not in stage.reasons:
                    yield name, stage.name, ("rows", row, "stages", number)
