"""What a user asks an axis to be, and the releases that this means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from stackproof.errors import StackproofError
from stackproof.index.releases import Project, Release
from stackproof.metadata.grid.record import Axis

__all__ = ["AxisRequest", "choose_axis", "parse_axis"]

_FORM = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
    r"(?:=(?P<versions>[^=\s]\S*)|(?P<range>(?:[<>!~]=?|==)\S+))?"
)
_RECENT = timedelta(days=3 * 365)
_NEIGHBOURS = 3


@dataclass(frozen=True, kw_only=True)
class AxisRequest:
    """A distribution with listed versions, or a range; with neither, its recent minors."""

    name: str
    versions: tuple[Version, ...] = ()
    range: SpecifierSet | None = None


def parse_axis(text: str) -> AxisRequest:
    """Read `name=1.0,1.1`, `name>=1,<2` or `name`; raise StackproofError for anything else."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise StackproofError(
            f"{text!r} is no axis; write a list (name=1.0,1.1), a range (name>=1.0,<2) or name "
            "(no extras, markers or addresses)"
        )
    name = str(canonicalize_name(found["name"]))
    try:
        if found["versions"]:
            listed = [Version(item) for item in found["versions"].split(",")]
            return AxisRequest(name=name, versions=tuple(dict.fromkeys(listed)))
        specifiers = SpecifierSet(found["range"]) if found["range"] else None
    except (InvalidVersion, InvalidSpecifier) as error:
        raise StackproofError(f"{text!r} is no axis: {error}") from None
    return AxisRequest(name=name, range=specifiers)


def choose_axis(
    request: AxisRequest,
    project: Project | None,
    *,
    as_of: datetime | None,
    now: datetime,
    first: bool = False,
) -> Axis:
    """Return the releases that a request means, as the index stood at `as_of`.

    Of a range it is the newest patch of each minor, or the `first`. Pre-releases are taken only
    where they are listed, yanked releases never.
    Raises StackproofError for a release that does not exist, or if no release is left.
    """
    releases = project.releases(as_of) if project else {}
    if not releases:
        when = f" as of {as_of:%Y-%m-%d}" if as_of else ""
        raise StackproofError(f"the index has no release of {request.name!r}{when}")
    if request.versions:
        chosen: Iterable[Version] = [
            _find(version, request.name, releases) for version in request.versions
        ]
    else:
        usable = [item for item in releases.values() if _is_usable(item)]
        minors = _minors(usable)
        if request.range is None:
            since = (as_of or now) - _RECENT
            minors = [minor for minor in minors if _came_after(minor, since)]
        chosen = _patches(minors, request.range or SpecifierSet(), first=first)
    versions = tuple(str(version) for version in sorted(chosen))
    if not versions:
        if request.range is None:
            raise StackproofError(
                f"no minor of {request.name} began in the last three years; "
                "name versions or a range"
            )
        raise StackproofError(
            f"{request.name} has no release {request.range} that can be asked for"
        )
    return Axis(name=request.name, versions=versions)


def _find(wanted: Version, name: str, releases: dict[Version, Release]) -> Version:
    release = releases.get(wanted)
    if release is not None and release.yanked is None:
        return release.version
    usable = [item.version for item in releases.values() if _is_usable(item)]
    near = sorted(sorted(usable, key=lambda item: _distance(item, wanted))[:_NEIGHBOURS])
    what = f"{wanted} of {name}"
    problem = f"there is no release {what}" if release is None else f"release {what} was yanked"
    raise StackproofError(f"{problem}; the nearest are {', '.join(map(str, near)) or 'none'}")


def _distance(one: Version, other: Version) -> list[int]:
    pairs = zip(_padded(one), _padded(other), strict=True)
    return [abs(ours - theirs) for ours, theirs in pairs]


def _padded(version: Version) -> tuple[int, ...]:
    return (*version.release, 0, 0, 0, 0)[:4]


def _is_usable(release: Release) -> bool:
    return release.yanked is None and not release.version.is_prerelease


def _minors(releases: Sequence[Release]) -> list[list[Release]]:
    """Return the releases of each minor, in ascending order."""
    found: dict[tuple[int, int, int], list[Release]] = {}
    for release in sorted(releases, key=lambda item: item.version):
        version = release.version
        found.setdefault((version.epoch, version.major, version.minor), []).append(release)
    return list(found.values())


def _came_after(minor: Sequence[Release], since: datetime) -> bool:
    times = [release.uploaded for release in minor if release.uploaded is not None]
    if not times:
        raise StackproofError(
            "the index does not say when releases came, so it is not known which minors are of the "
            "last three years; name versions or a range"
        )
    return min(times) >= since


def _patches(
    minors: Iterable[Sequence[Release]], wanted: SpecifierSet, *, first: bool
) -> list[Version]:
    """Return one version of each minor that a range admits."""
    fitting = ([item.version for item in minor if item.version in wanted] for minor in minors)
    return [versions[0 if first else -1] for versions in fitting if versions]
