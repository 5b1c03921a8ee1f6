"""The test tools in the process of a workload: there for themselves and for workloads alone.

Nothing that the suite brings may stand in for what the stack lacks. So once pytest is loaded, its
modules and those that it requires are taken out of `sys.modules`, and their folder off `sys.path`:
what the stack imports is its own, or a ModuleNotFoundError.

What the tools import later, and a workload's own `import pytest`, is served from what was taken
out. Modules of the tools and of the suite have builtins of their own for that, which differ from
all others' in `__import__`: a module's `__builtins__` is where an import statement looks for it
("Builtins and restricted execution", docs.python.org/3/reference/executionmodel.html). Those of the
stack stay as they are.
"""

from __future__ import annotations

import builtins
import importlib.util
import os
import sys
import threading
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

#: The only tools of a workload: any other that it imports must be the stack's.
_FOR_WORKLOADS = ("pytest", "_pytest")


class Tools:
    """The tools in `folder`, for themselves and for the modules below `suite`.

    Where `folder` is None, pytest is a part of the environment, as in a run by hand, and stays so.
    """

    def __init__(self, folder: str | None, suite: str) -> None:
        self._folder = folder
        self._suite = _below(suite)
        self._tools = () if folder is None else _below(folder)
        self._names = frozenset() if folder is None else _top_level(folder)
        self._ours: dict[str, ModuleType] = {}
        self._theirs: dict[str, ModuleType] = {}
        self._hidden = True
        self._lock = threading.RLock()

    def show(self) -> None:
        """Have imports find the tools, until they are hidden again."""
        if self._folder is None:
            return
        if not self._ours:
            self._install()
        self._theirs = self._take_out()
        sys.modules.update(self._ours)
        sys.path.insert(0, self._folder)
        self._hidden = False

    def hide(self) -> None:
        """Have imports find what the stack has, and nothing of the tools."""
        if self._folder is None:
            return
        self._ours = self._take_out()
        sys.modules.update(self._theirs)
        sys.path[:] = [place for place in sys.path if place != self._folder]
        self._hidden = True

    def _take_out(self) -> dict[str, ModuleType]:
        found = {
            name: module
            for name, module in list(sys.modules.items())
            if name.partition(".")[0] in self._names
        }
        for name in found:
            del sys.modules[name]
        return found

    def _install(self) -> None:
        """Have every module that lies in the two folders get builtins with our `__import__`."""
        own = {**vars(builtins), "__import__": self._import}
        places = (*self._tools, *self._suite)

        class Loader(SourceFileLoader):
            def exec_module(self, module: ModuleType) -> None:
                vars(module)["__builtins__"] = own
                super().exec_module(module)

        def finder(path: str) -> FileFinder:
            if not f"{path}{os.sep}".startswith(places):
                raise ImportError("not one of ours", path=path)
            return FileFinder(
                path,
                (ExtensionFileLoader, EXTENSION_SUFFIXES),
                (Loader, SOURCE_SUFFIXES),
                (SourcelessFileLoader, BYTECODE_SUFFIXES),
            )

        sys.path_hooks.insert(0, finder)
        for path in [path for path in sys.path_importer_cache if f"{path}/".startswith(places)]:
            del sys.path_importer_cache[path]

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - as __import__ calls it
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import as `__import__` does, a tool where the importing module may have it."""
        __tracebackhide__ = True
        importing = sys._getframe(1).f_globals  # noqa: SLF001 - the documented way
        if not (self._hidden and self._serves(importing, name, level)):
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        whole = name
        if level:
            whole = importlib.util.resolve_name("." * level + name, importing["__package__"])
        known = self._ours.get(whole)
        if known is not None and all(hasattr(known, item) for item in fromlist or ()):
            return known if fromlist else self._ours[whole.partition(".")[0]]
        with self._lock:
            self.show()
            try:
                return builtins.__import__(name, globals, locals, fromlist or (), level)
            finally:
                self.hide()

    def _serves(self, importing: Mapping[str, Any], name: str, level: int) -> bool:
        file = str(importing.get("__file__"))
        if file.startswith(self._tools):
            return level > 0 or name.partition(".")[0] in self._names
        return file.startswith(self._suite) and name.partition(".")[0] in _FOR_WORKLOADS


def _below(folder: str) -> tuple[str, ...]:
    """Return how paths below a folder begin, through symbolic links or not."""
    return (os.path.join(folder, ""), os.path.join(os.path.realpath(folder), ""))  # noqa: PTH118


def _top_level(folder: str) -> frozenset[str]:
    """Return the names of the modules and packages that lie in a folder."""
    entries = (entry for entry in Path(folder).iterdir() if entry.suffix != ".dist-info")
    return frozenset(entry.name.partition(".")[0] for entry in entries) - {"bin", "__pycache__", ""}
