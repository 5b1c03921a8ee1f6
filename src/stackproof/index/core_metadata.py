"""The core metadata of one release, as far as an audit asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from stackproof.reasons.reason import Reason, reason

__all__ = ["CoreMetadata"]

#: A marker that cannot hold without an extra: it asks for one, and offers no other way.
_ONLY_EXTRA = re.compile(r";(?!.*\bor\b).*\bextra\s*==")
#: An extra that a requirement asks for, by its marker.
_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)["']""")
_MINOR = re.compile(r"^Programming Language :: Python :: (3\.\d+)$")


@dataclass(frozen=True)
class CoreMetadata:
    """What a release requires, which Pythons it says that it is for, and the extras it declares.

    `licence_expression` is what it states by PEP 639, `licence` the older field, which may be as
    short as a name and as long as a whole licence.
    """

    requires_python: str | None
    requires: tuple[str, ...]
    classifiers: tuple[str, ...]
    declared_extras: tuple[str, ...]
    licence_expression: str | None
    licence: str | None

    @classmethod
    def parse(cls, content: str) -> CoreMetadata:
        """Read a METADATA file; what it does not say stays empty."""
        raw, _ = parse_email(content)
        return cls(
            requires_python=raw.get("requires_python"),
            requires=tuple(raw.get("requires_dist", ())),
            classifiers=tuple(raw.get("classifiers", ())),
            declared_extras=tuple(raw.get("provides_extra", ())),
            licence_expression=raw.get("license_expression"),
            licence=raw.get("license"),
        )

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> CoreMetadata:
        """Read back what `to_data` returned."""
        return cls(
            requires_python=data["requires_python"],
            requires=tuple(data["requires"]),
            classifiers=tuple(data["classifiers"]),
            declared_extras=tuple(data["extras"]),
            licence_expression=data["licence_expression"],
            licence=data["licence"],
        )

    def to_data(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return {
            "requires_python": self.requires_python,
            "requires": list(self.requires),
            "classifiers": list(self.classifiers),
            "extras": list(self.declared_extras),
            "licence_expression": self.licence_expression,
            "licence": self.licence,
        }

    @cached_property
    def extras(self) -> frozenset[str]:
        """The normal names of its extras (PEP 685), those too that only its requirements name."""
        named = (extra for text in self.requires for extra in _EXTRA.findall(text))
        return frozenset(map(canonicalize_name, (*self.declared_extras, *named)))

    def lacking(self, extras: Iterable[str]) -> Reason | None:
        """Say which of some extras it has not, and which it has; None if it has them all.

        Installers only warn of one that is not there, and install the release without.
        """
        missing = sorted({extra for extra in extras if canonicalize_name(extra) not in self.extras})
        if not missing:
            return None
        has = tuple(sorted(self.extras)) or reason("none")
        if len(missing) == 1:
            return reason("no-extra", missing=missing[0], has=has)
        return reason("no-extras", missing=tuple(missing), has=has)

    @property
    def pythons(self) -> tuple[str, ...]:
        """The minor versions of Python 3 that the classifiers name, such as `3.11`."""
        return tuple(
            match[1] for item in self.classifiers if (match := _MINOR.match(item)) is not None
        )

    def requirements(
        self, environment: Mapping[str, str], extras: Sequence[str] = ()
    ) -> Iterator[tuple[str, Requirement]]:
        """Yield (normal name, requirement) for all that apply in a marker environment."""
        for name, requirement in self.parsed if extras else self._without_extras:
            marker = requirement.marker
            if marker is None or any(
                marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras)
            ):
                yield name, requirement

    @cached_property
    def parsed(self) -> tuple[tuple[str, Requirement], ...]:
        """Every requirement by the normal name of what it requires, whatever its marker."""
        return tuple(_parse(self.requires))

    @cached_property
    def _without_extras(self) -> tuple[tuple[str, Requirement], ...]:
        # Some have hundreds of requirements that only extras bring; to parse those takes long.
        return tuple(_parse(text for text in self.requires if not _ONLY_EXTRA.search(text)))


def _parse(texts: Iterable[str]) -> Iterator[tuple[str, Requirement]]:
    for text in texts:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # from before the standard; installers pass over these releases too
        yield canonicalize_name(requirement.name), requirement
