"""One advisory: what it is called, how bad it is, and which versions it affects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

__all__ = ["Advisory"]

_ECOSYSTEM = "PyPI"
_LOWEST = Version("0.dev0")
#: What an event does to the versions from its own on: they are affected, or no longer.
_AFFECTED_FROM = {"introduced": True, "fixed": False}


@dataclass(frozen=True, kw_only=True)
class Advisory:
    """One record of OSV, as far as it speaks of one distribution.

    `severity` is in the words of whoever published it, "" where there are none. `versions` are
    those that it lists; each of `ranges` holds events, such as `("fixed", "1.2")`.
    """

    id: str
    aliases: tuple[str, ...]
    summary: str
    severity: str
    modified: str
    name: str
    versions: frozenset[str]
    ranges: tuple[tuple[tuple[str, str], ...], ...]

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Iterator[Advisory]:
        """Yield one for each Python distribution of a record; none for one that was withdrawn.

        Raises LookupError, TypeError or AttributeError for what is no record.
        """
        if data.get("withdrawn"):
            return
        for affected in data.get("affected", ()):
            package = affected.get("package") or {}
            if package.get("ecosystem") == _ECOSYSTEM:
                yield cls(
                    id=data["id"],
                    aliases=tuple(data.get("aliases", ())),
                    summary=data.get("summary") or data.get("details", "").partition("\n")[0],
                    severity=_severity(data, affected),
                    modified=data.get("modified", ""),
                    name=canonicalize_name(package["name"]),
                    versions=frozenset(affected.get("versions", ())),
                    ranges=tuple(_ranges(affected.get("ranges", ()))),
                )

    @property
    def names(self) -> frozenset[str]:
        """Every id that it is known by."""
        return frozenset((self.id, *self.aliases))

    def affects(self, version: Version) -> bool:
        """Tell whether a version is affected: it is listed, or lies in a range.

        As the OSV schema says under "Evaluation". A bound that is no version does not end a range.
        """
        public = Version(version.public)
        listed = any(_version(text) in (version, public) for text in self.versions)
        return listed or any(_is_in(events, version) for events in self.ranges)


def _severity(data: Mapping[str, Any], affected: Mapping[str, Any]) -> str:
    """Return a word such as HIGH where there is one, or else the vector that it is scored by."""
    for said in (affected, data):
        for own in ("ecosystem_specific", "database_specific"):
            if word := (said.get(own) or {}).get("severity"):
                return str(word)
    scores = affected.get("severity") or data.get("severity") or ()
    return str(scores[-1]["score"]) if scores else ""


def _ranges(ranges: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield the events of the ranges that are of versions, and not of commits."""
    for item in ranges:
        if item.get("type") != "GIT":
            yield tuple(pair for event in item["events"] for pair in event.items())


def _is_in(events: Sequence[tuple[str, str]], version: Version) -> bool:
    affected = False
    for kind, bound in sorted(_bounds(events), key=lambda event: event[1]):
        if kind == "last_affected":
            affected = affected and version <= bound
        elif kind in _AFFECTED_FROM and version >= bound:
            affected = _AFFECTED_FROM[kind]
    return affected


def _bounds(events: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Version]]:
    for kind, text in events:
        bound = _LOWEST if text == "0" else _version(text)
        if bound is None and kind == "introduced":
            bound = _LOWEST
        if bound is not None:
            yield kind, bound


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
