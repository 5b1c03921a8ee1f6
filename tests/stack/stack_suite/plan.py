"""Read the part of a plan file that the suite goes by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FORMAT = 1


class PlanError(ValueError):
    """A plan file that this suite cannot go by."""


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One distribution at one exact version, with the modules it is imported by."""

    name: str
    version: str
    imports: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The pins in documented order, and the seconds one import may take."""

    pins: tuple[Pin, ...]
    import_seconds: float

    def holds_all(self, distributions: Iterable[str]) -> bool:
        """Tell whether the row pins each distribution, or the environment has it all the same."""
        pinned = {canonicalize_name(pin.name) for pin in self.pins}
        return all(
            canonicalize_name(name) in pinned or installed_version(name) is not None
            for name in distributions
        )

    @property
    def modules(self) -> tuple[str, ...]:
        """Every module of every pin, in documented order."""
        return tuple(module for pin in self.pins for module in pin.imports)


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
        )
    except (OSError, json.JSONDecodeError) as error:
        raise PlanError(f"{path}: {error}") from error
    except KeyError as error:
        raise PlanError(f"{path}: lacks the key {error}") from error


def _pin(data: dict[str, Any]) -> Pin:
    return Pin(name=data["name"], version=data["version"], imports=tuple(data["imports"]))
