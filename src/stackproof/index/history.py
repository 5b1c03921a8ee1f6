"""What an index says of the releases between two builds: when each came, what each requires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from stackproof.base.versions import is_version, satisfies
from stackproof.index.client import IndexClient
from stackproof.index.releases import Release
from stackproof.index.target import Target

__all__ = ["Releases"]

_AT_ONCE = 16
Counted = tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Releases:
    """The releases of distributions on one index; raises CannotJudgeError if it does not answer."""

    client: IndexClient
    index: str
    target: Target
    _uploads: dict[tuple[str, str], tuple[datetime, ...]] = field(default_factory=dict)

    def fetch(self, names: Iterable[str]) -> None:
        """Read the pages of distributions, many at once, so that they are at hand."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._all, names))

    def fetch_metadata(self, freeze: Mapping[str, str]) -> None:
        """Read the metadata of what is installed, many at once, so that it is at hand."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self.requires, freeze.keys(), freeze.values()))

    def between(self, name: str, before: datetime, after: datetime) -> list[Release]:
        """Return the releases that came at `before` or later, and before `after`, in that order."""
        came = [(item.uploaded, item) for item in self._all(name) if item.uploaded is not None]
        found = [(uploaded, item) for uploaded, item in came if before <= uploaded < after]
        return [item for _, item in sorted(found, key=lambda pair: pair[0])]

    def every(self, name: str, moment: datetime) -> list[Release]:
        """Return every release that was there at a moment, in order of version."""
        project = self.client.project(self.index, name)
        return list(project.releases(moment).values()) if project else []

    def offered(self, name: str, specifier: str, moment: datetime) -> list[Release]:
        """Return the releases in a range that were there at a moment and can be installed here.

        The newest comes first.
        """
        project = self.client.project(self.index, name)
        offered = project.offered(specifier, moment) if project else []
        return [release for release in offered if self.target.best(release) is not None]

    def has_wheel(self, release: Release) -> bool:
        """Tell whether a release can be installed here without a build."""
        best = self.target.best(release)
        return best is not None and best.is_wheel

    def has_wheel_of(self, name: str, version: str) -> bool:
        """Tell the same of a version; not of one that the index does not have."""
        release = self._release(name, version)
        return release is not None and self.has_wheel(release)

    def uploaded(self, name: str, version: str) -> datetime | None:
        """Return when the first file of a release came, or None where that is not known."""
        release = self._release(name, version)
        return release.uploaded if release else None

    def born(self, pins: Mapping[str, str]) -> datetime | None:
        """Return when the last of some pins was uploaded: the day their stack can first be had.

        `pins` maps each to what is asked for: of a range the first release counts that can be
        installed here, and where any version will do, the first of all. None where the index tells
        of no upload.
        """
        self.fetch(pins)
        found = [self._first(name, text) for name, text in pins.items()]
        known = [moment for moment in found if moment is not None]
        return max(known) if known else None

    def _first(self, name: str, asked: str) -> datetime | None:
        """Return when the first release that is asked for came."""
        if is_version(asked):
            return self.uploaded(name, asked)
        every = self._all(name)
        kept = (item for item in every if not asked or satisfies(str(item.version), asked))
        came = (item.uploaded for item in kept if self.target.best(item) is not None)
        return min(filter(None, came), default=None)

    def uploads(self, name: str, version: str) -> tuple[datetime, ...]:
        """Return when the files of a release that can be installed here came, in order."""
        if (name, version) not in self._uploads:
            release = self._release(name, version)
            files = release.files if release else ()
            fitting = (file.uploaded for file in files if file.uploaded and self.target.fits(file))
            self._uploads[name, version] = tuple(sorted(map(datetime.fromisoformat, fitting)))
        return self._uploads[name, version]

    def counted(self, freeze: Mapping[str, str], moment: datetime) -> Counted:
        """Return what is installed, each with the number of its files that were there already."""
        self.fetch(freeze)
        return tuple(
            (name, version, sum(came < moment for came in self.uploads(name, version)))
            for name, version in freeze.items()
        )

    def requires(self, name: str, version: str) -> list[tuple[str, Requirement]]:
        """Return what a release requires here, each by the normal name of what it requires."""
        release = self._release(name, version)
        file = self.target.best(release) if release else None
        metadata = self.client.metadata(self.index, file) if file else None
        return list(metadata.requirements(self.target.markers)) if metadata else []

    def _all(self, name: str) -> Sequence[Release]:
        project = self.client.project(self.index, name)
        return list(project.releases().values()) if project else []

    def _release(self, name: str, version: str) -> Release | None:
        project = self.client.project(self.index, name)
        try:
            wanted = Version(version)
        except InvalidVersion:
            return None
        releases = project.releases() if project else {}
        return releases.get(wanted) or releases.get(Version(wanted.public))
