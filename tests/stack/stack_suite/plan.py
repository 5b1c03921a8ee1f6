"""Read the part of a plan file that the suite goes by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pathlib import Path

    from stack_suite.workload import Workload

FORMAT = 1


class PlanError(ValueError):
    """A plan file that this suite cannot go by."""


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One distribution at one exact version, with the modules it is imported by.

    `imports` is empty where that is left to the distribution's own record, see `modules`.
    """

    name: str
    version: str
    imports: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The pins in documented order, and the seconds one import may take.

    `only` holds the ids of the checks that are asked, and is empty where all of them are. `asked`
    holds the distributions that a trial asks for, which count as pinned.
    """

    pins: tuple[Pin, ...]
    import_seconds: float
    only: frozenset[str] = frozenset()
    asked: tuple[str, ...] = ()

    def lacks(self, workload: Workload | None) -> list[str]:
        """Return what keeps a row from having use for a workload.

        That is what the workload needs and the row does not pin, though it may have come along, and
        what the workload uses besides and is neither pinned nor installed.
        """
        if workload is None:
            return []
        pinned = {
            canonicalize_name(name) for name in (*(pin.name for pin in self.pins), *self.asked)
        }
        unpinned = [name for name in workload.needs if canonicalize_name(name) not in pinned]
        absent = [
            name
            for name in workload.uses
            if canonicalize_name(name) not in pinned and installed_version(name) is None
        ]
        return unpinned + absent

    def asks(self, check: str) -> bool:
        """Tell whether the check, by its id, is one of those that are asked."""
        return not self.only or check in self.only


def installed_version(distribution: str) -> str | None:
    """Return the version that the environment's metadata gives, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def load_plan(path: Path) -> Plan:
    """Load a plan file.

    Raises PlanError where the file cannot be read, is no JSON, or lacks a key.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise PlanError(f"{path}: format {data['format']!r}; this suite reads format {FORMAT}")
        return Plan(
            pins=tuple(_pin(pin) for pin in data["pins"]),
            import_seconds=float(data["import_seconds"]),
            only=frozenset(data.get("only", ())),
            asked=tuple(item.partition("==")[0] for item in data.get("requested", ())),
        )
    except (OSError, json.JSONDecodeError) as error:
        raise PlanError(f"{path}: {error}") from error
    except KeyError as error:
        raise PlanError(f"{path}: lacks the key {error}") from error


def _pin(data: dict[str, Any]) -> Pin:
    return Pin(name=data["name"], version=data["version"], imports=tuple(data["imports"]))
