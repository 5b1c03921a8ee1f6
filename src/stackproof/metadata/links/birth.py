"""What a distribution's code had beside it on the day that it was released.

The neighbours are those of the stack, resolved as of then. Nothing of it is installed or run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stackproof.index.client import IndexClient
from stackproof.index.releases import File, Release
from stackproof.index.target import Target
from stackproof.installers.resolver import Refused, Resolver, Wanted
from stackproof.metadata.links.library import Library, module_of
from stackproof.metadata.links.unpacking import Unpacker

__all__ = ["Asked", "Birth", "Births", "UntoldError"]

_AT_ONCE = 16

#: The files of a release come one after another.
_UPLOAD = timedelta(hours=1)
#: A Python that was new on the day had few wheels yet.
_SETTLED = timedelta(days=365)
#: The first release of each minor version of Python (https://devguide.python.org/versions/).
_PYTHONS = {
    "3.7": datetime(2018, 6, 27, tzinfo=timezone.utc),
    "3.8": datetime(2019, 10, 14, tzinfo=timezone.utc),
    "3.9": datetime(2020, 10, 5, tzinfo=timezone.utc),
    "3.10": datetime(2021, 10, 4, tzinfo=timezone.utc),
    "3.11": datetime(2022, 10, 24, tzinfo=timezone.utc),
    "3.12": datetime(2023, 10, 2, tzinfo=timezone.utc),
    "3.13": datetime(2024, 10, 7, tzinfo=timezone.utc),
    "3.14": datetime(2025, 10, 7, tzinfo=timezone.utc),
}


class UntoldError(Exception):
    """What stood beside a release on its day cannot be told, and why; nor can it later."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked of a release's day: of which of the stack's distributions, and which modules.

    Whose the `modules` were is not known; those `beside` are distributions that its code uses.
    """

    name: str
    version: str
    beside: tuple[str, ...]
    modules: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Birth:
    """The versions beside a release on its day, and the files of those that were asked for."""

    as_of: datetime
    versions: Mapping[str, str]
    library: Library


@dataclass(frozen=True, kw_only=True)
class Births:
    """Resolves as of the days of releases, and unpacks what stood beside them."""

    client: IndexClient
    index: str
    resolver: Resolver
    unpacker: Unpacker
    target: Target

    def of(self, asked: Asked) -> Birth:
        """Return what stood beside a release; raise UntoldError where that cannot be told.

        Unpacked are those that its code uses, and whatever may have one of the modules.
        """
        title = f"{asked.name} {asked.version}"
        day = self._day(asked.name, asked.version)
        if day is None:
            raise UntoldError(f"{title}: the index does not say when it was released")
        pin = f"{asked.name}=={asked.version}"
        for target in self._targets(day):
            # Code that its own day's neighbours cannot be resolved for may still name them.
            for requirements in ((pin, *asked.beside), (pin,), self._named(asked, target)):
                found = self._resolve(requirements, target, day) if requirements else None
                if found is not None:
                    others = {item: chosen for item, chosen in found.items() if item != asked.name}
                    wanted = self._having(others, asked, target)
                    library = self.unpacker.unpacked(wanted, target)
                    return Birth(as_of=day, versions=found, library=library)
        # What has no wheel cannot be resolved without a build, but may be read.
        if newest := self._newest(asked, self.target, day):
            library = self.unpacker.unpacked(newest, self.target)
            if library.versions.keys() == newest.keys():
                return Birth(as_of=day, versions=newest, library=library)
        raise UntoldError(f"{title}: what stood beside it on its day cannot be resolved")

    def _newest(self, asked: Asked, target: Target, day: datetime) -> dict[str, str]:
        """Return the newest releases of what is beside a release that it allows, each by itself."""
        found: dict[str, str] = {}
        for requirement in map(Requirement, self._named(asked, target)):
            project = self.client.project(self.index, requirement.name)
            offered = project.offered(str(requirement.specifier), day) if project else []
            if offered:
                found[canonicalize_name(requirement.name)] = str(offered[0].version)
        return found

    def _having(self, versions: Mapping[str, str], asked: Asked, target: Target) -> dict[str, str]:
        """Return those of some versions that may have what is asked for."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            may = pool.map(
                lambda name: (
                    name in asked.beside
                    or self._may_have(name, versions[name], asked.modules, target)
                ),
                versions,
            )
            return {name: versions[name] for name, has in zip(versions, may, strict=True) if has}

    def _named(self, asked: Asked, target: Target) -> tuple[str, ...]:
        """Return what a release says of those beside it, without itself.

        What it requires besides may have no wheel, and then nothing can be resolved with it.
        """
        file = self._file(asked.name, asked.version, target)
        metadata = self.client.metadata(self.index, file) if file else None
        required = metadata.requirements(target.markers) if metadata else ()
        said = {
            name: f"{name}{requirement.specifier}"
            for name, requirement in required
            if name in asked.beside and requirement.url is None
        }
        return tuple(said.get(name, name) for name in asked.beside)

    def _may_have(self, name: str, version: str, modules: frozenset[str], target: Target) -> bool:
        """Tell whether a release may have one of some modules, by the names in its wheel."""
        if not modules:
            return False
        file = self._file(name, version, target)
        if file is None or not file.is_wheel:
            return False
        names = self.client.file_names(self.index, file)
        return names is None or not modules.isdisjoint(map(module_of, names))

    def _day(self, name: str, version: str) -> datetime | None:
        release = self._release(name, version)
        return release.uploaded + _UPLOAD if release and release.uploaded else None

    def _release(self, name: str, version: str) -> Release | None:
        project = self.client.project(self.index, name)
        return project.find(version) if project else None

    def _file(self, name: str, version: str, target: Target) -> File | None:
        """Return the file of a release that an installer would take for a Python."""
        release = self._release(name, version)
        return target.best(release) if release else None

    def _targets(self, day: datetime) -> Iterator[Target]:
        """Yield the stack's Python if it had wheels by then, and then the newest that had."""
        python = self.target.python
        settled = [item for item, since in _PYTHONS.items() if since + _SETTLED <= day]
        if python not in _PYTHONS or _PYTHONS[python] <= day:
            yield self.target
        if settled and settled[-1] != python:
            yield replace(self.target, python=settled[-1], full=f"{settled[-1]}.0")
        if python in _PYTHONS and _PYTHONS[python] > day:
            yield self.target

    def _resolve(
        self, requirements: tuple[str, ...], target: Target, day: datetime
    ) -> dict[str, str] | None:
        wanted = Wanted(
            requirements=requirements,
            python=target.python,
            preferences={},
            further=self.unpacker.further,
            as_of=day,
            builds=False,
        )
        found = self.resolver.resolve(wanted)
        if isinstance(found, Refused):
            return None
        return {item: chosen.version for item, chosen in found.items()}
