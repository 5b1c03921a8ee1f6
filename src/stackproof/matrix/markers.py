"""Whether an environment marker holds for a row, of which only Python's minor version is known."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.markers import Marker
from packaging.requirements import Requirement

from stackproof.matrix.platforms import Platform

__all__ = ["applies", "asks_patch", "environment_of", "holds"]

#: Stands for the newest patch, which is the one that is installed nearly everywhere.
_NEWEST = 99


def applies(marker: str | None, python: str, platform: Platform | None = None) -> bool:
    """Tell whether a marker holds on a platform, or else here, with a minor version of CPython.

    Of its patches the newest counts. What has no marker, None, is asked for everywhere.
    """
    return marker is None or Marker(marker).evaluate(environment_of(python, platform=platform))


def asks_patch(marker: str, python: str) -> bool:
    """Tell whether a marker holds with some patches of a minor version and not with others."""
    oldest = Marker(marker).evaluate(environment_of(python, f"{python}.0"))
    return oldest is not applies(marker, python)


def holds(requirement: Requirement, environment: Mapping[str, str]) -> bool:
    """Tell whether a requirement that no extra brings is made where markers go by `environment`."""
    marker = requirement.marker
    return marker is None or marker.evaluate({**environment, "extra": ""})


def environment_of(
    python: str, full: str | None = None, platform: Platform | None = None
) -> dict[str, str]:
    """Return what markers go by on a CPython, and on a platform if that is not this machine's.

    `full` is its version to the patch; without it the newest of the minor version counts.
    """
    full = full or f"{python}.{_NEWEST}"
    return {
        **(platform.markers if platform else {}),
        "implementation_name": "cpython",
        "implementation_version": full,
        "platform_python_implementation": "CPython",
        "python_full_version": full,
        "python_version": python,
    }
