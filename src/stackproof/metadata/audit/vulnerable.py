"""What a row installs that is publicly known to be unsafe, and the nearest release that is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from packaging.version import Version

from stackproof.index.advisories.record import Advisory
from stackproof.index.releases import Project, Release
from stackproof.matrix.policy import AcceptedAdvisory
from stackproof.metadata.audit.record import Finding
from stackproof.metadata.audit.sequential import Walk
from stackproof.metadata.audit.subject import Subject
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["check", "nearest_fix"]

#: What an index has of a distribution, by its name; None for one that it does not know.
Releases = Callable[[str], Project | None]


def check(
    subject: Subject,
    way: Walk,
    known: Mapping[str, Sequence[Advisory]],
    releases: Releases,
) -> Iterator[Finding]:
    """Yield an error for each advisory that affects what the stages leave.

    `known` are the advisories of each distribution, of whatever versions. One that the matrix
    accepts is an expected error until the day that it names.
    """
    for name in sorted(way.final.keys() & known.keys()):
        version = Version(way.final[name])
        for advisory in _distinct(known[name]):
            if advisory.affects(version):
                fix = nearest_fix(subject, version, advisory, known[name], releases(name))
                yield _finding(subject, way, advisory, fix)


def nearest_fix(
    subject: Subject,
    version: Version,
    advisory: Advisory,
    known: Sequence[Advisory],
    project: Project | None,
) -> Release | None:
    """Return the nearest newer release without an advisory, or at least without this one.

    It is one that the row's machine can install; neither yanked nor, where what is there is none, a
    pre-release; and one of the moment that the audit is as of. None where there is no such release.
    """
    newer = [
        release
        for candidate, release in (project.releases(subject.as_of) if project else {}).items()
        if candidate > version
        and release.yanked is None
        and candidate.is_prerelease <= version.is_prerelease
        and subject.target.best(release) is not None
        and not advisory.affects(candidate)
    ]
    clean = (
        release for release in newer if not any(item.affects(release.version) for item in known)
    )
    return next(clean, None) or next(iter(newer), None)


def _distinct(advisories: Sequence[Advisory]) -> list[Advisory]:
    """Return advisories without those that are others by another name; who tells more stays."""
    found: list[Advisory] = []
    for item in sorted(advisories, key=lambda item: (not item.severity, item.id)):
        if not any(item.names & other.names for other in found):
            found.append(item)
    return found


def _finding(subject: Subject, way: Walk, advisory: Advisory, fix: Release | None) -> Finding:
    accepted = next(
        (item for item in subject.matrix.policy.accepted if item.advisory in advisory.names), None
    )
    name, pin = advisory.name, advisory.name if advisory.name in subject.pins else None
    why = _affected(f"{name} {way.final[name]}", advisory, way, is_pin=pin is not None).then(
        reason("nearest-safe", version=str(fix.version)) if fix else reason("none-safe"),
        _over(accepted, subject.today),
    )
    found = subject.finding("vulnerable", "error", why, pin=pin)
    if accepted is None or accepted.until < subject.today:
        return found
    known = reason("accepted", reason=accepted.reason, until=accepted.until.isoformat())
    return found.model_copy(update={"known": in_words(known), "known_why": known})


def _affected(release: str, advisory: Advisory, way: Walk, *, is_pin: bool) -> Reason:
    """Say that a release is affected, and who brings it where it is no pin."""
    called = _called(advisory)
    if is_pin:
        return reason("affected", release=release, advisory=called)
    if asking := tuple(sorted(way.requirers[advisory.name])):
        return reason("affected-required", release=release, by=asking, advisory=called)
    return reason("affected-installed", release=release, advisory=called)


def _called(advisory: Advisory) -> Reason:
    """Return the id, the other names and the severity of an advisory, and what it says."""
    others = (name for name in advisory.aliases if name.startswith("CVE-"))
    named = (*others, advisory.severity or reason("severity-unknown"))
    if not advisory.summary:
        return reason("advisory", id=advisory.id, named=named)
    return reason("advisory-summed-up", id=advisory.id, named=named, summary=advisory.summary)


def _over(accepted: AcceptedAdvisory | None, today: date) -> Reason | None:
    if accepted is None or accepted.until >= today:
        return None
    return reason("accepted-until", until=accepted.until.isoformat())
