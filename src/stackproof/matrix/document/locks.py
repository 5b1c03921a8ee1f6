"""Read lock files: `pylock.toml` (PEP 751), `poetry.lock`, `Pipfile.lock`; `uv_lock` has uv's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.markers import Marker, UndefinedEnvironmentName
from packaging.pylock import Package, Pylock, PylockValidationError
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackproof.base.public_index import is_public_index
from stackproof.matrix.document.poetry import poetry_admitted
from stackproof.matrix.document.problems import DocumentError, problem, without_releases
from stackproof.matrix.document.projects import read_project
from stackproof.matrix.document.pythons import oldest_python
from stackproof.matrix.document.requirement import read_install, this_python
from stackproof.matrix.document.stack import Command, Install, Note, Stack, passed_over
from stackproof.matrix.document.text import line_of, read_text
from stackproof.matrix.document.toml_text import TomlText
from stackproof.matrix.markers import environment_of
from stackproof.reasons.reason import Reason, reason

__all__ = ["LockedStack", "read_as_lock_of", "read_pipfile_lock", "read_poetry_lock", "read_pylock"]

_NO_RELEASE = reason("names-no-release")
#: The form of poetry's lock files from which on each package has the marker that it is locked with.
_MARKERS_SINCE = Version("2.1")


@dataclass
class LockedStack:
    """What a lock file locks, by the index that it takes it from; None for the public one."""

    path: Path
    python: str | None = None
    notes: list[Note] = field(default_factory=list)
    _by_index: dict[str | None, list[Install]] = field(default_factory=dict)

    def take(
        self, requirement: str, line: int | None, *, marker: str | None, index: str | None = None
    ) -> None:
        """Take a locked release; raise ValueError for what is none."""
        install = read_install(f"{requirement} ; {marker}" if marker else requirement, line)
        near = None if index is None or is_public_index(index) else index
        self._by_index.setdefault(near, []).append(install)

    def pass_over(self, what: str, why: Reason, line: int | None) -> None:
        """Note what is not taken, and why."""
        self.notes.append(passed_over(what, why, line))

    def stack(self, name: str) -> Stack:
        """Return the stack: one call for each index. Raises DocumentError if nothing is locked."""
        file = self.path.name
        if not self._by_index:
            raise without_releases(file, "locks no release of an index", self.notes)
        commands = tuple(
            Command(
                line=installs[0].line,
                section="",
                step=file if index is None else f"{file}, from {index}",
                installs=tuple(installs),
                index=index,
                is_list=True,
            )
            for index, installs in sorted(self._by_index.items(), key=lambda item: item[0] or "")
        )
        return Stack(
            name=name,
            file=file,
            title=name,
            python=self.python,
            commands=commands,
            notes=tuple(self.notes),
        )


@contextmanager
def read_as_lock_of(tool: str, path: Path) -> Iterator[None]:
    """Raise DocumentError, that a file is no lock file of a tool, where reading it as one fails."""
    try:
        yield
    except (PylockValidationError, KeyError, ValueError, TypeError, AttributeError) as error:
        said = f"an entry has no {error}" if isinstance(error, KeyError) else error
        message = f"is not a lock file of {tool} ({said})"
        raise DocumentError([problem(path.name, 1, message)]) from error


def read_pylock(path: Path, *, name: str, python: str | None) -> Stack:
    """Return the stack of a lock file of PEP 751, with its default groups and no extras.

    Markers that ask for extras or groups are judged for a Python, else for the oldest one that it
    admits. Raises DocumentError if it is none, or locks nothing.
    """
    text = TomlText(path)
    with read_as_lock_of("PEP 751", path):
        lock = Pylock.from_dict(text.data)
        locked = LockedStack(path, python or oldest_python(str(lock.requires_python or "")))
        lines = [line for line, _ in text.entries("packages")]
        for line, package in zip(lines, lock.packages, strict=True):
            _take_package(locked, package, line, lock.default_groups or ())
    return locked.stack(name)


def _take_package(
    locked: LockedStack, package: Package, line: int | None, groups: Sequence[str]
) -> None:
    if package.version is None or package.vcs or package.directory or package.archive:
        locked.pass_over(package.name, _NO_RELEASE, line)
        return
    marker: Marker | None = package.marker
    if marker is not None and re.search(r"\b(extras?|dependency_groups)\b", str(marker)):
        python = locked.python or this_python()
        where: dict[str, str | AbstractSet[str]] = {
            **environment_of(python),
            "extras": frozenset(),
            "dependency_groups": frozenset(groups),
        }
        if not _holds(marker, where):
            why = reason("marker-needs-more", marker=str(marker))
            locked.pass_over(f"{package.name}=={package.version}", why, line)
            return
        marker = None
    shown = None if marker is None else str(marker)
    requirement = f"{package.name}=={package.version}"
    locked.take(requirement, line, marker=shown, index=package.index)


def _holds(marker: Marker, where: Mapping[str, str | AbstractSet[str]]) -> bool:
    try:
        return marker.evaluate(where, context="lock_file")
    except UndefinedEnvironmentName:
        return False  # it asks for an extra in the way of requirements, and none is asked for


def read_poetry_lock(path: Path, *, name: str) -> Stack:
    """Return the stack of a `poetry.lock`: all groups, as `poetry install` has them, no extras.

    Raises DocumentError if it is none, or locks nothing.
    """
    text = TomlText(path)
    packages = text.entries("package")
    with read_as_lock_of("poetry", path):
        metadata = text.data.get("metadata", {})
        told = Version(str(metadata.get("lock-version", "1.0"))) >= _MARKERS_SINCE
        asked = {} if told else _asked_by([package for _, package in packages], _project(path))
        admitted = str(metadata.get("python-versions", ""))
        locked = LockedStack(path, oldest_python(poetry_admitted(admitted)))
        for line, package in packages:
            requirement = f"{package['name']}=={package['version']}"
            source = package.get("source", {})
            markers = package.get("markers", asked.get(canonicalize_name(package["name"])))
            if isinstance(markers, dict):  # by group: what is in several is asked for by any
                by_group = [markers.get(group) for group in package.get("groups", markers)]
                markers = _any_of(by_group)
            if source.get("type", "legacy") != "legacy":
                locked.pass_over(requirement, _NO_RELEASE, line)
            elif package.get("optional"):
                locked.pass_over(requirement, reason("extras-alone"), line)
            else:
                locked.take(requirement, line, marker=markers, index=source.get("url"))
    return locked.stack(name)


def _project(lock: Path) -> Sequence[Install]:
    """Return what the project of a lock file asks for itself, if that lies beside it."""
    path = lock.with_name("pyproject.toml")
    if not path.is_file():
        return ()
    try:
        stack = read_project(path, name=path.stem)
    except DocumentError:
        return ()
    return [item for command in stack.commands for item in command.installs]


def _asked_by(packages: Iterable[dict[str, Any]], own: Iterable[Install]) -> dict[str, str]:
    """Return the marker of each package that others, and the project, ask for with markers alone.

    Lock files of poetry before 2.0 say so nowhere else.
    """
    markers: dict[str, list[str | None]] = {}
    for item in own:
        markers.setdefault(item.name, []).append(item.marker)
    for package in packages:
        for name, given in package.get("dependencies", {}).items():
            for asked in given if isinstance(given, list) else [given]:
                marker = asked.get("markers") if isinstance(asked, dict) else None
                markers.setdefault(canonicalize_name(name), []).append(marker)
    return {
        name: marker
        for name, found in markers.items()
        if (marker := _any_of(found)) is not None and "extra" not in marker
    }


def _any_of(markers: Sequence[str | None]) -> str | None:
    """Return the marker that holds where any does; None where one of them always does."""
    always = not all(markers)
    return None if always else " or ".join(f"({marker})" for marker in markers)


def read_pipfile_lock(path: Path, *, name: str) -> Stack:
    """Return the stack of a `Pipfile.lock`: what `pipenv sync` installs, without `--dev`.

    Raises DocumentError if it is none, or locks nothing.
    """
    text = read_text(path)
    with read_as_lock_of("pipenv", path):
        data = json.loads(text)
        meta = data["_meta"]
        locked = LockedStack(path, meta.get("requires", {}).get("python_version"))
        indexes = {source["name"]: source["url"] for source in meta.get("sources", [])}
        begin = line_of(text, '"default"') or 0
        for called, package in data["default"].items():
            line = line_of(text, f'"{called}": {{', after=begin)
            if "version" not in package:
                locked.pass_over(called, _NO_RELEASE, line)
                continue
            extras = f"[{','.join(package['extras'])}]" if package.get("extras") else ""
            requirement = f"{called}{extras}{package['version'].removeprefix('*')}"
            index = indexes.get(package.get("index", ""))
            locked.take(requirement, line, marker=package.get("markers"), index=index)
        for section in sorted(data.keys() - {"_meta", "default"}):
            why = reason("not-everywhere", number=len(data[section]))
            locked.pass_over(section, why, line_of(text, f'"{section}"'))
    return locked.stack(name)
