"""Whether an environment marker holds for a row, of which only Python's minor version is known."""

from __future__ import annotations

from packaging.markers import Marker

__all__ = ["applies", "asks_patch", "environment_of"]

#: Stands for the newest patch, which is the one that is installed nearly everywhere.
_NEWEST = 99


def applies(marker: Marker, python: str) -> bool:
    """Tell whether a marker holds on this machine's platform with a minor version of CPython.

    Of its patches the newest counts.
    """
    return _holds(marker, python, _NEWEST)


def asks_patch(marker: Marker, python: str) -> bool:
    """Tell whether a marker holds with some patches of a minor version and not with others."""
    return _holds(marker, python, 0) is not _holds(marker, python, _NEWEST)


def environment_of(python: str, patch: int = _NEWEST) -> dict[str, str]:
    """Return what markers go by on a minor version of CPython, beside this machine's platform."""
    full = f"{python}.{patch}"
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "platform_python_implementation": "CPython",
        "python_full_version": full,
        "python_version": python,
    }


def _holds(marker: Marker, python: str, patch: int) -> bool:
    return marker.evaluate(environment_of(python, patch))
