"""Work out which versions the members of a group must have that one of them moves to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackproof.candidate.choice import Catalogue, Release, eligible

__all__ = ["Companion", "companions"]


@dataclass(frozen=True, kw_only=True)
class Companion:
    """A member of a group that must move too; `because` is the requirement that says so."""

    name: str
    version: str
    because: str


def companions(
    asked: Mapping[str, Version],
    *,
    own: Mapping[str, str],
    groups: Mapping[str, Sequence[str]],
    catalogue: Catalogue,
    as_of: datetime | None,
) -> list[Companion]:
    """Return the other members of the groups of what is asked for that must move with it.

    `own` holds the version of each pin of the row: a member that may keep it is no companion.
    """
    found: dict[str, Companion] = {}
    for members in groups.values():
        moving = {name: asked[name] for name in members if name in asked}
        if moving:
            family = _Family(members=members, own=own, catalogue=catalogue, as_of=as_of)
            for match in family.companions(moving):
                found.setdefault(match.name, match)
    return [item for item in found.values() if item.version != own[item.name]]


@dataclass(frozen=True, kw_only=True)
class _Family:
    """The members of one group, the row's versions of them, and what an index knows of them."""

    members: Sequence[str]
    own: Mapping[str, str]
    catalogue: Catalogue
    as_of: datetime | None

    def companions(self, asked: Mapping[str, Version]) -> list[Companion]:
        """Return what moves along: what those that move require, then those that require them."""
        moving, found = dict(asked), list[Companion]()
        leaders = list(moving)
        for leader in leaders:
            for match in self._led(leader, moving):
                moving[match.name] = Version(match.version)
                leaders.append(match.name)
                found.append(match)
        for name in self.members:
            follower = None if name in moving else self._follower(name, moving)
            if follower is not None:
                found.append(follower)
        return found

    def _led(self, leader: str, moving: Mapping[str, Version]) -> Iterator[Companion]:
        """Yield the members that cannot stay where they are under what a leader requires."""
        version = moving[leader]
        for requirement in self._requirements(leader, version):
            name = canonicalize_name(requirement.name)
            if name in moving or _admits(requirement, Version(self.own[name])):
                continue
            usable = (item.version for item in self._releases(name))
            newest = next((item for item in usable if _admits(requirement, item)), None)
            if newest is not None:
                because = f"{leader} {version} requires {requirement}"
                yield Companion(name=name, version=str(newest), because=because)

    def _follower(self, name: str, moving: Mapping[str, Version]) -> Companion | None:
        """Return the newest release of a member that goes with those that move.

        That is one that names one of their versions exactly, or admits it where no release names
        any exactly: what is older than such names says nothing of the family as it is now. One
        that requires nothing of them goes by its number, as such families are numbered.
        """
        admitting: Companion | None = None
        exact = False
        for release in self._releases(name):
            wanted = {
                canonicalize_name(item.name): item
                for item in self._requirements(name, release.version)
                if canonicalize_name(item.name) in moving
            }
            if not wanted:
                same = _same_number(release, moving)
                if same is not None:
                    because = f"{name} {release.version} has the number of {same}"
                    return Companion(name=name, version=str(release.version), because=because)
                continue
            names_one = any("==" in str(item.specifier) for item in wanted.values())
            exact = exact or names_one
            if all(_admits(item, moving[who]) for who, item in wanted.items()):
                because = (
                    f"{name} {release.version} requires {', '.join(map(str, wanted.values()))}"
                )
                match = Companion(name=name, version=str(release.version), because=because)
                if names_one:
                    return match
                admitting = admitting or match
        return None if exact else admitting

    def _releases(self, name: str) -> list[Release]:
        return eligible(self.catalogue.releases(name), self.as_of)

    def _requirements(self, name: str, version: Version) -> list[Requirement]:
        """Return what a release requires of other members, extras left out."""
        return [
            item
            for item in self.catalogue.requirements(name, version)
            if canonicalize_name(item.name) in self.members and "extra" not in str(item.marker)
        ]


def _admits(requirement: Requirement, version: Version) -> bool:
    return requirement.specifier.contains(version, prereleases=True)


def _same_number(release: Release, moving: Mapping[str, Version]) -> str | None:
    for name, version in moving.items():
        if version.release == release.version.release:
            return f"{name} {version}"
    return None
