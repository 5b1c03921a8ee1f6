"""Find out by which modules an installed distribution is imported, from its own record.

What a distribution has installed stands in its RECORD (PEP 376, PEP 627); where an old installer
left none, its author's `top_level.txt` stands in. `importlib.metadata.packages_distributions` reads
the same two, the other way round.
"""

from __future__ import annotations

import ast
import inspect
import keyword
import os
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from stack_suite.needs import Needs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stack_suite.plan import Pin

#: What lies beside the modules of many a distribution, and is none of those for its users.
_BESIDE = frozenset(
    [
        *("benchmark", "benchmarks", "demo", "demos", "doc", "docs", "example", "examples"),
        *("sample", "samples", "test", "tests", "script", "scripts", "tool", "tools"),
        *("bin", "build", "dist", "etc", "include", "lib", "man", "share", "src"),
        *("conftest", "noxfile", "setup"),
    ]
)
_PACKAGE = "__init__"
#: What an `__init__.py` calls that does nothing but open its package to other distributions.
_OPENERS = ("extend_path", "declare_namespace")
#: How deep in folders that are no packages a lone module still counts. Deeper ones are parts of
#: something shared, such as what a compiler makes for optional libraries
#: (googleapis-common-protos).
_LONE_DEPTH = 1
_BYTES_READ = 1 << 20


def modules_of(pin: Pin) -> tuple[str, ...]:
    """Return the modules that a pin is imported by: those it names, or else its distribution's own.

    Raises importlib.metadata.PackageNotFoundError where that is not installed.
    """
    return pin.imports or _own_modules(pin.name)


@cache
def _own_modules(name: str) -> tuple[str, ...]:
    """Return the public modules that a distribution has at its top, in order of name.

    A folder that is open to many distributions, such as `google`, is looked into for packages. A
    further module that needs what a plain install does not bring is none of them: blackd of black
    without the extra `d`, pylint_plugins, which some releases of mlflow hold by accident.
    """
    found = metadata.distributions(name=name, path=places_of_the_stack())
    distribution = next(iter(found), None)
    if distribution is None:
        raise metadata.PackageNotFoundError(name)
    own = canonicalize_name(name).replace("-", "_")
    if distribution.files is None:
        declared = (distribution.read_text("top_level.txt") or "").split()
        return tuple(sorted(module for module in declared if _is_public(module, own)))
    files = {file.parts: str(file.locate()) for file in distribution.files}
    shared = set((distribution.read_text("namespace_packages.txt") or "").split())
    modules = sorted(_modules(files, shared, own))
    named = [module for module in modules if module.lower() == own]
    if not modules[1:]:
        return tuple(modules)
    needs = Needs(distribution, files, places_of_the_stack(), beside_another=bool(named))
    served = [module for module in modules if module in named or not needs.lacks(module)]
    return tuple(served or modules)


def places_of_the_stack() -> list[str]:
    """Return where distributions of the stack lie: the test tools, found first, are none of it."""
    return [place for place in sys.path if place != os.environ.get("STACKPROOF_TOOLS")]


def _modules(
    files: dict[tuple[str, ...], str], shared: set[str], own: str, above: tuple[str, ...] = ()
) -> Iterator[str]:
    """Yield the modules of the folder `above`; `files` maps paths, in parts, to where they lie."""
    depth = len(above)
    inside = {parts: path for parts, path in files.items() if parts[:depth] == above}
    for name in dict.fromkeys(parts[depth] for parts in inside if len(parts) > depth + 1):
        if _is_public(name, own):
            yield from _package(inside, shared, own, (*above, name))
    if depth > _LONE_DEPTH:
        return
    for parts, path in inside.items():
        module = inspect.getmodulename(path) if len(parts) == depth + 1 else None
        if module and _is_public(module, own) and _can_be_loaded(path, module):
            yield ".".join((*above, module))


def _package(
    files: dict[tuple[str, ...], str], shared: set[str], own: str, folder: tuple[str, ...]
) -> Iterable[str]:
    """Return a package by its name, and of a folder that many distributions share what is in it."""
    name = ".".join(folder)
    here = (path for parts, path in files.items() if parts[:-1] == folder)
    first = next((path for path in here if inspect.getmodulename(path) == _PACKAGE), None)
    if first is not None and name not in shared and not _only_opens(first):
        return (name,)
    return _modules(files, shared, own, folder)


def _is_public(name: str, own: str) -> bool:
    """Tell whether a module of that name is meant for users; one named after its owner is."""
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        return False
    return name.lower() == own or name not in _BESIDE


def _can_be_loaded(path: str, module: str) -> bool:
    """Tell a compiled module from a library that others link to: it has a function of its name.

    https://docs.python.org/3/c-api/extension-modules.html, "PyInit_modulename".
    """
    if not path.endswith((".so", ".pyd", ".dll")):
        return True
    return any(f"PyInit_{module}".encode() in part for part in _parts(path))


def _parts(path: str) -> Iterator[bytes]:
    """Yield a file in parts that overlap, as a name may lie across the end of one."""
    before = b""
    try:
        with Path(path).open("rb") as file:
            while part := file.read(_BYTES_READ):
                yield before + part
                before = part[-256:]
    except OSError:
        return


def _only_opens(path: str) -> bool:
    """Tell whether an `__init__.py` holds nothing but the call that shares its package."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        nodes = ast.parse(text).body
    except (OSError, ValueError, SyntaxError):
        return False
    return any(word in text for word in _OPENERS) and all(map(_is_opening, nodes))


def _is_opening(node: ast.stmt) -> bool:
    if isinstance(node, ast.Try):
        inside = [*node.body, *(line for handler in node.handlers for line in handler.body)]
        return all(map(_is_opening, inside))
    if isinstance(node, ast.Assign):
        return all(isinstance(to, ast.Name) and to.id == "__path__" for to in node.targets)
    return isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr, ast.Pass))
