"""Read a requirements file or a `pylock.toml` as a stack of one install step."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from packaging.markers import (
    InvalidMarker,
    Marker,
    UndefinedComparison,
    UndefinedEnvironmentName,
)
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from stackproof.matrix.document.problems import DocumentError, problem
from stackproof.matrix.document.requirement import applies, read_install, this_python
from stackproof.matrix.document.requirement_lines import RequirementLines
from stackproof.matrix.document.stack import Command, Install, Note, Stack

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["read_lock", "read_requirements"]

#: The minor versions of Python 3 that a lock file may be for, the oldest that rows can have first.
_MINORS = range(10, 30)


def read_requirements(text: str, *, name: str, file: str, python: str | None) -> Stack:
    """Return the stack of a requirements file for a Python; what is passed over becomes a note.

    Raises DocumentError with every line that is no requirement.
    """
    lines = RequirementLines(python or this_python())
    lines.read(text)
    problems = [problem(file, line, message) for line, message in lines.problems]
    if not problems and all(item.version is None for item in lines.installs):
        problems.append(problem(file, 1, "pins nothing; write lines such as 'numpy==1.24.4'"))
    if problems:
        raise DocumentError(problems)
    command = lines.command(line=1, section="", step=file)
    return _one_step(name, file, command, lines.notes)


def read_lock(text: str, *, name: str, file: str, python: str | None) -> Stack:
    """Return the stack of a lock file (PEP 751); packages without a version become notes.

    Without `python`, markers are judged for the oldest one that the file admits. Raises
    DocumentError if it is none.
    """
    try:
        data = tomllib.loads(text)
        packages = [_Package.of(item) for item in _packages(data)]
        own = _oldest_python(data.get("requires-python"))
        python = python or own or this_python()
        notes: list[Note] = []
        installs = list(_locked(packages, python, notes))
    except (tomllib.TOMLDecodeError, ValueError) as error:
        message = f"is not a lock file of PEP 751 ({error})"
        raise DocumentError([problem(file, 1, message)]) from error
    if not installs:
        raise DocumentError([problem(file, 1, f"locks no package for Python {python}")])
    command = Command(line=1, section="", step=file, installs=tuple(installs), is_list=True)
    return _one_step(name, file, command, notes, python=own)


@dataclass(frozen=True, kw_only=True)
class _Package:
    """An entry of a lock file."""

    name: str
    version: str | None
    marker: str | None

    @classmethod
    def of(cls, item: object) -> _Package:
        """Read an entry; raise ValueError if it is none."""
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            raise ValueError("an entry of 'packages' has no name")  # noqa: TRY004 - of the file
        name, version, marker = item["name"], item.get("version"), item.get("marker")
        for key, value in (("version", version), ("marker", marker)):
            if value is not None and not isinstance(value, str):
                raise ValueError(f"the {key} of {name} is {value!r}; it must be text")
        return cls(name=name, version=version, marker=marker)


def _packages(data: dict[str, Any]) -> list[object]:
    packages = data.get("packages")
    if not isinstance(packages, list):
        raise ValueError("it has no list of 'packages'")  # noqa: TRY004 - of the file
    return packages


def _oldest_python(requires: object) -> str | None:
    """Return the oldest minor version that Requires-Python admits, None where it sets no limit."""
    if requires is None:
        return None
    try:
        admitted = SpecifierSet(str(requires))
    except InvalidSpecifier:
        raise ValueError(f"requires-python is {requires!r}") from None
    return next((f"3.{minor}" for minor in _MINORS if admitted.contains(f"3.{minor}.99")), None)


def _locked(packages: list[_Package], python: str, notes: list[Note]) -> Iterator[Install]:
    for package in packages:
        why = _why_not(package, python)
        if why is not None:
            notes.append(Note(line=None, message=f"{package.name} was passed over; {why}"))
            continue
        install = read_install(f"{package.name}=={package.version}", 1, python)
        if install is not None:
            yield install


def _why_not(package: _Package, python: str) -> str | None:
    if package.version is None:
        return "it has no version"
    try:
        if package.marker and not applies(Marker(package.marker), python):
            return f"its marker does not hold for Python {python}"
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, KeyError, TypeError):
        # Of lock files alone: it asks which extras or groups are wanted, and here none are.
        return f"whether its marker {package.marker!r} holds cannot be known here"
    return None


def _one_step(
    name: str, file: str, command: Command, notes: list[Note], *, python: str | None = None
) -> Stack:
    return Stack(
        name=name,
        file=file,
        title=name,
        python=python,
        python_line=1,
        has_table=False,
        listed=(),
        commands=(command,),
        notes=tuple(notes),
    )
