"""What two builds of a row differ by, and when that came: other versions, or other files of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from stackproof.experiments.found import Found
from stackproof.index.history import Releases

__all__ = ["Differences"]

Bracket = tuple[datetime, datetime]


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Compares builds; `build` returns what is known of the row as of a moment that was probed.

    A release may get another file later, such as a wheel beside its source, and an installer then
    installs something else under the same version.
    """

    build: Callable[[datetime], Found]
    releases: Releases
    _known: dict[Bracket, list[str]] = field(default_factory=dict)

    def between(self, before: datetime, after: datetime) -> Sequence[str]:
        """Return the distributions that are not the same in the builds as of two moments."""
        if (before, after) not in self._known:
            left, right = self.build(before), self.build(after)
            versions = left.differs_from(right)
            self.releases.fetch(left.held)
            files = [name for name in left.held if self._has_new_file(name, before, after)]
            self._known[before, after] = sorted({*versions, *files})
        return self._known[before, after]

    def moments(self, name: str, before: datetime, after: datetime) -> list[datetime]:
        """Return when something of a distribution came between two moments, in order.

        That is every release, and every file that can be installed here of those that were.
        """
        releases = self.releases.between(name, before, after)
        found = {item.uploaded for item in releases if item.yanked is None and item.uploaded}
        for version in self._versions(name, before, after):
            found.update(self.releases.uploads(name, version))
        return sorted(moment for moment in found if before <= moment < after)

    def instants(self, name: str, before: datetime, after: datetime) -> list[datetime]:
        """Return when another release of a distribution came, or another file of an older one."""
        releases = self.releases.between(name, before, after)
        return sorted(
            {item.uploaded for item in releases if item.yanked is None and item.uploaded}
            | {
                moment
                for version in self._versions(name, before, after)
                if (self.releases.uploaded(name, version) or after) < before
                for moment in self.releases.uploads(name, version)
                if before <= moment < after
            }
        )

    def uploaded(
        self, name: str, version: str, before: datetime, after: datetime
    ) -> datetime | None:
        """Return when a release came, or the file of it that came between two moments."""
        first = self.releases.uploaded(name, version)
        if first is None or first >= before:
            return first
        anew = (item for item in self.releases.uploads(name, version) if before <= item < after)
        return next(anew, first)

    def _versions(self, name: str, before: datetime, after: datetime) -> set[str]:
        builds = self.build(before), self.build(after)
        return {version for build in builds for version in build.versions(name)}

    def _has_new_file(self, name: str, before: datetime, after: datetime) -> bool:
        """Tell whether a release that is installed on both sides got a file between them."""
        left, right = self.build(before).held[name], self.build(after).held.get(name, ())
        return any(
            before <= moment < after
            for version in left
            if version in right
            for moment in self.releases.uploads(name, version)
        )
