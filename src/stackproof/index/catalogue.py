"""The catalogue of releases, as package indexes tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from stackproof.errors import CannotJudgeError
from stackproof.index.choice import Release
from stackproof.index.client import IndexClient

__all__ = ["IndexCatalogue"]


class IndexCatalogue:
    """Asks a default index, and in its place for some distributions their `own`.

    Each method raises CannotJudgeError if no index answers.
    """

    def __init__(self, client: IndexClient, index: str, own: Mapping[str, str | None]) -> None:
        self._client = client
        self._index = index
        self._own = own

    def releases(self, name: str, *, refresh: bool = False) -> Sequence[Release]:
        """Return the releases of a distribution, or nothing if its index does not know it.

        With `refresh`, the index is asked even where a cached page counts as fresh.
        """
        project = self._client.project(self._serving(name), name, refresh=refresh)
        found = dict(project.releases()) if project else {}
        for version, item in list(found.items()):
            # Whoever asks for 2.0 gets 2.0+cpu, which may be all that there is of it.
            found.setdefault(Version(version.public), item)
        return [
            Release(
                version=version,
                uploaded=item.uploaded,
                completed=item.completed,
                yanked=item.yanked is not None,
            )
            for version, item in found.items()
        ]

    def requirements(self, name: str, version: Version) -> Sequence[Requirement]:
        """Return what a release requires; nothing where the index has no metadata of a wheel."""
        index = self._serving(name)
        project = self._client.project(index, name)
        release = project.find(str(version)) if project else None
        for file in release.files if release else ():
            metadata = self._client.metadata(index, file)
            if metadata is not None:
                return [item for text in metadata.requires for item in _requirement(text)]
        return []

    def _serving(self, name: str) -> str:
        """Return the index that a build would take it from: its own, if one answers."""
        own = self._own.get(name)
        if own is not None:
            with suppress(CannotJudgeError):
                self._client.project(own, name)
                if not self._client.down(own):
                    return own
        return self._index


def _requirement(text: str) -> list[Requirement]:
    try:
        return [Requirement(text)]
    except InvalidRequirement:
        return []  # from before the standard; installers pass over it too
