"""How far each pin is behind the newest release of its project."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from packaging.version import Version

from stackproof.base.text import count
from stackproof.metadata.audit.record import Finding, FreshnessAnswer
from stackproof.metadata.audit.subject import PinFacts, Subject

__all__ = ["answer", "check"]

_MONTH_DAYS = 30.44


def answer(pin: PinFacts) -> FreshnessAnswer | None:
    """Return how far a pin is behind, or None if it does not exist.

    Counted are releases that a plain install may choose: no pre-releases, none that were yanked.
    """
    if pin.project is None or pin.release is None:
        return None
    own = pin.release
    newer = [
        release
        for version, release in pin.project.releases().items()
        if version > own.version and not version.is_prerelease and release.yanked is None
    ]
    newest = newer[-1] if newer else own
    return FreshnessAnswer(
        released=_day(own.uploaded),
        newest=str(newest.version),
        newest_released=_day(newest.uploaded),
        releases=len(newer),
        months=_months(own.uploaded, newest.uploaded),
        majors=_major(newest.version) - _major(own.version),
    )


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a note for each pin that is not the newest, or younger than its row admits."""
    for pin in subject.pins.values():
        yield from _young(subject, pin)
        found = answer(pin)
        if found is not None and found.releases:
            yield subject.finding("freshness", "note", _sentence(pin, found), pin=pin.name)


def _young(subject: Subject, pin: PinFacts) -> Iterator[Finding]:
    """Yield a note for a pin that is exempt from the least age, and younger."""
    uploaded, until = pin.release.uploaded if pin.release else None, subject.plan.as_of
    if pin.name in subject.plan.exempt and uploaded and until and uploaded > until:
        message = f"{pin} of {_day(uploaded)} is younger than the row admits, and exempt from that"
        yield subject.finding("freshness", "note", message, pin=pin.name)


def _sentence(pin: PinFacts, found: FreshnessAnswer) -> str:
    behind = [count(found.releases, "release")]
    if (months := round(found.months or 0)) > 0:
        behind.append(count(months, "month"))
    if found.majors > 0:
        behind.append(count(found.majors, "major version"))
    ours = f"{pin}{f' of {found.released}' if found.released else ''}"
    newest = f"{found.newest}{f' of {found.newest_released}' if found.newest_released else ''}"
    return f"{ours} is {', '.join(behind)} behind {newest}"


def _major(version: Version) -> int:
    return version.release[0]


def _day(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None


def _months(before: datetime | None, after: datetime | None) -> float | None:
    if before is None or after is None:
        return None
    return round((after - before).days / _MONTH_DAYS, 1)
