"""Whether the licences of what a row installs are allowed, and whether a range has several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from stackproof.base.text import first_of
from stackproof.index.core_metadata import CoreMetadata
from stackproof.index.licences import Allowed, licences_of
from stackproof.metadata.audit.record import Finding
from stackproof.metadata.audit.sequential import Walk
from stackproof.metadata.audit.subject import PinFacts, Subject

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
            message = f"{name} {version} is licensed {_said(licences)}, which is not allowed"
            yield subject.finding("licence", "error", message, pin=pin)
    if unknown:
        message = f"the metadata states no licence, or cannot be had, of {first_of(unknown)}"
        yield subject.finding("licence", "warning", message)
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
        message = (
            f"{pin.planned} is licensed {_said(oldest)} up to {releases[last].version} and "
            f"{_said(licences(last + 1)) or 'nobody says how'} from {releases[last + 1].version} on"
        )
        yield subject.finding("licence", "warning", message, pin=pin.name)


def _last_like(wanted: Sequence[str], licences: Callable[[int], Sequence[str]], count: int) -> int:
    """Return the last place of the first run of releases under a licence, by halving."""
    low, high = 0, count - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if licences(middle) == wanted else (low, middle)
    return low


def _said(licences: Sequence[str]) -> str:
    return " and ".join(licences)
