"""Read one requirement of an install command or a requirements file."""

from __future__ import annotations

import platform
import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from stackproof.matrix.document.stack import Install
from stackproof.matrix.markers import applies

__all__ = ["is_elsewhere", "read_install", "this_python"]

#: A path or an address, which names no release of an index.
_ELSEWHERE = re.compile(r"^(?:\.{1,2}(?:\[|$)|~|[^@]*[/\\])|\.(?:whl|zip|tar\.gz|tgz)$")


def is_elsewhere(text: str) -> bool:
    """Tell whether a word names a folder, a file or a repository in place of a package."""
    return _ELSEWHERE.search(text.partition(";")[0].strip()) is not None


def read_install(text: str, line: int, python: str) -> Install | None:
    """Return what a requirement installs on a Python, None if its marker does not hold there.

    Raises ValueError for what is no requirement.
    """
    try:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name, validate=True)
    except (InvalidName, InvalidRequirement):
        raise ValueError(_complaint(text)) from None
    if requirement.marker is not None and not applies(requirement.marker, python):
        return None
    requirement.marker = None
    return Install(
        line=line,
        name=str(name),
        extras=tuple(sorted(requirement.extras)),
        version=_pinned(requirement),
        written=str(requirement),
    )


def this_python() -> str:
    """Return the minor version of the Python that runs."""
    return ".".join(platform.python_version_tuple()[:2])


def _pinned(requirement: Requirement) -> str | None:
    for specifier in requirement.specifier:
        if specifier.operator in ("==", "===") and _is_version(specifier.version):
            return specifier.version
    return None


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _complaint(text: str) -> str:
    wanted, _, marker = text.partition(";")
    name, equals, version = wanted.partition("==")
    try:
        canonicalize_name(Requirement(name).name, validate=True)
    except (InvalidName, InvalidRequirement):
        return f"{text!r} is not a requirement; its name is not one"
    if equals and not _is_version(version.strip().removesuffix(".*")):
        return f"{text!r}: {version.strip()!r} is not a version"
    if marker:
        return f"{text!r}: its marker cannot be read"
    return f"{text!r} is not a requirement; write one such as 'numpy==1.24.4'"
