"""Work out which versions the members of a group must have that one of them moves to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackproof.base.versions import admits, satisfies
from stackproof.index.choice import Catalogue, Release, eligible
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedPin

__all__ = ["Baseline", "Companion"]


@dataclass(frozen=True, kw_only=True)
class Companion:
    """A member of a group that must move too; `because` is the requirement that says so."""

    name: str
    version: str
    because: str


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What upgrades start from: the row's pins with their versions, its groups, its cut-off.

    Of a pin in a range that is the newest release in it, which an installer takes by itself. With
    `fixed`, the cut-off was asked for, so nothing may move it. It does not hold for those that are
    `exempt`. `left_out` maps the pins that the row goes without to their markers.
    """

    pins: Mapping[str, str]
    groups: Mapping[str, Sequence[str]]
    catalogue: Catalogue
    as_of: datetime | None
    exempt: Sequence[str] = ()
    fixed: bool = False
    left_out: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, catalogue: Catalogue, *, fixed: bool = False) -> Baseline:
        """Return the baseline that a row's plan is, with what an index knows of releases."""
        return cls(
            pins={pin.name: pin.version or _newest(pin, catalogue, plan) for pin in plan.pins},
            groups=plan.groups,
            catalogue=catalogue,
            as_of=plan.as_of,
            exempt=plan.exempt,
            fixed=fixed,
            left_out=plan.left_out,
        )

    def cut_off_of(self, name: str) -> datetime | None:
        """Return until when releases of a distribution count, None where all do."""
        return None if name in self.exempt else self.as_of

    def companions(self, asked: Mapping[str, Version]) -> list[Companion]:
        """Return the other members of the groups of what is asked for that must move with it.

        A member that may keep its version is no companion.
        """
        found: dict[str, Companion] = {}
        for members in self.groups.values():
            moving = {name: asked[name] for name in members if name in asked}
            if moving:
                for match in _Group(members=members, baseline=self).companions(moving):
                    found.setdefault(match.name, match)
        return [item for item in found.values() if item.version != self.pins[item.name]]


@dataclass(frozen=True, kw_only=True)
class _Group:
    """The members of one group, and what the upgrade of some of them starts from."""

    members: Sequence[str]
    baseline: Baseline
    _known: dict[tuple[str, Version], list[Requirement]] = field(default_factory=dict)

    def companions(self, asked: Mapping[str, Version]) -> list[Companion]:
        """Return what moves along, until nothing more has to: each that moves may move others.

        Of several releases that would do, it is the newest with which the rest can stay.
        """
        return self._joined(asked)[0]

    def _joined(self, moving: Mapping[str, Version]) -> tuple[list[Companion], bool]:
        """Return what joins those that move, and whether the rest can stay then."""
        choices = self._joining(moving)
        found: list[Companion] = []
        for choice in choices:
            more, settled = self._joined({**moving, choice.name: Version(choice.version)})
            if settled:
                return [choice, *more], True
            found = found or [choice, *more]
        return found, not choices and self._rest_stays(moving)

    def _joining(self, moving: Mapping[str, Version]) -> list[Companion]:
        """Return the choices for one member that has to join, or nothing if none has to.

        Whom those that move require comes first, then who requires them.
        """
        staying = [name for name in self.members if name not in moving]
        for choose in (self._led, self._follower):
            for name in staying:
                choices = choose(name, moving)
                if choices:
                    return choices
        return []

    def _rest_stays(self, moving: Mapping[str, Version]) -> bool:
        staying = [name for name in self.members if name not in moving]
        return all(self._stays(name, moving) and not self._pushed(name, moving) for name in staying)

    def _pushed(self, name: str, moving: Mapping[str, Version]) -> str | None:
        """Return which requirement of those that move does not let a member stay."""
        for leader, requirement in self._required(name, moving):
            if not admits(requirement, Version(self.baseline.pins[name])):
                return f"{leader} {moving[leader]} requires {requirement}"
        return None

    def _led(self, name: str, moving: Mapping[str, Version]) -> list[Companion]:
        """Return the releases for a member that may not stay for those that move, newest first."""
        because = self._pushed(name, moving)
        if because is None:
            return []
        return [
            Companion(name=name, version=str(release.version), because=because)
            for release in self._usable(name, moving)
        ]

    def _follower(self, name: str, moving: Mapping[str, Version]) -> list[Companion]:
        """Return the one release of a member that goes with those that move, if any does.

        It is the newest that names one of their versions exactly; else the newest that admits them
        or, where the member cannot stay, requires nothing of them: but none older than a release
        that names another version exactly, since that says nothing of the family as it is now. One
        that requires nothing and has their number comes first: so such families are numbered.
        """
        fitting: Companion | None = None
        named = False
        for release in self._usable(name, moving):
            wanted = self._wanted(name, release.version, moving)
            exact = any("==" in str(item.specifier) for item in wanted.values())
            same = None if wanted else _same_number(release, moving)
            if _admit(wanted, moving) and (wanted or same or not self._stays(name, moving)):
                because = _because(name, release, wanted, same)
                match = Companion(name=name, version=str(release.version), because=because)
                if exact or same:
                    return [match]
                fitting = fitting or (None if named else match)
            named = named or exact
        return [fitting] if fitting else []

    def _stays(self, name: str, moving: Mapping[str, Version]) -> bool:
        return _admit(self._wanted(name, Version(self.baseline.pins[name]), moving), moving)

    def _wanted(
        self, name: str, version: Version, moving: Mapping[str, Version]
    ) -> dict[str, Requirement]:
        """Return what a release requires of those that move, by their names."""
        found = self._requirements(name, version)
        return {who: item for item in found if (who := canonicalize_name(item.name)) in moving}

    def _required(self, name: str, moving: Mapping[str, Version]) -> list[tuple[str, Requirement]]:
        """Return what those that move require of a member, each with who requires it."""
        return [
            (leader, item)
            for leader, version in moving.items()
            for item in self._requirements(leader, version)
            if canonicalize_name(item.name) == name
        ]

    def _usable(self, name: str, moving: Mapping[str, Version]) -> list[Release]:
        """Return the releases of a member that all who move admit, the newest first."""
        required = [item for _, item in self._required(name, moving)]
        return [
            release
            for release in eligible(
                self.baseline.catalogue.releases(name), self.baseline.cut_off_of(name)
            )
            if all(admits(item, release.version) for item in required)
        ]

    def _requirements(self, name: str, version: Version) -> list[Requirement]:
        """Return what a release requires of other members, extras left out."""
        if (name, version) not in self._known:
            self._known[name, version] = [
                item
                for item in self.baseline.catalogue.requirements(name, version)
                if canonicalize_name(item.name) in self.members and "extra" not in str(item.marker)
            ]
        return self._known[name, version]


def _newest(pin: PlannedPin, catalogue: Catalogue, plan: Plan) -> str:
    """Return the newest release in a pin's range, or 0, which any is above, where there is none."""
    usable = eligible(catalogue.releases(pin.name), plan.cut_off_of(pin.name))
    within = (str(item.version) for item in usable if satisfies(str(item.version), pin.range))
    return next(within, "0")


def _admit(wanted: Mapping[str, Requirement], moving: Mapping[str, Version]) -> bool:
    return all(admits(item, moving[who]) for who, item in wanted.items())


def _because(
    name: str, release: Release, wanted: Mapping[str, Requirement], same: str | None
) -> str:
    if same is not None:
        return f"{name} {release.version} has the number of {same}"
    required = ", ".join(map(str, wanted.values())) or "no version of them"
    return f"{name} {release.version} requires {required}"


def _same_number(release: Release, moving: Mapping[str, Version]) -> str | None:
    for name, version in moving.items():
        if version.release == release.version.release:
            return f"{name} {version}"
    return None
