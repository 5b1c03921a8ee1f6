"""Read what a module's source binds and which parameters its functions take, by its syntax alone.

Whatever could be made at run time is unknown, and unknown is no finding: a checker may be wrong
about a name that a module serves by `__getattr__`, or a function that a decorator replaces.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from stackproof.metadata.links.imports import MOST_BYTES
from stackproof.metadata.links.library import Library
from stackproof.metadata.links.spelled import may_bind, may_make

__all__ = ["Answer", "Function", "binds", "functions", "parsed"]

#: Whether a thing is there.
Answer = Literal["there", "gone", "unknown"]

#: What makes, or may make, names that no line of a module binds.
_DYNAMIC = frozenset({"globals", "vars", "locals", "exec", "eval", "setattr", "__getattr__"})
_SERVING = "__getattr__"
#: What functions are called that give their caller's module names.
_LAZY = re.compile(r"lazy|install|attach|alias|deprecat|getattr_", re.IGNORECASE)
#: Decorators that leave the parameters as they are written.
_PLAIN = frozenset(
    {
        *("staticmethod", "classmethod", "property", "abstractmethod", "override", "final"),
        *("deprecated", "cached_property", "asynccontextmanager", "contextmanager", "cache"),
    }
)
_FunctionNode = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def parsed(file: Path) -> ast.Module | None:
    """Return the syntax tree of a file, None for one that cannot be read, or a huge one."""
    try:
        if file.stat().st_size > MOST_BYTES:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the code's own strange escapes
            return ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@dataclass(frozen=True, kw_only=True)
class _Bindings:
    """What a module binds: names, the modules of its star imports, and if there may be more.

    Its `words` are the texts in it: a call may make names of them. If it `serves_any`, its
    `__getattr__` may have every name. `exported` is what a star takes from it, None where that is
    not plain.
    """

    names: frozenset[str]
    words: frozenset[str]
    stars: tuple[tuple[int, str], ...]
    dynamic: bool
    serves_any: bool
    exported: frozenset[str] | None = None


def binds(library: Library, module: str, name: str, _seen: frozenset[str] = frozenset()) -> Answer:
    """Tell whether a module has a name, as a submodule too."""
    if library.has(f"{module}.{name}"):
        return "there"
    file = library.source(module)
    if file is None:
        return "unknown" if may_bind(library, module, name) else "gone"
    found = _bindings(library.folder / file)
    if found is None or module in _seen:
        return "unknown"
    if name in found.names:
        return "there"
    unsure = found.dynamic or name in found.words or _altered(library, module)
    # Where the modules of a package are looked for is not what is asked of its code.
    made = found.serves_any or (unsure and (name == "__path__" or may_make(library, module, name)))
    answers: list[Answer] = ["unknown"] if made else ["gone"]
    package = module if file.endswith("__init__.py") else module.rpartition(".")[0]
    for level, origin in found.stars:
        above = ".".join(package.split(".")[: len(package.split(".")) - level + 1])
        target = f"{above}.{origin}".strip(".") if level else origin
        answers.append(_exports(library, target, name, _seen | {module}))
    if "there" in answers:
        return "there" if not name.startswith("_") else "unknown"
    return "unknown" if "unknown" in answers else "gone"


def _exports(library: Library, module: str, name: str, seen: frozenset[str]) -> Answer:
    """Tell whether a star takes a name from a module."""
    file = library.source(module)
    found = _bindings(library.folder / file) if file else None
    if found is not None and found.exported is not None:
        return "there" if name in found.exported else "gone"
    return binds(library, module, name, seen)


def _altered(library: Library, module: str) -> bool:
    """Tell whether other code may give a module names: compiled, or a neighbour that swaps it."""
    files = library.modules.get(module, ())
    if any(path.endswith((".so", ".pyd")) for path in files):
        return True
    source = library.source(module)
    return source is not None and _is_swapped((library.folder / source).parent, module)


@cache
def _is_swapped(folder: Path, module: str) -> bool:
    """Tell whether a module of a package's folder takes that package from where Python has it."""
    named = re.compile(rf"sys\.modules\[\s*['\"]{re.escape(module)}['\"]".encode())
    return any(
        named.search(file.read_bytes()) is not None
        for file in folder.glob("*.py")
        if file.stat().st_size <= MOST_BYTES
    )


@cache
def _bindings(file: Path) -> _Bindings | None:
    tree = parsed(file)
    if tree is None:
        return None
    names = {name for node in _top_level(tree.body) for name in _bound(node)}
    words: set[str] = set()
    stars: list[tuple[int, str]] = []
    dynamic = serves_any = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            names.update(node.names)
        elif isinstance(node, ast.Name):
            dynamic |= node.id in _DYNAMIC
        elif isinstance(node, ast.Attribute):
            dynamic |= node.attr == "modules" and _is(node.value, "sys")
        elif isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            stars.append((node.level, node.module or ""))
        elif isinstance(node, ast.Call):
            dynamic |= _LAZY.search(_last(node)) is not None
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.add(node.value)
    if _SERVING in names:
        served = _served(tree)
        serves_any = served is None
        names |= served or set()
    return _Bindings(
        names=frozenset(names),
        words=frozenset(words),
        stars=tuple(stars),
        dynamic=dynamic,
        serves_any=serves_any,
        exported=_exported(tree),
    )


def _exported(tree: ast.Module) -> frozenset[str] | None:
    """Return what `__all__` lists where it is given once, as it stands; None where it is not."""
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "__all__"]
    given = [node for node in tree.body if isinstance(node, ast.Assign) and node.targets == uses]
    if len(uses) != 1 or len(given) != 1:
        return None
    try:
        return frozenset(map(str, ast.literal_eval(given[0].value)))
    except (ValueError, TypeError):
        return None


def _served(tree: ast.Module) -> set[str] | None:
    """Return the names that a module's `__getattr__` serves (PEP 562), None if they may be any.

    Known are those that it compares what it is asked for with, before whatever it returns.
    """
    found = [node for node in _top_level(tree.body) if _SERVING in _bound(node)]
    if len(found) != 1 or not isinstance(found[0], ast.FunctionDef) or not found[0].args.args:
        return None
    asked = found[0].args.args[0].arg
    served: set[str] = set()
    waiting: list[tuple[ast.AST, bool]] = [(node, False) for node in found[0].body]
    while waiting:
        node, known = waiting.pop()
        if isinstance(node, (ast.Return, ast.Yield)) and not known:
            return None
        if isinstance(node, ast.If) and (names := _compared(node.test, asked)) is not None:
            served |= names
            waiting += [(child, True) for child in node.body]
            waiting += [(child, known) for child in node.orelse]
        else:
            waiting += [(child, known) for child in ast.iter_child_nodes(node)]
    return served


def _compared(test: ast.expr, asked: str) -> set[str] | None:
    """Return the names that a test compares a parameter with, None for another test."""
    if not isinstance(test, ast.Compare) or not _is(test.left, asked) or len(test.ops) != 1:
        return None
    if not isinstance(test.ops[0], (ast.Eq, ast.In)):
        return None
    try:
        value = ast.literal_eval(test.comparators[0])
    except ValueError:
        return None
    return {value} if isinstance(value, str) else set(map(str, value))


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _top_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run as a module does, in blocks too, but not in functions."""
    for node in body:
        yield node
        if not isinstance(node, (*_FunctionNode, ast.ClassDef)):
            for part in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(node, part, []))
            for handler in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
                yield from _top_level(handler.body)


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (*_FunctionNode, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for item in node.names:
            yield item.asname or item.name.partition(".")[0]
    else:
        # A `with`, a `for` or an assignment may bind several, and an expression one by `:=`.
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                yield part.id


@dataclass(frozen=True)
class Function:
    """A function as it is written; of a `method`, Python gives the first parameter."""

    node: ast.FunctionDef | ast.AsyncFunctionDef
    method: bool

    @cached_property
    def positional(self) -> list[str]:
        """The parameters that can be given by their place, but not what Python gives itself."""
        arguments = self.node.args
        found = [item.arg for item in (*arguments.posonlyargs, *arguments.args)]
        return found[1:] if self.method else found

    def takes(self, name: str) -> bool:
        """Tell whether it takes an argument of that name."""
        arguments = self.node.args
        named = (item.arg for item in (*arguments.args, *arguments.kwonlyargs))
        return arguments.kwarg is not None or name in named

    def takes_many(self, number: int) -> bool:
        """Tell whether it takes so many arguments by their place."""
        return self.node.args.vararg is not None or number <= len(self.positional)

    def needs(self, name: str) -> bool:
        """Tell whether it cannot be called without a parameter."""
        arguments = self.node.args
        places = [item.arg for item in (*arguments.posonlyargs, *arguments.args)]
        required = places[: len(places) - len(arguments.defaults)]
        only = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        return name in (*required, *(item.arg for item, default in only if default is None))


def functions(library: Library, dotted: str) -> list[Function]:
    """Return the definitions of a function that is named in full; none where that is not known.

    Those of a module with no source, and those that a decorator may replace, are not known.
    """
    module, names = library.split(dotted)
    file = library.source(module) if module else None
    tree = parsed(library.folder / file) if file else None
    if tree is None or not names or "" in names:
        return []
    bodies: list[Sequence[ast.stmt]] = [tree.body]
    for name in names[:-1]:
        bodies = [
            node.body
            for body in bodies
            for node in _named(body, name)
            if isinstance(node, ast.ClassDef)
        ]
    found = [node for body in bodies for node in _named(body, names[-1])]
    known: list[Function] = []
    for node in found:
        if not isinstance(node, _FunctionNode):
            return []
        words = {_last(item) for item in node.decorator_list}
        if "overload" in words:
            continue
        if not words <= _PLAIN:
            return []
        known.append(Function(node, method=len(names) > 1 and "staticmethod" not in words))
    return known


def _named(body: Sequence[ast.stmt], name: str) -> Iterator[ast.stmt]:
    return (node for node in _top_level(body) if name in _bound(node))


def _last(decorator: ast.expr) -> str:
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "?")
