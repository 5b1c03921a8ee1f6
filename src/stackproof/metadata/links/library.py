"""A folder of unpacked wheels: where each module lies, and whose it is by the records."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement

from stackproof.base.json_text import fingerprint
from stackproof.base.versions import name_of
from stackproof.installers.environment import distributions, metadata_of, rows_of

__all__ = ["Library", "module_of"]

_MODULE = re.compile(r"\.(py|pyi|(?:[\w-]+\.)*(?:so|pyd))$")


def module_of(path: str) -> str | None:
    """Return the module in a file, by its path in the folder; None where it is none of Python's."""
    found = _MODULE.search(path)
    if found is None:
        return None
    parts = path[: found.start()].split("/")
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) if parts and all(part.isidentifier() for part in parts) else None


@dataclass(frozen=True, kw_only=True)
class Library:
    """Unpacked wheels in `folder`; `versions` are those of the distributions that are there.

    `lacking` are those of the stack that are not, since they have no wheel. Of those `from_source`
    a build may make further modules.
    """

    folder: Path
    versions: Mapping[str, str]
    lacking: Mapping[str, str] = field(default_factory=dict)
    from_source: frozenset[str] = frozenset()

    @cached_property
    def files(self) -> dict[str, tuple[str, ...]]:
        """The files of modules, by distribution."""
        return {name: tuple(path for path, _ in rows) for name, rows in self._recorded.items()}

    @cached_property
    def contents(self) -> dict[str, str]:
        """A digest of the modules of each distribution, by what its record says of them."""
        return {
            name: fingerprint([version, self._recorded.get(name, [])])
            for name, version in self.versions.items()
        }

    @cached_property
    def _recorded(self) -> dict[str, list[tuple[str, str]]]:
        """The path and the hash of each file of a module, by distribution."""
        return {
            name: sorted(
                (row[0], "".join(row[1:2]))
                for row in rows_of(metadata / "RECORD")
                if row and module_of(row[0])
            )
            for metadata, name, _ in distributions(self.folder)
        }

    @cached_property
    def owners(self) -> dict[str, str]:
        """The distribution of each file of a module."""
        return {path: name for name, paths in self.files.items() for path in paths}

    @cached_property
    def modules(self) -> dict[str, tuple[str, ...]]:
        """The files of each module: its source, a stub, compiled code."""
        found = defaultdict[str, list[str]](list)
        for path in self.owners:
            found[module_of(path) or ""].append(path)
        return {module: tuple(sorted(paths)) for module, paths in found.items()}

    @cached_property
    def packages(self) -> dict[str, frozenset[str]]:
        """The distributions that have something below each package, also one without a file."""
        found = defaultdict[str, set[str]](set)
        for module, paths in self.modules.items():
            parts = module.split(".")
            for end in range(1, len(parts) + 1):
                found[".".join(parts[:end])].update(self.owners[path] for path in paths)
        return {package: frozenset(names) for package, names in found.items()}

    def required_by(self, name: str) -> frozenset[str]:
        """Return a distribution and what it requires of those that are here, by whatever extra."""
        if name not in self._requirements:
            seen, waiting = {name}, [name]
            while waiting:
                found = self._required.get(waiting.pop(), frozenset()) - seen
                seen |= found
                waiting += found
            self._requirements[name] = frozenset(seen)
        return self._requirements[name]

    @cached_property
    def _requirements(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def _required(self) -> dict[str, frozenset[str]]:
        """What the metadata of each distribution requires directly."""
        found: dict[str, frozenset[str]] = {}
        for metadata, name, _ in distributions(self.folder):
            texts = parse_email(metadata_of(metadata))[0].get("requires_dist", [])
            found[name] = frozenset(_names(texts)) & self.versions.keys()
        return found

    def has(self, module: str) -> bool:
        """Tell whether a module is there, as a file or as a package without one."""
        return module in self.packages

    def source(self, module: str) -> str | None:
        """Return the file that Python would read of a module, None where that is compiled."""
        return self._sources.get(module)

    @cached_property
    def _sources(self) -> dict[str, str]:
        return {
            module: path
            for module, paths in self.modules.items()
            for path in paths[::-1]
            if path.endswith(".py")
        }

    def owner(self, module: str) -> str | None:
        """Return the distribution that a module, or the nearest package above it, is of.

        None where it is of none, and below a package that is nobody's own (PEP 420).
        """
        for name in _upwards(module):
            path = self.source(name) or next(iter(self.modules.get(name, ())), None)
            if path is not None:
                return self.owners[path]
            if name in self.packages:
                return None
        return None

    def split(self, dotted: str) -> tuple[str, list[str]]:
        """Return the longest module that a dotted name begins with, and the names that follow."""
        for module in _upwards(dotted):
            if module in self.modules:
                return module, dotted[len(module) + 1 :].split(".") if module != dotted else []
        return "", dotted.split(".")


def _names(requirements: Iterable[str]) -> Iterator[str]:
    for text in requirements:
        with suppress(InvalidRequirement):  # of an old release
            yield name_of(text)


def _upwards(dotted: str) -> Iterator[str]:
    while dotted:
        yield dotted
        dotted = dotted.rpartition(".")[0]
