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

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

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
    further module that needs what only an extra brings, which is not there, is nobody's: blackd of
    black without the extra `d`.
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
    absent = set(_absent_extras(distribution)) if modules[1:] else set()
    served = [
        module
        for module in modules
        if module.lower() == own or absent.isdisjoint(_needed_by(module, files) if absent else ())
    ]
    return tuple(served or modules)


def _absent_extras(distribution: metadata.Distribution) -> Iterator[str]:
    """Yield what a distribution requires for some extra alone, and what is not installed."""
    for text in distribution.requires or ():
        try:
            item = Requirement(text)
        except InvalidRequirement:
            continue
        optional = item.marker is not None and "extra" in str(item.marker)
        found = metadata.distributions(name=item.name, path=places_of_the_stack())
        if optional and next(iter(found), None) is None:
            yield canonicalize_name(item.name)


def _needed_by(module: str, files: dict[tuple[str, ...], str]) -> set[str]:
    """Return the names, as of distributions, without which a module's own file does not import."""
    *above, name = module.split(".")
    own = (*above, name, f"{_PACKAGE}.py"), (*above, f"{name}.py")
    path = next((files[parts] for parts in own if parts in files), None)
    try:
        body = ast.parse(Path(path or "").read_bytes()).body
    except (OSError, ValueError, SyntaxError):
        return set()
    return {canonicalize_name(name) for name in _imported(body)}


def _imported(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the top modules that statements import, but where they go on without them."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Try):
            inside = (line for handler in node.handlers for line in ast.walk(handler))
            if any(isinstance(line, ast.Raise) for line in inside):
                yield from _imported(node.body)


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
