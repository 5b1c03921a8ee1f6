"""Where between two builds a check can have turned: when that by which they differ was released."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone

from stackproof.experiments.timeline.differences import Differences
from stackproof.matrix.checks import CheckId

__all__ = ["ReleaseGuide", "midnight", "named_in"]


@dataclass(frozen=True, kw_only=True)
class ReleaseGuide:
    """Knows when that came by which two builds differ; `words` are what failing checks said."""

    differences: Differences
    words: Mapping[str, str] = field(default_factory=dict)

    def candidates(self, check: str, before: datetime, after: datetime) -> Sequence[datetime]:
        """Return the midnights that part the release days of what differs between two moments."""
        builds = map(self.differences.build, (before, after))
        days = self._days(self.differences.between(before, after), before, after)
        if not days or any(build.refusal for build in builds):
            return _midnights(before, after)
        # Up to the first of these days nothing that differs had been released yet.
        candidates = {day for day in days[1:] if before < day}
        return sorted(candidates.union(self.likely(check, before, after)))

    def likely(self, check: str, before: datetime, after: datetime) -> Sequence[datetime]:
        """Return the midnights around the releases of those distributions that a failure names.

        Those of the one that the check itself is about come before all others.
        """
        names = self.differences.between(before, after)
        own = [name for name in names if name == CheckId.parse(check).subject]
        named = named_in(f"{check} {self.words.get(check, '')}", names)
        return self._boundaries(own, before, after) or self._boundaries(named, before, after)

    def _boundaries(
        self, names: Sequence[str], before: datetime, after: datetime
    ) -> list[datetime]:
        """Return the midnights before and after each day on which one of them was released."""
        boundaries = {
            side
            for day in map(midnight, self._days(names, before, after))
            for side in (day, day + timedelta(days=1))
        }
        return sorted(side for side in boundaries if before < side < after)

    def is_cheap(self, check: str) -> bool:
        """Tell whether a check is answered by a build alone, without the suite."""
        return CheckId.parse(check).answered_by == "build"

    def _days(self, names: Sequence[str], before: datetime, after: datetime) -> list[datetime]:
        """Return the midnights before the releases of distributions, `before` for the first day."""
        self.differences.releases.fetch(names)
        found = {
            max(midnight(moment), before)
            for name in names
            for moment in self.differences.moments(name, before, after)
        }
        return sorted(found)


def named_in(text: str, names: Sequence[str]) -> list[str]:
    """Return those of the distributions that a text names, by whatever spelling."""
    words = {word.lower().replace("_", "-") for word in re.findall(r"[\w.-]*\w", text)}
    parts = {part for word in words for part in word.split(".")}
    whole = {word.replace(".", "-") for word in words}
    return [name for name in names if name in words | parts | whole]


def midnight(moment: datetime) -> datetime:
    """Return the beginning of a moment's day, in UTC."""
    day = moment.astimezone(timezone.utc).date()
    return datetime.combine(day, time(), timezone.utc)


def _midnights(before: datetime, after: datetime) -> list[datetime]:
    """Return every midnight strictly between two moments."""
    first = midnight(before) + timedelta(days=1)
    count = max((midnight(after) - first).days + 1, 0)
    every = (first + timedelta(days=number) for number in range(count))
    return [day for day in every if before < day < after]
