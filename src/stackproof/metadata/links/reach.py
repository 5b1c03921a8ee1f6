"""Which files a pin's modules reach by what they import, and which run when the pin is imported."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from stackproof.base.memory import Memory
from stackproof.metadata.links.imports import Import, imports
from stackproof.metadata.links.library import Library, module_of

__all__ = ["Reach", "Reached", "is_of_use"]

#: Another name for another form of what is remembered.
_FORM = "1"
#: Code that comes along and is not what a user of the distribution runs: its tests and examples,
#: and copies of others', which were made to go with it.
_ASIDE = re.compile(
    r"(^|/)(tests?|testing|_?examples?|benchmarks?|docs?|_?vendor(ed)?|_vendored_packages|extern"
    r"|externals|third_party|packages/backports)/|(^|/)(test_[^/]*|[^/]*_tests?|conftest|setup)\.py$"
)


@cache  # asked of the same few thousand files for each pin
def is_of_use(path: str) -> bool:
    """Tell whether a file is one of the distribution's own that its users may run."""
    return path.endswith(".py") and not _ASIDE.search(path)


@dataclass(frozen=True, kw_only=True)
class Reached:
    """The pins whose modules reach each file, and the files that importing some pin runs."""

    by: Mapping[str, frozenset[str]]
    on_import: frozenset[str]

    def of(self, names: Iterable[str]) -> list[str]:
        """Return those of some files that are reached, in order."""
        return sorted(name for name in names if name in self.by)


@dataclass(kw_only=True)
class Reach:
    """Follows imports through the files of a library; what a file imports is remembered.

    An import that stands ready for its module not to be there is followed no further: what breaks
    behind it is trapped.
    """

    library: Library
    memory: Memory
    _imports: dict[str, dict[str, list[Import]]] = field(default_factory=dict)
    _edges: dict[str, dict[str, bool]] = field(default_factory=dict)
    _parents: dict[str, list[str]] = field(default_factory=dict)

    def of(self, pins: Mapping[str, Iterable[str]]) -> Reached:
        """Return what pins reach, each with the modules by which users import it."""
        by = defaultdict[str, set[str]](set)
        on_import: set[str] = set()
        for pin, modules in pins.items():
            own = [path for path in self.library.files.get(pin, ()) if is_of_use(path)]
            for path in self._closure(own, always=False):
                by[path].add(pin)
            entries = [path for module in modules for path in self._with_parents(module)]
            on_import |= self._closure(entries, always=True)
        return Reached(
            by={path: frozenset(names) for path, names in by.items()},
            on_import=frozenset(on_import),
        )

    def uses(self, name: str) -> set[str]:
        """Return the other distributions that one's files import from."""
        own = (path for path in self.library.files.get(name, ()) if is_of_use(path))
        targets = {target for path in own for target in self._from(path)}
        return {self.library.owners[target] for target in targets} - {name}

    def leaving(self, files: Iterable[str]) -> list[str]:
        """Return those files that import more than modules of their own and of the language.

        Only there can a link begin.
        """
        return [
            path
            for path in files
            if any(
                self._is_foreign(module, self.library.owners[path])
                for module in {item.module.partition(".")[0] for item in self._imported(path)}
            )
        ]

    def _is_foreign(self, module: str, name: str) -> bool:
        owners = self.library.packages.get(module)
        return owners != {name} if owners else module not in sys.stdlib_module_names

    def _closure(self, begin: Iterable[str], *, always: bool) -> set[str]:
        seen = set(begin)
        waiting = list(seen)
        while waiting:
            for target, runs in self._from(waiting.pop()).items():
                if target not in seen and (runs or not always) and is_of_use(target):
                    seen.add(target)
                    waiting.append(target)
        return seen

    def _from(self, path: str) -> dict[str, bool]:
        """Return the files that one imports without a guard, each with whether it always does."""
        if path not in self._edges:
            edges: dict[str, bool] = {}
            for item in self._imported(path):
                for target in () if item.guarded else self._with_parents(item.module):
                    edges[target] = edges.get(target, False) or item.always
            self._edges[path] = edges
        return self._edges[path]

    def _with_parents(self, module: str) -> list[str]:
        """Return the sources of a module and of the packages above it, which Python runs first."""
        if module not in self._parents:
            above, _, _ = module.rpartition(".")
            own = self.library.source(module)
            self._parents[module] = [
                *(self._with_parents(above) if above else ()),
                *([own] if own else ()),
            ]
        return self._parents[module]

    def _imported(self, path: str) -> list[Import]:
        name = self.library.owners[path]
        if name not in self._imports:
            self._imports[name] = self._of_distribution(name)
        return self._imports[name].get(path, [])

    def _of_distribution(self, name: str) -> dict[str, list[Import]]:
        files = [path for path in self.library.files[name] if is_of_use(path)]
        inputs = [_FORM, name, self.library.versions[name], files]
        known = self.memory.recall("imports", inputs)
        if known is not None:
            return {
                path: [
                    Import(str(module), bool(always), bool(guarded))
                    for module, always, guarded in items
                ]
                for path, items in known.value.items()
            }
        found = {path: imports(self.library.folder / path, _package(path)) for path in files}
        self.memory.keep("imports", inputs, found)
        return found


def _package(path: str) -> str:
    module = module_of(path) or ""
    return module if path.endswith("__init__.py") else module.rpartition(".")[0]
