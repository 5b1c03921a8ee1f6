"""Read a `pyproject.toml`: dependencies, extras, groups (PEP 621, PEP 735), and poetry's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.dependency_groups import resolve_dependency_groups
from packaging.errors import ExceptionGroup
from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from stackproof.base.public_index import is_public_index
from stackproof.errors import Problem
from stackproof.matrix.document.names import label_of
from stackproof.matrix.document.poetry import poetry_admitted, poetry_dependencies
from stackproof.matrix.document.problems import DocumentError, problem, without_releases
from stackproof.matrix.document.pythons import oldest_python
from stackproof.matrix.document.requirement import is_elsewhere, read_install
from stackproof.matrix.document.stack import Command, Install, Note, Stack, Variant, passed_over
from stackproof.matrix.document.toml_text import TomlText
from stackproof.reasons.reason import reason

__all__ = ["read_project"]

_BASE = "dependencies"


def read_project(path: Path, *, name: str) -> Stack:
    """Return the stack of a project: its dependencies, and a variant for each extra and group.

    Raises DocumentError with all that is no requirement, and for a project that asks for nothing.
    """
    project = _Project(TomlText(path))
    project.read()
    if project.problems:
        raise DocumentError(project.problems)
    parts = {title: items for title, items in project.parts.items() if items}
    if not parts:
        message = "asks for no release; there is none in 'dependencies', an extra or a group"
        raise without_releases(path.name, message, project.notes)
    installs = tuple(item for items in parts.values() for item in items)
    step = f"{path.name}: {', '.join(parts)}"
    command = Command(line=1, section="", step=step, installs=installs, is_list=True)
    return Stack(
        name=name,
        file=path.name,
        title=project.title or name,
        python=project.python,
        commands=(command,),
        notes=tuple(project.notes),
        variants=tuple(_variants(parts)) if len(parts) > 1 else (),
    )


def _variants(parts: Mapping[str, list[Install]]) -> Iterator[Variant]:
    base = parts.get(_BASE, [])
    for title, items in parts.items():
        yield Variant(
            name="documented" if items is base else label_of(title),
            summary=f"{_BASE}." if items is base or not base else f"{_BASE}, and {title}.",
            line=items[0].line,
            python=None,
            installs=tuple(items if items is base else [*base, *items]),
        )


@dataclass
class _Project:
    """What the tables of a project ask for: `dependencies`, `extra NAME` and `group NAME`."""

    text: TomlText
    title: str | None = None
    python: str | None = None
    parts: dict[str, list[Install]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def read(self) -> None:
        """Read every table that may ask for something."""
        data = self.text.data
        project, tool = data.get("project", {}), data.get("tool", {})
        poetry = tool.get("poetry", {})
        self.title = project.get("name") or poetry.get("name")
        self._guarded(lambda: self._read_project(project, data.get("dependency-groups", {})))
        self._guarded(lambda: self._read_poetry(poetry))
        self._guarded(lambda: self._read_tools(tool, data.get("build-system", {})))

    def _guarded(self, read: Callable[[], None]) -> None:
        try:
            read()
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            self.problems.append(problem(self.text.file, 1, f"cannot be read ({error})"))

    def _read_project(self, project: Mapping[str, Any], groups: Mapping[str, Any]) -> None:
        self.python = oldest_python(project.get("requires-python"))
        self._take(_BASE, project.get("dependencies", []), "[project]")
        extras, own = project.get("optional-dependencies", {}), project.get("name", "")
        for name, items in extras.items():
            whole = _with_own_extras(items, extras, own)
            self._take(f"extra {name}", whole, "[project.optional-dependencies]")
        for name in groups:
            try:
                asked = list(resolve_dependency_groups(groups, name))
            except ExceptionGroup as error:
                said = "; ".join(map(str, error.exceptions))
                line = self.text.line(name, behind="[dependency-groups]") or 1
                self.problems.append(problem(self.text.file, line, f"group {name}: {said}"))
                continue
            whole = _with_own_extras(asked, extras, own)
            self._take(f"group {name}", whole, "[dependency-groups]")
        dynamic = {"dependencies", "optional-dependencies"} & set(project.get("dynamic", ()))
        for key in sorted(dynamic):
            why = reason("made-by-package")
            self.notes.append(passed_over(key, why, self.text.line("dynamic")))

    def _take(self, title: str, items: object, behind: str) -> None:
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise ValueError(f"{title} of {behind} is no list of texts")
        for text in items:
            line = self.text.line(text, behind=behind)
            if is_elsewhere(text):
                why = reason("names-no-release")
                self.notes.append(passed_over(text, why, line))
                continue
            try:
                self.parts.setdefault(title, []).append(read_install(text, line))
            except ValueError as error:
                self.problems.append(problem(self.text.file, line or 1, str(error)))

    def _read_poetry(self, poetry: Mapping[str, Any]) -> None:
        tables = [
            (_BASE, "dependencies", poetry),
            *(
                (f"group {name}", f"group.{name}.dependencies", group)
                for name, group in poetry.get("group", {}).items()
            ),
            # Where a project has a group of this name too, they are one.
            ("group dev", "dev-dependencies", poetry),
        ]
        for title, key, owner in tables:
            table = owner.get(key.rpartition(".")[2], {})
            header = f"tool.poetry.{key}"
            for item in poetry_dependencies(table, self.text.keys(header), f"[{header}]"):
                if isinstance(item, Note):
                    self.notes.append(item)
                else:
                    self.parts.setdefault(title, []).append(item)
        python = poetry.get("dependencies", {}).get("python")
        if python and self.python is None:
            self.python = oldest_python(poetry_admitted(str(python)))
        for index in poetry.get("source", []):
            self._pass_over_index(index)
        lines = self.text.keys("tool.poetry.extras")
        for name, members in poetry.get("extras", {}).items():
            why = reason("extra-of-poetry", members=tuple(members))
            self.notes.append(passed_over(f"extra {name}", why, lines.get(name)))

    def _read_tools(self, tool: Mapping[str, Any], build: Mapping[str, Any]) -> None:
        uv = tool.get("uv", {})
        for name, source in uv.get("sources", {}).items():
            line = self.text.line(name, behind="[tool.uv.sources")
            why = reason("index-of-stage")
            self.notes.append(passed_over(f"{name} = {source}", why, line))
        for index in uv.get("index", []):
            self._pass_over_index(index)
        for key in ("constraint-dependencies", "override-dependencies", "dev-dependencies"):
            for text in uv.get(key, []):
                why = reason("uv-alone", key=key)
                self.notes.append(passed_over(text, why, self.text.line(text, behind="[tool.uv]")))
        for text in build.get("requires", []):
            why = reason("builds-the-project")
            line = self.text.line(text, behind="[build-system]")
            self.notes.append(passed_over(text, why, line))

    def _pass_over_index(self, index: Mapping[str, Any]) -> None:
        url = str(index.get("url", index.get("name")))
        if not is_public_index(url):
            why = reason("stages-say")
            self.notes.append(passed_over(url, why, self.text.line(url)))


def _with_own_extras(
    items: object, extras: Mapping[str, Any], own: str, seen: frozenset[str] = frozenset()
) -> object:
    """Return what a list asks for, with that of extras of the project `own` that it names.

    A project's own name stands for itself, and not for what an index has by that name.
    """
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        return items
    found: list[str] = []
    for text in items:
        asked = _own_requirement(text, own)
        if asked is None:
            found.append(text)
            continue
        wanted = set(map(canonicalize_name, asked.extras)) - seen
        for extra, its in extras.items():
            if (name := canonicalize_name(extra)) in wanted:
                more = _with_own_extras(its, extras, own, seen | {name})
                if isinstance(more, list):
                    found += [_where(item, asked.marker) for item in more]
    return list(dict.fromkeys(found))


def _own_requirement(text: str, own: str) -> Requirement | None:
    """Return a requirement if it is of the project itself."""
    try:
        asked = Requirement(text)
    except InvalidRequirement:
        return None
    return asked if canonicalize_name(asked.name) == canonicalize_name(own) else None


def _where(text: str, marker: Marker | None) -> str:
    """Return a requirement that is asked for only where a marker holds too."""
    if marker is None:
        return text
    wanted, _, its = text.partition(";")
    return f"{wanted.strip()}; ({its.strip()}) and ({marker})" if its else f"{wanted}; {marker}"
