"""The versions worth trying between two: the newest patch of each minor, the newest first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from packaging.version import Version

from stackproof.index.choice import Release, eligible

__all__ = ["upgrade_path"]


def upgrade_path(
    releases: Sequence[Release],
    *,
    above: Version,
    below: Version | None = None,
    as_of: datetime | None = None,
) -> list[Release]:
    """Return the newest usable release of each minor above one version, and below another if given.

    Usable is what an installer would take by itself before `as_of`: neither yanked nor a
    pre-release.
    """
    steps: dict[tuple[int, int, int], Release] = {}
    for release in eligible(releases, as_of):
        version = release.version
        if version > above and (below is None or version < below):
            steps.setdefault((version.epoch, version.major, version.minor), release)
    return list(steps.values())
