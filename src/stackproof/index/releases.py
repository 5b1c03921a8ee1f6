"""What an index says of one project: its releases and their files, in a form quick to read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from stackproof.base.versions import satisfies

__all__ = ["File", "Project", "Release"]


@dataclass(frozen=True)
class File:
    """One file of a release; `yanked` is the reason ("" for none given), None if it is not."""

    filename: str
    version: str
    url: str
    requires_python: str | None
    yanked: str | None
    uploaded: str | None
    has_metadata: bool | None
    sha256: str | None
    metadata_sha256: str | None

    @property
    def is_wheel(self) -> bool:
        """Whether it is a wheel; else it is a source distribution."""
        return self.filename.endswith(".whl")

    def to_list(self) -> list[Any]:
        """Return the values in the order of the fields."""
        return list(vars(self).values())


@dataclass(frozen=True)
class Release:
    """The files of one version that count as of the cut-off."""

    version: Version
    files: tuple[File, ...]

    @property
    def yanked(self) -> str | None:
        """The reason of a release all of whose files were yanked ("" for none given), or None."""
        reasons = [file.yanked for file in self.files]
        return None if None in reasons else max(filter(None, reasons), default="")

    @cached_property
    def uploaded(self) -> datetime | None:
        """When the first file came, or None where the index does not tell."""
        return min(self._times, default=None)

    @property
    def completed(self) -> datetime | None:
        """When the last file came, or None where the index does not tell."""
        return max(self._times, default=None)

    @property
    def _times(self) -> list[datetime]:
        return [datetime.fromisoformat(file.uploaded) for file in self.files if file.uploaded]


@dataclass(frozen=True)
class Project:
    """All files of a project on one index."""

    name: str
    files: tuple[File, ...]

    @classmethod
    def from_lists(cls, name: str, rows: Sequence[Sequence[Any]]) -> Project:
        """Read back what `to_lists` returned."""
        return cls(name, tuple(File(*row) for row in rows))

    def to_lists(self) -> list[list[Any]]:
        """Return the files as JSON types."""
        return [file.to_list() for file in self.files]

    def releases(self, as_of: datetime | None = None) -> dict[Version, Release]:
        """Return the releases in order of version, as the index stood at a cut-off if there is one.

        A file without an upload time is not offered under a cut-off, as installers have it.
        """
        if as_of not in self._views:
            found = {
                version: Release(version, kept)
                for version, files in sorted(self._by_version.items())
                if (kept := _there(files, as_of))
            }
            self._views[as_of] = found
        return self._views[as_of]

    def find(self, version: str, as_of: datetime | None = None) -> Release | None:
        """Return the release that `==version` asks for, a local version of it if there is one."""
        releases = self.releases(as_of)
        fitting = [item for item in releases if satisfies(str(item), version)]
        return releases[fitting[-1]] if fitting else None

    def offered(
        self,
        specifier: str,
        as_of: datetime | None = None,
        prereleases: bool = False,  # noqa: FBT001, FBT002 - as packaging has it
    ) -> list[Release]:
        """Return what an installer may choose from a range, the newest first.

        That is no release that was yanked, and a pre-release only where the range names one or has
        nothing else (PEP 440), or all `prereleases` are let in.
        """
        kept = {v: item for v, item in self.releases(as_of).items() if item.yanked is None}
        return [
            kept[version]
            for version in sorted(SpecifierSet(specifier).filter(kept, prereleases or None))[::-1]
        ]

    @cached_property
    def _views(self) -> dict[datetime | None, dict[Version, Release]]:
        return {}

    @cached_property
    def _by_version(self) -> dict[Version, list[File]]:
        found: dict[Version, list[File]] = defaultdict(list)
        for text, files in self._by_text.items():
            for version in _version(text):
                found[version] += files
        return found

    @cached_property
    def _by_text(self) -> dict[str, list[File]]:
        found: dict[str, list[File]] = defaultdict(list)
        for file in self.files:
            found[file.version].append(file)
        return found


def _version(text: str) -> Iterator[Version]:
    """Yield the version if it is one; releases from before PEP 440 cannot be installed."""
    try:
        yield Version(text)
    except InvalidVersion:
        return


def _there(files: Sequence[File], as_of: datetime | None) -> tuple[File, ...]:
    """Return the files that were there at a cut-off, all if there is none."""
    if as_of is None:
        return tuple(files)
    return tuple(
        file for file in files if file.uploaded and datetime.fromisoformat(file.uploaded) < as_of
    )
