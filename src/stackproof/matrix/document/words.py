"""Versions by the words that tables have for them, as specifiers of PEP 440."""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from stackproof.base.versions import is_version

__all__ = ["asked_by", "is_absent", "specifier_of"]

#: What stands in a cell where there is nothing to say.
_ABSENT = ("", "-", "\N{EN DASH}", "\N{EM DASH}", "n/a", "na", "none", "not available")
#: Fewer numbers than a release has leave the rest of them open.
_NUMBERS = 3


def is_absent(word: str) -> bool:
    """Tell whether a cell says that there is nothing."""
    return word.strip().lower() in _ABSENT


def specifier_of(word: str) -> str:
    """Return what a word asks for: 2.17 and 2.17.x any 2.17, 2.17.1 that release, >=2 itself.

    A specifier (PEP 440) is that: `==2.17` is the release 2.17.0. Raises ValueError for a word
    that says no version.
    """
    bare = word.strip()
    try:
        if re.match(r"[<>~!=]", bare):
            return str(SpecifierSet(bare))
        version = Version(re.sub(r"\.[x*]$", "", bare))
    except (InvalidSpecifier, InvalidVersion):
        raise ValueError(f"{word!r} is not a version") from None
    is_plain = str(version) == version.base_version
    is_open = bare.endswith((".x", ".*")) or len(version.release) < _NUMBERS
    return f"=={version}.*" if is_plain and is_open else f"=={version}"


def asked_by(word: str) -> str:
    """Return the one version that a word asks for, else the range.

    Raises ValueError for a word that says no version.
    """
    specifier = specifier_of(word)
    bare = specifier.removeprefix("==")
    return bare if is_version(bare) else specifier
