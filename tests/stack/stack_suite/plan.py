"""Read the part of a plan file that the suite goes by."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from stack_suite.workload import Workload

FORMAT = 1


class PlanError(ValueError):
    """A plan file that this suite cannot go by."""


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One distribution, what is asked for of it, and the modules that it is imported by.

    `asked` is a version, a range, or nothing where any version will do. `imports` is empty where
    that is left to the distribution's own record, see `modules`.
    """

    name: str
    asked: str
    imports: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The pins in documented order, and the seconds one import may take.

    `only` holds the ids of the checks that are asked, and is empty where all of them are. `freeze`
    maps normal names to what the build installed. `asked` holds the distributions that a trial asks
    for, which count as pinned.
    """

    pins: tuple[Pin, ...]
    import_seconds: float
    freeze: Mapping[str, str]
    only: frozenset[str] = frozenset()
    asked: tuple[str, ...] = ()

    def lacks(self, workload: Workload | None) -> list[str]:
        """Return what keeps a row from having use for a workload.

        That is what the workload needs and the row does not pin, though it may have come along,
        what the workload uses besides and is neither pinned nor installed, and what is older than
        the oldest release that the workload is meant for, such as `mlflow>=2.0.1`.
        """
        if workload is None:
            return []
        pinned = {normal(name) for name in (*(pin.name for pin in self.pins), *self.asked)}
        unpinned = [name for name in workload.needs if normal(name) not in pinned]
        absent = [
            name
            for name in workload.uses
            if normal(name) not in pinned and self.installed(name) is None
        ]
        return unpinned + absent + [*self._too_old(workload)]

    def _too_old(self, workload: Workload) -> Iterator[str]:
        # The process of a workload has no `packaging` but the stack's, and is not to ask for it.
        from stack_suite.versions import satisfies

        for name, oldest in workload.oldest.items():
            found = self.installed(name)
            if found is not None and not satisfies(found, f">={oldest}"):
                yield f"{name}>={oldest}"

    def installed(self, distribution: str) -> str | None:
        """Return the version of a distribution that the build installed, or None."""
        return self.freeze.get(normal(distribution))

    def asks(self, check: str) -> bool:
        """Tell whether the check, by its id, is one of those that are asked."""
        return not self.only or check in self.only


def load_plan(path: Path, freeze: Path | None = None) -> Plan:
    """Load a plan file, and what the build of the plan installed, one requirement a line.

    Without the latter, what is installed now counts. Raises PlanError where the file cannot be
    read, is no JSON, or lacks a key.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise PlanError(f"{path}: format {data['format']!r}; this suite reads format {FORMAT}")
        return Plan(
            pins=tuple(_pin(pin) for pin in data["pins"]),
            import_seconds=float(data["import_seconds"]),
            freeze=_found_now() if freeze is None else _read_freeze(freeze),
            only=frozenset(data.get("only", ())),
            asked=tuple(item.partition("==")[0] for item in data.get("requested", ())),
        )
    except (OSError, json.JSONDecodeError) as error:
        raise PlanError(f"{path}: {error}") from error
    except KeyError as error:
        raise PlanError(f"{path}: lacks the key {error}") from error


def _pin(data: dict[str, Any]) -> Pin:
    asked = data["version"] or data["range"]
    return Pin(name=data["name"], asked=asked, imports=tuple(data["imports"]))


def normal(name: str) -> str:
    """Return the normal form of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _read_freeze(path: Path) -> dict[str, str]:
    lines = (line.partition("==") for line in path.read_text(encoding="utf-8").splitlines())
    return {normal(name): version for name, _, version in lines}


def _found_now() -> dict[str, str]:
    return {normal(found.name): found.version for found in metadata.distributions()}
