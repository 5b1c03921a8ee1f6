"""Whether two version ranges have a version in common, released or not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

__all__ = ["overlap"]


@cache
def overlap(first: str, second: str) -> bool:
    """Tell whether a version satisfies both specifier sets, such as `>=1,<2` and `~=1.4`.

    Ranges that overlap do so at, just above, or at the next release after a version that one of
    them names, or at the lowest version of all. So it is enough to try those.
    """
    both = SpecifierSet(first) & SpecifierSet(second)
    return any(both.contains(point, prereleases=True) for point in _points(both))


def _points(specifiers: SpecifierSet) -> Iterator[Version]:
    yield Version("0")
    for specifier in specifiers:
        try:
            named = Version(specifier.version.removesuffix(".*"))
        except InvalidVersion:  # `===` compares text
            continue
        yield named
        yield Version(f"{named.base_version}.0.1")
        for length in range(1, len(named.release) + 1):
            head = named.release[:length]
            bumped = (*head[:-1], head[-1] + 1)
            yield Version(f"{named.epoch}!{'.'.join(map(str, bumped))}")
