"""What releases say of themselves: a file for this Python, and what they require."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from packaging.requirements import Requirement

from stackproof.errors import CannotJudgeError
from stackproof.index.client import IndexClient
from stackproof.index.core_metadata import CoreMetadata
from stackproof.index.releases import File, Release
from stackproof.index.target import Target
from stackproof.metadata.grid.record import Demand
from stackproof.reasons.reason import Reason, reason

__all__ = ["Facts", "IndexFacts", "demands"]

#: A chain of exact pins longer than this is a circle, or not worth following.
_LONGEST = 200


class Facts(Protocol):
    """What an index says of releases, for one Python and cut-off."""

    @property
    def markers(self) -> Mapping[str, str]:
        """The environment in which markers are evaluated."""

    def why_no_file(self, name: str, version: str) -> Reason | None:
        """Return why no file of a release can be used here, or None if one can."""

    def metadata(self, name: str, version: str) -> CoreMetadata | None:
        """Return what a release says of itself, None where that is not known."""


@dataclass(frozen=True, kw_only=True)
class IndexFacts:
    """Facts that an index tells; what it fails to tell is not known, and never an error.

    Of what a `further` index has as well, nothing is known: the installer may choose that one's
    files, such as 2.5.1+cpu for 2.5.1, and these may require something else.
    """

    client: IndexClient
    index: str
    target: Target
    as_of: datetime | None
    further: tuple[str, ...] = ()
    _known: dict[tuple[str, str], CoreMetadata | None] = field(default_factory=dict)

    @property
    def markers(self) -> Mapping[str, str]:
        """The environment in which markers are evaluated."""
        return self.target.markers

    def why_no_file(self, name: str, version: str) -> Reason | None:
        """Return why no file of a release can be used here, or None if one can."""
        release = self._release(name, version)
        if release is None or self.target.best(release) is not None:
            return None
        asked = {file.requires_python for file in release.files}
        admits = any(self.target.admits_python(text) for text in asked)
        if admits:
            where = self.target.platform_name or reason("this-platform")
            why = reason("no-wheel-for", platform=where)
        else:
            why = reason("needs-python", ranges=tuple(sorted(filter(None, asked))))
        release_name, python = f"{name} {version}", self.target.python
        return reason("grid-no-file", release=release_name, python=python, why=why)

    def metadata(self, name: str, version: str) -> CoreMetadata | None:
        """Return what a release's wheel says of itself, None where that is not known."""
        key = name, version
        if key not in self._known:
            try:
                self._known[key] = self._ask(name, version)
            except CannotJudgeError:
                self._known[key] = None
        return self._known[key]

    def _ask(self, name: str, version: str) -> CoreMetadata | None:
        release = self._release(name, version)
        file: File | None = self.target.best(release) if release else None
        return self.client.metadata(self.index, file) if file else None

    def _release(self, name: str, version: str) -> Release | None:
        try:
            if any(self.client.project(index, name) for index in self.further):
                return None
            project = self.client.project(self.index, name)
        except CannotJudgeError:
            return None
        return project.find(version, self.as_of) if project else None


def demands(facts: Facts, name: str, version: str) -> Iterator[Demand]:
    """Yield all that a release asks for for certain: by itself, and by what it pins exactly.

    What it asks for as a range may come in several versions, so nothing follows from those.
    """
    queue: list[tuple[str, str, tuple[str, ...], str | None]] = [(name, version, (), None)]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while queue and len(seen) < _LONGEST:
        who, at, extras, through = queue.pop(0)
        metadata = None if (who, extras) in seen else facts.metadata(who, at)
        seen.add((who, extras))
        for required, item in metadata.requirements(facts.markers, extras) if metadata else ():
            by = f"{who} {at}"
            yield Demand(by=by, on=required, range=str(item.specifier), through=through)
            exact = _exact(item)
            if exact is not None:
                queue.append((required, exact, tuple(sorted(item.extras)), by))


def _exact(requirement: Requirement) -> str | None:
    """Return the one version that a requirement admits, if it says so."""
    for item in requirement.specifier:
        if item.operator == "==" and not item.version.endswith(".*"):
            return item.version
    return None
