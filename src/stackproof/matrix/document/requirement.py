"""Read one requirement (PEP 508) of an install command, a requirements file, or a table of TOML."""

from __future__ import annotations

import platform
import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, canonicalize_name

from stackproof.base.versions import is_version
from stackproof.matrix.document.stack import Install

__all__ = ["is_elsewhere", "read_install", "this_python"]

#: A path or an address, alone or behind a name, which names no release of an index.
_ELSEWHERE = re.compile(
    r"^(?:\.{1,2}(?:\[|$)|~|[^@]*[/\\]|[\w.-]+\s*(?:\[[^\]]*\])?\s*@)|\.(?:whl|zip|tar\.gz|tgz)(?:\[[^\]]*\])?$"
)


def is_elsewhere(text: str) -> bool:
    """Tell whether a word names a folder, a file or a repository in place of a release."""
    return _ELSEWHERE.search(text.partition(";")[0].strip()) is not None


def read_install(text: str, line: int | None, file: str | None = None) -> Install:
    """Return what a requirement asks for.

    Raises ValueError for what is no requirement.
    """
    try:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name, validate=True)
    except (InvalidName, InvalidRequirement):
        raise ValueError(_complaint(text)) from None
    return Install(
        line=line or 1,
        name=str(name),
        extras=tuple(sorted(canonicalize_name(extra) for extra in requirement.extras)),
        specifier=str(requirement.specifier),
        marker=str(requirement.marker) if requirement.marker is not None else None,
        file=file,
    )


def this_python() -> str:
    """Return the minor version of the Python that runs."""
    return ".".join(platform.python_version_tuple()[:2])


def _complaint(text: str) -> str:
    wanted, _, marker = text.partition(";")
    _, equals, version = wanted.partition("==")
    try:
        canonicalize_name(re.split(r"[^\w.-]", wanted.strip())[0], validate=True)
    except InvalidName:
        return f"{text!r} is not a requirement; its name is not one"
    if equals and not is_version(version.strip().removesuffix(".*")):
        return f"{text!r}: {version.strip()!r} is not a version"
    if marker:
        return f"{text!r}: its marker cannot be read"
    return f"{text!r} is not a requirement; write one such as 'numpy==1.24.4'"
