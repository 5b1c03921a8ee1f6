"""Versions compared as PEP 440 has it: does one satisfy what was asked, do two ranges overlap."""

from __future__ import annotations

from functools import cache

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

__all__ = ["agree", "is_version", "overlap", "satisfies"]


def satisfies(installed: str, asked: str) -> bool:
    """Tell whether a version is what was `asked` for: a version, or a specifier such as `>=1,<2`.

    A version asks for what `==` asks for: 1.16.0 is 1.16, a local part counts where it is asked
    for (2.5.1+cpu is 2.5.1, and neither 2.5.1 nor 2.5.1+cu121 is 2.5.1+cpu). A pre-release counts
    like any version: whoever has it installed has chosen it. What is no version satisfies nothing.
    Raises InvalidSpecifier where `asked` is neither.
    """
    try:
        return _specifier(asked).contains(Version(installed), prereleases=True)
    except InvalidVersion:
        return False


def is_version(asked: str) -> bool:
    """Tell whether what is asked for is one version, and no range."""
    try:
        Version(asked)
    except InvalidVersion:
        return False
    return True


def agree(one: str, other: str) -> bool:
    """Tell whether two words on one version can both hold: one may leave open which build of it."""
    return satisfies(one, other) or satisfies(other, one)


@cache
def overlap(first: str, second: str) -> bool:
    """Tell whether a version, released or not, is in both ranges, such as `>=1,<2` and `~=1.4`."""
    return not (SpecifierSet(first) & SpecifierSet(second)).is_unsatisfiable()


@cache
def _specifier(asked: str) -> SpecifierSet:
    try:
        return SpecifierSet(f"=={Version(asked)}")
    except InvalidVersion:
        return SpecifierSet(asked)
