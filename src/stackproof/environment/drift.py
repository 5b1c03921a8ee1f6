"""Drift: what one stage changed in an environment."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

from stackproof.environment.virtualenv import Freeze
from stackproof.records import Record

__all__ = ["Drift", "drift_between"]

Change = tuple[str | None, str | None]


class Drift(Record):
    """Changes by distribution name, each as (version before, version after)."""

    added: dict[str, Change]
    removed: dict[str, Change]
    upgraded: dict[str, Change]
    downgraded: dict[str, Change]

    @property
    def moved(self) -> dict[str, Change]:
        """The distributions that were there before and have another version now, or none."""
        return {**self.removed, **self.upgraded, **self.downgraded}


def drift_between(before: Freeze, after: Freeze) -> Drift:
    """Return what changed from one freeze to a later one."""
    kinds: dict[str, dict[str, Change]] = {
        kind: {} for kind in ("added", "removed", "upgraded", "downgraded")
    }
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old != new:
            kinds[_kind(old, new)][name] = (old, new)
    return Drift(**kinds)


def _kind(old: str | None, new: str | None) -> str:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    try:
        return "upgraded" if Version(new) > Version(old) else "downgraded"
    except InvalidVersion:  # versions older than PEP 440 have no order that both sides agree on
        return "upgraded"
