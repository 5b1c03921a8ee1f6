"""Choose versions: the release that a request means, and the companions that must move with it.

What an index knows comes through the `Catalogue`, so nothing here does any input or output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Protocol

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackproof.candidate.request import Request
from stackproof.errors import StackproofError

__all__ = ["Catalogue", "Companion", "Release", "choose", "companions", "eligible"]

_NEIGHBOURS = 3


@dataclass(frozen=True, kw_only=True)
class Release:
    """One release of a distribution; `uploaded` is when its first file was, if the index says."""

    version: Version
    uploaded: datetime | None
    yanked: bool


class Catalogue(Protocol):
    """What an index knows of releases."""

    def releases(self, name: str) -> Sequence[Release]:
        """Return the releases of a distribution, or nothing if the index does not know it."""

    def requirements(self, name: str, version: Version) -> Sequence[Requirement]:
        """Return what a release requires, every environment marker included."""


@dataclass(frozen=True, kw_only=True)
class Companion:
    """A member of a group that must move too; `because` is the requirement that says so."""

    name: str
    version: str
    because: str


def choose(
    request: Request, catalogue: Catalogue, known: Sequence[str], as_of: datetime | None
) -> Release:
    """Return the release that a request means.

    `known` are names to take a mistyped one for. Without a version it is the newest before `as_of`
    that is neither yanked nor a pre-release. Raises StackproofError if there is no such release.
    """
    releases = catalogue.releases(request.name)
    if not releases:
        raise StackproofError(
            f"there is no distribution {request.name!r} on the index{_similar(request.name, known)}"
        )
    if request.version is None:
        return _newest(request.name, releases, as_of)
    wanted = Version(request.version)
    found = next((item for item in releases if item.version == wanted), None)
    if found is None:
        near = ", ".join(str(version) for version in _nearest(wanted, releases))
        raise StackproofError(
            f"there is no release {request.version} of {request.name}; the nearest are {near}"
        )
    if found.yanked:
        near = ", ".join(str(version) for version in _nearest(wanted, releases))
        raise StackproofError(
            f"release {request.version} of {request.name} was yanked; the nearest are {near}"
        )
    return found


def companions(
    asked: Mapping[str, Version],
    groups: Mapping[str, Sequence[str]],
    catalogue: Catalogue,
    as_of: datetime | None,
) -> list[Companion]:
    """Return the versions that the other members of the groups of what is asked for must have.

    A member's newest release whose own requirements name an asked-for version exactly, or admit it
    where none is exact, is its companion. A member that requires nothing of it moves to the
    release of the same number, if there is one: that is how such families are numbered.
    """
    found: dict[str, Companion] = {}
    for members in groups.values():
        for leader in (name for name in members if name in asked):
            for name in members:
                if name not in asked and name not in found:
                    match = _companion(name, leader, asked[leader], catalogue, as_of)
                    if match is not None:
                        found[name] = match
    return list(found.values())


def _companion(
    name: str, leader: str, version: Version, catalogue: Catalogue, as_of: datetime | None
) -> Companion | None:
    admitting: Companion | None = None
    for release in eligible(catalogue.releases(name), as_of):
        requirement = next(
            (
                item
                for item in catalogue.requirements(name, release.version)
                if canonicalize_name(item.name) == leader and "extra" not in str(item.marker)
            ),
            None,
        )
        if requirement is None:
            if release.version.release == version.release:
                because = f"{name} {release.version} has the number of {leader} {version}"
                return Companion(name=name, version=str(release.version), because=because)
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            continue
        because = f"{name} {release.version} requires {requirement}"
        match = Companion(name=name, version=str(release.version), because=because)
        if any(item.operator == "==" for item in requirement.specifier):
            return match
        admitting = admitting or match
    return admitting


def eligible(releases: Sequence[Release], as_of: datetime | None) -> list[Release]:
    """Return what an installer would take by itself, the newest first."""
    usable = [
        item
        for item in releases
        if not item.yanked
        and not item.version.is_prerelease
        and (as_of is None or item.uploaded is None or item.uploaded < as_of)
    ]
    return sorted(usable, key=lambda item: item.version, reverse=True)


def _newest(name: str, releases: Sequence[Release], as_of: datetime | None) -> Release:
    usable = eligible(releases, as_of)
    if not usable:
        raise StackproofError(f"{name} has no release that is neither yanked nor a pre-release")
    return usable[0]


def _nearest(wanted: Version, releases: Sequence[Release]) -> list[Version]:
    """Return the usable versions around a version, in ascending order."""
    usable = sorted(item.version for item in releases if not item.yanked and item.version != wanted)
    below = [version for version in usable if version < wanted]
    above = [version for version in usable if version > wanted]
    return [*below[-_NEIGHBOURS:], *above[:_NEIGHBOURS]]


def _similar(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else ""
