"""Choose the release that a request means.

What an index knows comes through the `Catalogue`, so nothing here does any input or output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Protocol

from packaging.requirements import Requirement
from packaging.version import Version

from stackproof.base.times import timestamp
from stackproof.errors import StackproofError
from stackproof.index.request import Request

__all__ = ["Catalogue", "Release", "choose", "eligible"]

_NEIGHBOURS = 3


@dataclass(frozen=True, kw_only=True)
class Release:
    """One release of a distribution; `uploaded` is when its first file came, `completed` the last.

    Both are None where the index does not say.
    """

    version: Version
    uploaded: datetime | None
    completed: datetime | None
    yanked: bool


class Catalogue(Protocol):
    """What an index knows of releases."""

    def releases(self, name: str, *, refresh: bool = False) -> Sequence[Release]:
        """Return the releases of a distribution, or nothing if the index does not know it.

        With `refresh`, what was learnt before does not count.
        """

    def requirements(self, name: str, version: Version) -> Sequence[Requirement]:
        """Return what a release requires, every environment marker included."""


def choose(
    request: Request, catalogue: Catalogue, known: Sequence[str], as_of: datetime | None
) -> Release:
    """Return the release that a request means.

    `known` are names to take a mistyped one for. Without a version it is the newest before `as_of`
    that is neither yanked nor a pre-release. Raises StackproofError if there is no such release.
    """
    releases = catalogue.releases(request.name)
    if not _has(releases, request.version):  # it may have come since
        releases = catalogue.releases(request.name, refresh=True)
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


def _has(releases: Sequence[Release], version: str | None) -> bool:
    """Tell whether there is the version, or any where none is asked for."""
    return any(version is None or item.version == Version(version) for item in releases)


def eligible(releases: Sequence[Release], as_of: datetime | None) -> list[Release]:
    """Return what an installer would take by itself, the newest first.

    A local version counts as the public one, by which it is asked for.
    """
    usable = [
        item
        for item in releases
        if not item.yanked
        and not item.version.is_prerelease
        and item.version.local is None
        and (as_of is None or item.uploaded is None or item.uploaded < as_of)
    ]
    return sorted(usable, key=lambda item: item.version, reverse=True)


def _newest(name: str, releases: Sequence[Release], as_of: datetime | None) -> Release:
    usable = eligible(releases, as_of)
    if not usable:
        before = f" before {timestamp(as_of)}" if as_of else ""
        raise StackproofError(
            f"{name} has no release{before} that is neither yanked nor a pre-release"
        )
    return usable[0]


def _nearest(wanted: Version, releases: Sequence[Release]) -> list[Version]:
    """Return the usable versions around a version, in ascending order."""
    usable = sorted(
        item.version
        for item in releases
        if not item.yanked and item.version != wanted and item.version.local is None
    )
    below = [version for version in usable if version < wanted]
    above = [version for version in usable if version > wanted]
    return [*below[-_NEIGHBOURS:], *above[:_NEIGHBOURS]]


def _similar(name: str, known: Sequence[str]) -> str:
    others = [item for item in known if item != name]
    close = get_close_matches(name, others, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else ""
