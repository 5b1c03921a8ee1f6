"""Whether a use stands ready for what it uses not to be there, by the syntax around it.

It does in a `try` that traps the error, behind a test of a version or of what is there, under
`TYPE_CHECKING`, in a function that is only called in such places, and where the file puts in its
place what it uses.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from stackproof.evidence.links import Kind
from stackproof.metadata.links.sources import parsed

__all__ = ["in_function", "is_guarded"]

_Function = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
#: What traps the errors of missing things.
_TRAPPING = frozenset({"ImportError", "AttributeError", "Exception", "BaseException"})
#: A module that lacks a name is found all the same, so only a missing one raises its own error.
_MORE = {
    "module": frozenset({"ModuleNotFoundError"}),
    "parameter": frozenset({"TypeError"}),
    "arity": frozenset({"TypeError"}),
}
#: A test that names one of these asks what is there, or which version of it.
_TEST = re.compile(
    r"version|TYPE_CHECKING|hasattr|getattr|find_spec|importlib|sys\.modules|installed|available"
    r"|compat|legacy|\bPY\d|_?v\d\b|(^|\W|_)(has|have)_",
    re.IGNORECASE,
)
#: How far a function's callers are followed.
_DEEPEST = 3


def is_guarded(file: Path, line: int, kind: Kind, name: str = "") -> bool:
    """Tell whether the use at a line of a file is ready for what it uses not to be there.

    `name` is the name or the parameter that is used, "" for a module. A file that cannot be parsed
    counts as guarded: nothing can be told of it.
    """
    found = _Code.of(file)
    if found is None:
        return True
    use = _Use(name, _TRAPPING | _MORE.get(kind, frozenset()))
    nodes = found.at(line)
    made = kind == "name" and name in found.given
    return made or not nodes or any(found.guards(node, use) for node in nodes)


def in_function(file: Path, line: int) -> bool:
    """Tell whether a line runs only when a function is called."""
    found = _Code.of(file)
    if found is None:
        return True
    return any(found.function(node) is not None for node in found.at(line))


class _Use(NamedTuple):
    """What is used, and which errors tell that it is not there."""

    name: str
    trapping: frozenset[str]


class _Code:
    """A file's syntax tree, in which each node's parent is known, and where each name is used."""

    def __init__(self, tree: ast.Module) -> None:
        self._parents: dict[ast.AST, ast.AST] = {}
        self._lines: dict[int, ast.AST] = {}
        self._uses = defaultdict[str, list[ast.AST]](list)
        self._values = defaultdict[str, list[ast.expr]](list)
        self._asking: dict[ast.expr, bool] = {}
        #: The names of attributes that are given a value, of whatever.
        self.given: set[str] = set()
        self._postponed = any(
            isinstance(node, ast.ImportFrom)
            and node.module == "__future__"
            and any(item.name == "annotations" for item in node.names)
            for node in tree.body
        )
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self._parents[child] = node
            if isinstance(node, (ast.stmt, ast.expr, ast.alias, ast.keyword)):
                self._lines[node.lineno] = node  # the innermost comes last
            self._learn(node)

    def _learn(self, node: ast.AST) -> None:
        """Note the name that a node uses, or gives a value to."""
        if isinstance(node, ast.Name):
            self._uses[node.id].append(node)
        elif isinstance(node, ast.Attribute):
            self._uses[node.attr].append(node)
            if isinstance(node.ctx, ast.Store):
                self.given.add(node.attr)
        elif isinstance(node, ast.Assign):
            parts = (part for target in node.targets for part in ast.walk(target))
            for part in parts:
                if isinstance(part, ast.Name):
                    self._values[part.id].append(node.value)
        elif isinstance(node, ast.FunctionDef):
            self._values[node.name] += _returned(node)

    @staticmethod
    @cache
    def of(file: Path) -> _Code | None:
        """Return the code of a file; None for one that cannot be parsed."""
        tree = parsed(file)
        return None if tree is None else _Code(tree)

    def at(self, line: int) -> Sequence[ast.AST]:
        """Return the innermost thing that begins at a line, if one does."""
        return [self._lines[line]] if line in self._lines else []

    def _above(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        """Yield each parent, from the inside out, with the child that the node lies in."""
        while (parent := self._parents.get(node)) is not None:
            yield parent, node
            node = parent

    def function(self, node: ast.AST) -> ast.AST | None:
        """Return the innermost function that a node lies in the body of."""
        for parent, child in self._above(node):
            if isinstance(parent, _Function) and child not in getattr(parent, "decorator_list", ()):
                return parent
        return None

    def guards(self, node: ast.AST, use: _Use, deep: int = 0) -> bool:
        """Tell whether something around a node is ready for its error."""
        if any(self._is_ready(parent, child, use) for parent, child in self._above(node)):
            return True
        function = self.function(node)
        name = getattr(function, "name", None)
        if name is None or deep == _DEEPEST:
            return False
        uses = self._uses.get(name, [])
        return bool(uses) and all(self.guards(caller, use, deep + 1) for caller in uses)

    def _is_ready(self, parent: ast.AST, child: ast.AST, use: _Use) -> bool:
        ready = False
        if self._is_annotation(parent, child):
            quoted = isinstance(child, ast.Constant)
            ready = self._postponed or quoted or self.function(child) is not None
        elif isinstance(parent, ast.Try):
            # What stands in a handler is the other way, for when the first one fails.
            ready = any(_traps(item, use.trapping) for item in parent.handlers) and (
                child in parent.body or child in parent.handlers
            )
        elif isinstance(parent, (ast.With, ast.AsyncWith)):
            calls = [ast.unparse(item.context_expr) for item in parent.items]
            ready = any("suppress" in call or "raises" in call for call in calls)
        elif isinstance(parent, (ast.If, ast.IfExp, ast.While)):
            ready = child is not parent.test and self._asks_of(parent.test, use)
        elif isinstance(parent, ast.BoolOp):
            before = parent.values[: parent.values.index(child)] if child in parent.values else []
            ready = any(self._asks_of(item, use) for item in before)
        elif isinstance(parent, (*_Function, ast.Module)):
            ready = self._left_before(parent, child, use)
        return ready

    def _is_annotation(self, parent: ast.AST, child: ast.AST) -> bool:
        """Tell whether a node is an annotation, which need not be evaluated (PEP 563)."""
        return child in (getattr(parent, "annotation", None), getattr(parent, "returns", None))

    def _left_before(self, parent: ast.AST, child: ast.AST, use: _Use) -> bool:
        """Tell whether a test of what is there leaves a function or a module before a statement."""
        body = getattr(parent, "body", None)
        if not isinstance(body, list) or child not in body:
            return False
        return any(
            isinstance(item, (ast.If, ast.Assert))
            and self._asks_of(item.test, use)
            and (isinstance(item, ast.Assert) or isinstance(item.body[-1], (ast.Return, ast.Raise)))
            for item in body[: body.index(child)]
        )

    def _asks_of(self, test: ast.expr, use: _Use) -> bool:
        """Tell whether a test asks what is there, or has the text of what is used."""
        texts = (node.value for node in ast.walk(test) if isinstance(node, ast.Constant))
        return self._asks(test) or (use.name != "" and use.name in texts)

    def _asks(self, test: ast.expr, deep: int = 0) -> bool:
        """Tell whether a test asks what is there, by its words or by those of its names' values."""
        if test not in self._asking:
            names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
            self._asking[test] = _TEST.search(ast.unparse(test)) is not None or (
                deep < _DEEPEST
                and any(
                    self._asks(it, deep + 1) for name in names for it in self._values.get(name, ())
                )
            )
        return self._asking[test]


def _returned(function: ast.FunctionDef) -> Iterator[ast.expr]:
    for part in ast.walk(function):
        if isinstance(part, ast.Return) and part.value is not None:
            yield part.value


def _traps(handler: ast.ExceptHandler, trapping: frozenset[str]) -> bool:
    if handler.type is None:
        return True
    return any(
        (node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) in trapping
        for node in ast.walk(handler.type)
    )
