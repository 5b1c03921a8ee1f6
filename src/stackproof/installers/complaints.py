"""What `pip check` will complain of, in the words of each installer, as far as they are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from stackproof.evidence.said import says

__all__ = ["Complaint"]


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """That release `at` of `by` requires what is not there.

    `version` is what is there of what is required, None where that is not known.
    """

    by: str
    at: str
    requirement: Requirement
    version: str | None

    def has(self, words: str) -> Literal["yes", "no", "untold"]:
        """Tell whether a run's complaint has words; "untold" if that rests on what is not known.

        Which installer speaks is the run's to choose, so the words of either will do.
        """
        if any(says(part, words) for part in (*self._of_uv(), *self._of_pip())):
            return "yes"
        # uv writes markers anew, and in its own way.
        known = self.version is not None and self.requirement.marker is None
        return "no" if known else "untold"

    def _of_uv(self) -> Iterator[str]:
        wanted = self.requirement
        ranges = ",".join(map(str, sorted(wanted.specifier, key=_by_version)))
        asks = f"The package {self.by} requires {self._name}{_extras(wanted)}{ranges}"
        ends = "" if self.version is None else f", but {self.version} is installed"
        yield from (asks, ends) if wanted.marker else (asks + ends,)

    def _of_pip(self) -> Iterator[str]:
        there = "" if self.version is None else f"{self._name} {self.version}."
        yield f"{self.by} {self.at} has requirement {self.requirement}, but you have {there}"

    @property
    def _name(self) -> str:
        return canonicalize_name(self.requirement.name)


def _extras(requirement: Requirement) -> str:
    return f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""


def _by_version(specifier: object) -> Version:
    """Return what uv orders the parts of a range by."""
    text = str(specifier).lstrip("<>=!~").removesuffix(".*")
    try:
        return Version(text)
    except InvalidVersion:  # of `===`, which takes any text
        return Version("0")
