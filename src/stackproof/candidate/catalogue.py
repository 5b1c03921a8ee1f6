"""The catalogue of releases, as a package index tells it."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from stackproof.candidate.choice import Release
from stackproof.index.client import IndexClient

__all__ = ["IndexCatalogue"]


class IndexCatalogue:
    """Asks one index; raises CannotJudgeError if it does not answer."""

    def __init__(self, client: IndexClient, index: str) -> None:
        self._client = client
        self._index = index

    def releases(self, name: str) -> Sequence[Release]:
        """Return the releases of a distribution, or nothing if the index does not know it."""
        project = self._client.project(self._index, name)
        if project is None:
            return []
        return [
            Release(
                version=version,
                uploaded=item.uploaded,
                completed=item.completed,
                yanked=item.yanked is not None,
            )
            for version, item in project.releases().items()
        ]

    def requirements(self, name: str, version: Version) -> Sequence[Requirement]:
        """Return what a release requires; nothing where the index has no metadata of a wheel."""
        project = self._client.project(self._index, name)
        release = project.releases().get(version) if project else None
        for file in release.files if release else ():
            metadata = self._client.metadata(self._index, file)
            if metadata is not None:
                return [item for text in metadata.requires for item in _requirement(text)]
        return []


def _requirement(text: str) -> list[Requirement]:
    try:
        return [Requirement(text)]
    except InvalidRequirement:
        return []  # from before the standard; installers pass over it too
