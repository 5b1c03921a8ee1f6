"""Whether the licences of what a row installs are allowed, and whether a range has several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from stackproof.index.core_metadata import CoreMetadata
from stackproof.index.licences import Allowed, licences_of
from stackproof.metadata.audit.record import Finding
from stackproof.metadata.audit.sequential import Walk
from stackproof.metadata.audit.subject import PinFacts, Subject
from stackproof.reasons.reason import Reason, reason

__all__ = ["Lookup", "check"]

#: The metadata of distributions by name and version, None where it cannot be had.
Lookup = Callable[[Iterable[tuple[str, str]]], Mapping[tuple[str, str], CoreMetadata | None]]


def check(subject: Subject, way: Walk, lookup: Lookup) -> Iterator[Finding]:
    """Yield what is not allowed, what is not known, and pins whose range has several licences.

    Raises CannotJudgeError if an index fails.
    """
    allowed = Allowed(subject.matrix.policy.licences)
    unknown = []
    for (name, version), metadata in lookup(way.final.items()).items():
        licences = licences_of(metadata) if metadata else ()
        pin = name if name in subject.pins else None
        if not licences:
            unknown.append(f"{name} {version}")
        elif not allowed.admits(licences):
            why = reason("licence-refused", release=f"{name} {version}", licences=tuple(licences))
            yield subject.finding("licence", "error", why, pin=pin)
    if unknown:
        why = reason("licence-unknown", releases=tuple(unknown))
        yield subject.finding("licence", "warning", why)
    for facts in subject.pins.values():
        if not facts.exact:
            yield from _changed(subject, facts, lookup)


def _changed(subject: Subject, pin: PinFacts, lookup: Lookup) -> Iterator[Finding]:
    """Yield a warning where the oldest and the newest release of a range differ in licence."""
    offered = pin.project.offered(pin.planned.range, subject.plan.as_of) if pin.project else []
    releases = [item for item in offered[::-1] if subject.target.best(item) is not None]
    if len(releases) < 2:  # noqa: PLR2004 - one alone has no other beside it
        return

    def licences(place: int) -> tuple[str, ...]:
        key = pin.name, str(releases[place].version)
        found = lookup([key])[key]
        return licences_of(found) if found else ()

    oldest, newest = licences(0), licences(-1)
    if oldest and newest and oldest != newest:
        last = _last_like(oldest, licences, len(releases))
        until, since = str(releases[last].version), str(releases[last + 1].version)
        why = _change(str(pin.planned), oldest, until, licences(last + 1), since)
        yield subject.finding("licence", "warning", why, pin=pin.name)


def _change(
    pin: str, before: tuple[str, ...], last: str, after: tuple[str, ...], first: str
) -> Reason:
    if not after:
        return reason("licence-lost", pin=pin, before=before, last=last, first=first)
    return reason("licence-changed", pin=pin, before=before, last=last, after=after, first=first)


def _last_like(wanted: Sequence[str], licences: Callable[[int], Sequence[str]], count: int) -> int:
    """Return the last place of the first run of releases under a licence, by halving."""
    low, high = 0, count - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if licences(middle) == wanted else (low, middle)
    return low
