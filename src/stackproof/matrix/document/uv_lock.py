"""Read `uv.lock`: it holds all platforms and versions of Python, so what a row needs is reached.

From the project of the lock, along dependencies whose markers hold, as `uv sync` goes: with the
group `dev`, or those that the project beside it has by default, without extras. A workspace that is
no project itself has all its members installed
(https://docs.astral.sh/uv/concepts/projects/workspaces/).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from stackproof.matrix.document.locks import LockedStack, read_as_lock_of
from stackproof.matrix.document.pythons import oldest_python
from stackproof.matrix.document.requirement import this_python
from stackproof.matrix.document.stack import Stack
from stackproof.matrix.document.toml_text import TomlText
from stackproof.matrix.markers import applies
from stackproof.reasons.reason import reason

__all__ = ["read_uv_lock"]

#: The groups that `uv sync` installs unless told otherwise.
_GROUPS = ("dev",)
_LOCAL = ("virtual", "editable", "directory")


def read_uv_lock(path: Path, *, name: str, python: str | None) -> Stack:
    """Return the stack of a `uv.lock` for a Python, else for the oldest one that it admits.

    Raises DocumentError if it is none, or locks nothing.
    """
    text = TomlText(path)
    with read_as_lock_of("uv", path):
        own = oldest_python(text.data.get("requires-python"))
        locked = LockedStack(path, python or own)
        at = python or own or this_python()
        graph = _Graph(text.entries("package"), at, _default_groups(path))
        graph.take_into(locked, text.data.get("manifest", {}))
    return locked.stack(name)


@dataclass(frozen=True)
class _Graph:
    """The entries of a lock with their lines, and the Python that markers are judged for.

    `groups` are those that are installed, None for all.
    """

    entries: list[tuple[int | None, dict[str, Any]]]
    python: str
    groups: Sequence[str] | None

    def take_into(self, locked: LockedStack, manifest: dict[str, Any]) -> None:
        """Take each release that is reached, and note each that is not."""
        asked = manifest.get("requirements", [])
        roots = self._roots(manifest.get("members"))
        reached = self._reached(
            [*asked, *(item for entry in roots for item in self._wanted(entry))]
        )
        for line, entry in self.entries:
            requirement = f"{entry['name']}=={entry.get('version', '')}"
            if _is_local(entry):
                locked.pass_over(entry["name"], reason("project-beside"), line)
                for kind, name in self._left(entry) if entry in roots else ():
                    locked.pass_over(f"{kind} {name}", reason("sync-alone"), line)
            elif id(entry) not in reached:
                why = reason("nothing-asks", python=self.python)
                locked.pass_over(requirement, why, line)
            elif "registry" not in entry["source"]:
                locked.pass_over(requirement, reason("names-no-release"), line)
            else:
                locked.take(requirement, line, marker=None, index=entry["source"]["registry"])

    def _roots(self, members: Sequence[str] | None) -> list[dict[str, Any]]:
        """Return the entries of the projects that are installed without being asked for."""
        local = [entry for _, entry in self.entries if _is_local(entry)]
        whole = [entry for entry in local if "." in entry["source"].values()]
        return whole or [entry for entry in local if members is None or entry["name"] in members]

    def _wanted(self, project: dict[str, Any]) -> list[dict[str, Any]]:
        groups: dict[str, list[dict[str, Any]]] = project.get("dev-dependencies", {})
        chosen = [item for name in groups if self._has(name) for item in groups[name]]
        return [*project.get("dependencies", []), *chosen]

    def _left(self, project: dict[str, Any]) -> Iterator[tuple[str, str]]:
        for name in project.get("optional-dependencies", {}):
            yield "extra", name
        for name in project.get("dev-dependencies", {}):
            if not self._has(name):
                yield "group", name

    def _has(self, group: str) -> bool:
        return self.groups is None or canonicalize_name(group) in self.groups

    def _reached(self, asked: Iterable[dict[str, Any]]) -> set[int]:
        reached: set[int] = set()
        seen: set[tuple[int, str]] = set()
        pending = list(asked)
        while pending:
            item = pending.pop()
            if "marker" in item and not applies(item["marker"], self.python):
                continue
            for entry in self._found(item):
                for extra in ("", *item.get("extra", ())):
                    if (id(entry), extra) not in seen:
                        seen.add((id(entry), extra))
                        reached.add(id(entry))
                        more = entry.get("optional-dependencies", {}).get(extra, [])
                        pending += more if extra else entry.get("dependencies", [])
        return reached

    def _found(self, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield what a dependency is locked to: it names a version where there are several."""
        for _, entry in self.entries:
            if entry["name"] == item["name"] and item.get("version", entry.get("version")) == (
                entry.get("version")
            ):
                markers = entry.get("resolution-markers", [])
                if not markers or any(applies(text, self.python) for text in markers):
                    yield entry


def _default_groups(lock: Path) -> Sequence[str] | None:
    """Return the groups that the project beside a lock has installed by default; None for all.

    https://docs.astral.sh/uv/concepts/projects/dependencies/, "Default groups".
    """
    path = lock.with_name("pyproject.toml")
    data = TomlText(path).data if path.is_file() else {}
    given = data.get("tool", {}).get("uv", {}).get("default-groups", _GROUPS)
    return None if given == "all" else [canonicalize_name(name) for name in given]


def _is_local(entry: dict[str, Any]) -> bool:
    return any(kind in entry["source"] for kind in _LOCAL)
