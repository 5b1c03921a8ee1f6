"""Whether a version is what was asked for, as PEP 440 has it.

It answers as `stackproof.base.versions` does, which an environment under test has not;
tests/unit/test_versions.py holds both to the same cases.
"""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version


def satisfies(installed: str, asked: str) -> bool:
    """Compare a version with another, as `==` does, or with a specifier such as `>=1,<2`."""
    try:
        return _specifier(asked).contains(Version(installed), prereleases=True)
    except InvalidVersion:
        return False


def same_release(found: str, installed: str) -> bool:
    """Compare without local part: `2.5.1+cpu` is `2.5.1`, and so is psycopg2's `2.9.9 (dt dec)`."""
    try:
        return satisfies(found.split(maxsplit=1)[0], Version(installed).public)
    except (IndexError, InvalidVersion):
        return False


def _specifier(asked: str) -> SpecifierSet:
    try:
        return SpecifierSet(f"=={Version(asked)}")
    except InvalidVersion:
        return SpecifierSet(asked)
