"""Versions compared as PEP 440 has it: does one satisfy what was asked, do two ranges overlap."""

from __future__ import annotations

from functools import cache
from typing import Literal

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

__all__ = [
    "OLDEST_MINOR",
    "Step",
    "admits",
    "agree",
    "is_version",
    "name_of",
    "narrow",
    "overlap",
    "requirement",
    "satisfies",
    "step",
]

#: How far two versions are apart, by the first of their numbers that differs.
Step = Literal["major", "minor", "patch"]

#: The oldest minor version of Python 3 that rows can have: the suite runs on none before it.
OLDEST_MINOR = 10


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


def admits(requirement: Requirement, version: Version | str) -> bool:
    """Tell whether a version, or a pre-release, is in the range of a requirement."""
    return requirement.specifier.contains(version, prereleases=True)


def is_version(asked: str) -> bool:
    """Tell whether what is asked for is one version, and no range."""
    try:
        Version(asked)
    except InvalidVersion:
        return False
    return True


def requirement(name: str, asked: str) -> str:
    """Return the requirement of a distribution: at a version, in a range, or at any if "" is asked.

    `name` may have extras, as in `uvicorn[standard]`.
    """
    return f"{name}=={asked}" if is_version(asked) else f"{name}{asked}"


def name_of(text: str) -> str:
    """Return the normal name of the distribution that a requirement asks for."""
    return canonicalize_name(Requirement(text).name)


def narrow(asked: str, version: str, *, than: str) -> str:
    """Return a range that ends at a version of it, on the side of another one that is left out."""
    drop, end = ("<", "<=") if Version(version) < Version(than) else (">", ">=")
    kept = [item for item in asked.split(",") if item and not item.startswith(drop)]
    return ",".join([*kept, f"{end}{Version(version).public}"])


def agree(one: str, other: str) -> bool:
    """Tell whether two words on one version can both hold: versions, ranges, or "" for any.

    A version may leave open which build of it.
    """
    if is_version(one) or is_version(other):
        return satisfies(one, other) or satisfies(other, one)
    return overlap(one, other)


def step(before: str, after: str) -> Step:
    """Say how far two versions are apart; what is no version has numbers that nobody knows."""
    try:
        old, new = Version(before), Version(after)
    except InvalidVersion:
        return "major"
    if (old.epoch, old.major) != (new.epoch, new.major):
        return "major"
    return "patch" if old.minor == new.minor else "minor"


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
