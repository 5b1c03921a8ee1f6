"""How far each pin is behind the newest release of its project."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from packaging.version import Version

from stackproof.metadata.audit.record import Finding, FreshnessAnswer
from stackproof.metadata.audit.subject import PinFacts, Subject
from stackproof.reasons.reason import Reason, reason

__all__ = ["answer", "check"]

_MONTH_DAYS = 30.44


def answer(pin: PinFacts, as_of: datetime | None = None) -> FreshnessAnswer | None:
    """Return how far a pin is behind, or was at a moment, or None if it does not exist.

    Counted are releases that a plain install may choose: no pre-releases, none that were yanked.
    """
    if pin.project is None or pin.release is None:
        return None
    own = pin.release
    newer = [
        release
        for version, release in pin.project.releases(as_of).items()
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
        found = answer(pin, subject.as_of)
        if found is not None and found.releases:
            yield subject.finding("freshness", "note", _behind(pin, found), pin=pin.name)


def _young(subject: Subject, pin: PinFacts) -> Iterator[Finding]:
    """Yield a note for a pin that is exempt from the least age, and younger."""
    uploaded, until = pin.release.uploaded if pin.release else None, subject.plan.as_of
    if pin.name in subject.plan.exempt and uploaded and until and uploaded > until:
        why = reason("too-young", pin=str(pin), day=uploaded.date().isoformat())
        yield subject.finding("freshness", "note", why, pin=pin.name)


def _behind(pin: PinFacts, found: FreshnessAnswer) -> Reason:
    behind = [reason("releases", number=found.releases)]
    if (months := round(found.months or 0)) > 0:
        behind.append(reason("months", number=months))
    if found.majors > 0:
        behind.append(reason("majors", number=found.majors))
    return reason(
        "behind",
        release=_dated(str(pin), found.released),
        behind=tuple(behind),
        newest=_dated(found.newest, found.newest_released),
    )


def _dated(release: str, day: str | None) -> Reason | str:
    return reason("dated", release=release, day=day) if day else release


def _major(version: Version) -> int:
    return version.release[0]


def _day(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None


def _months(before: datetime | None, after: datetime | None) -> float | None:
    if before is None or after is None:
        return None
    return round((after - before).days / _MONTH_DAYS, 1)
