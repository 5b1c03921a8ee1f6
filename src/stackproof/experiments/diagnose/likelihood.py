"""Which distributions are the likelier to have broken a row, where no failure names any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.version import Version

from stackproof.index.history import Releases

__all__ = ["likeliest_first"]


def likeliest_first(
    old: Mapping[str, str], now: Mapping[str, str], pins: Iterable[str], releases: Releases
) -> dict[str, str]:
    """Return `old` versions in the order in which to suspect what they have become `now`.

    What the pins require themselves comes before what that brings, and a change of the first
    number that is not 0, with which releases may break what used them, before a smaller one
    (https://semver.org/#spec-item-4 and 8).
    """
    direct = {name for pin in pins if pin in now for name, _ in releases.requires(pin, now[pin])}

    def rank(name: str) -> tuple[bool, int]:
        return name not in direct, -_step(old[name], now.get(name, old[name]))

    return {name: old[name] for name in sorted(old, key=rank)}


def _step(before: str, after: str) -> int:
    """Return 2 where the first number that is not 0 differs, 1 where a later one does, or 0."""
    old, new = (_numbers(version) for version in (before, after))
    if old[:1] != new[:1] or (old[:1] == (0,) and old[:2] != new[:2]):
        return 2
    return int(old != new)


def _numbers(version: str) -> tuple[int, ...]:
    return Version(version).release
