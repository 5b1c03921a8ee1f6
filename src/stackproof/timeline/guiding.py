"""Where between two builds a check can have turned: when that by which they differ was released."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone

from stackproof.timeline.probing import Found
from stackproof.timeline.releases import Releases

__all__ = ["ReleaseGuide", "midnight", "named_in"]

_CHEAP = ("stage:", "pip-check:")


@dataclass(frozen=True, kw_only=True)
class ReleaseGuide:
    """Knows what two builds differ by, and when the releases between them came.

    `build` returns what is known of the row as of a moment that was probed; `words` are what the
    failing checks said.
    """

    build: Callable[[datetime], Found]
    releases: Releases
    words: Mapping[str, str] = field(default_factory=dict)

    def cuts(self, check: str, before: datetime, after: datetime) -> Sequence[datetime]:
        """Return the midnights that part the release days of what differs between two moments."""
        left, right = self.build(before), self.build(after)
        days = self._days(left.differs_from(right), before, after)
        if not days or left.refusal or right.refusal:
            return _midnights(before, after)
        # Up to the first of these days nothing that differs had been released yet.
        cuts = {day for day in days[1:] if before < day}
        return sorted(cuts.union(self.likely(check, before, after)))

    def likely(self, check: str, before: datetime, after: datetime) -> Sequence[datetime]:
        """Return the midnights around the releases of those distributions that a failure names."""
        names = self.build(before).differs_from(self.build(after))
        named = named_in(f"{check} {self.words.get(check, '')}", names)
        sides = {
            side
            for day in map(midnight, self._days(named, before, after))
            for side in (day, day + timedelta(days=1))
        }
        return sorted(side for side in sides if before < side < after)

    def is_cheap(self, check: str) -> bool:
        """Tell whether a check is answered by a build alone, without the suite."""
        return check.startswith(_CHEAP)

    def _days(self, names: Sequence[str], before: datetime, after: datetime) -> list[datetime]:
        """Return the midnights before the releases of distributions, `before` for the first day."""
        self.releases.fetch(names)
        found = {
            max(midnight(release.uploaded), before)
            for name in names
            for release in self.releases.between(name, before, after)
            if release.yanked is None and release.uploaded is not None
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
