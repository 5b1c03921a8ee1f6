"""Read a requirements file or a `pylock.toml` as a stack of one install step."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from packaging.markers import Marker, UndefinedEnvironmentName
from packaging.pylock import Pylock, PylockValidationError
from packaging.specifiers import SpecifierSet

from stackproof.matrix.document.problems import DocumentError, problem
from stackproof.matrix.document.requirement import read_install, this_python
from stackproof.matrix.document.requirement_lines import RequirementLines
from stackproof.matrix.document.stack import Command, Install, Note, Stack
from stackproof.matrix.markers import environment_of

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
        lock = Pylock.from_dict(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, PylockValidationError) as error:
        message = f"is not a lock file of PEP 751 ({error})"
        raise DocumentError([problem(file, 1, message)]) from error
    own = _oldest_python(lock.requires_python)
    python = python or own or this_python()
    notes: list[Note] = []
    installs = list(_locked(lock, python, notes))
    if not installs:
        raise DocumentError([problem(file, 1, f"locks no package for Python {python}")])
    command = Command(line=1, section="", step=file, installs=tuple(installs), is_list=True)
    return _one_step(name, file, command, notes, python=own)


def _oldest_python(requires: SpecifierSet | None) -> str | None:
    """Return the oldest minor version that Requires-Python admits, None where it sets no limit."""
    if requires is None:
        return None
    return next((f"3.{minor}" for minor in _MINORS if requires.contains(f"3.{minor}.99")), None)


def _locked(lock: Pylock, python: str, notes: list[Note]) -> Iterator[Install]:
    """Yield what is installed where no extra is asked for, and no group but those by default."""
    asked: dict[str, str | AbstractSet[str]] = {
        **environment_of(python),
        "extras": frozenset(),
        "dependency_groups": frozenset(lock.default_groups or ()),
    }
    for package in lock.packages:
        if package.version is None:
            why = "it has no version"
        elif package.marker and not _holds(package.marker, asked):
            why = f"its marker does not hold for Python {python}"
        else:
            install = read_install(f"{package.name}=={package.version}", 1, python)
            if install is not None:
                yield install
            continue
        notes.append(Note(line=None, message=f"{package.name} was passed over; {why}"))


def _holds(marker: Marker, asked: dict[str, str | AbstractSet[str]]) -> bool:
    try:
        return marker.evaluate(asked, context="lock_file")
    except UndefinedEnvironmentName:
        return False  # it asks for an extra in the way of requirements, and none is asked for


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
