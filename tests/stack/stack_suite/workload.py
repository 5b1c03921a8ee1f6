"""The `workload` marker: what a workload says of itself, read strictly."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack_suite import servers as server_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import ModuleType

    import pytest

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# The suite has no other distribution at hand than pytest: a final release, as PEP 440 has it.
_RELEASE = re.compile(r"([0-9]+!)?[0-9]+(\.[0-9]+)*(\.post[0-9]+)?")
_DECORATOR = re.compile(r"^\s*@.*\bmark\.workload\(", re.MULTILINE)
_KEYS = frozenset({"needs", "uses", "servers", "seconds", "timeout", "oldest"})


class MarkerError(ValueError):
    """A workload marker that says too little, too much, or nonsense."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One workload: its check's subject, what it needs, and how long it takes.

    It serves rows that pin each of `needs`; what it `uses` besides need only be installed.
    `oldest` maps distributions to the oldest releases that it is meant for: rows with an older one
    are not asked.
    """

    name: str
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    servers: tuple[str, ...]
    seconds: float
    timeout: float
    oldest: dict[str, str]


def parse_marker(mark: pytest.Mark) -> Workload:
    """Return what the marker says.

    Raises MarkerError with everything that is wrong with it.
    """
    errors = list(_errors(mark))
    if errors:
        raise MarkerError("; ".join(errors))
    return Workload(
        name=mark.args[0],
        needs=tuple(mark.kwargs["needs"]),
        uses=tuple(mark.kwargs.get("uses", ())),
        servers=tuple(mark.kwargs.get("servers", ())),
        seconds=float(mark.kwargs["seconds"]),
        timeout=float(mark.kwargs["timeout"]),
        oldest=dict(mark.kwargs.get("oldest", {})),
    )


def holds_workload(obj: object) -> bool:
    """Tell whether a function, or one of a class, has the marker."""
    marks = getattr(obj, "pytestmark", None)
    if isinstance(marks, list) and any(mark.name == "workload" for mark in marks):
        return True
    return isinstance(obj, type) and any(map(holds_workload, vars(obj).values()))


def vanished_workloads(module: ModuleType, file: Path) -> Iterator[str]:
    """Yield the functions and classes that a file gives the marker and its module has not.

    Such as `TestIt.test_sum`: a second one of the same name took its place, or it was deleted.
    """
    marked = Counter(_marked(ast.parse(file.read_bytes()).body))
    for name, times in marked.items():
        found: object = module
        for part in name.split("."):
            found = getattr(found, part, None)
        if times > 1 or not holds_workload(found):
            yield name


def is_passed_over(cls: type) -> bool:
    """Tell whether pytest collects nothing of a class, or hands it to unittest, for what makes it.

    https://docs.pytest.org/en/stable/explanation/goodpractices.html, "Conventions for Python test
    discovery": "without an __init__ method".
    """
    makers = {"__init__", "__new__"}
    return any(makers & vars(base).keys() for base in cls.__mro__ if base is not object)


def _marked(body: Iterable[ast.AST], within: str = "") -> Iterator[str]:
    """Yield the name of each function and class with the marker, whatever it is defined under."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if any(map(_is_marker, node.decorator_list)):
                yield within + node.name
            if isinstance(node, ast.ClassDef):
                yield from _marked(node.body, f"{within}{node.name}.")
        else:
            yield from _marked(ast.iter_child_nodes(node), within)


def _is_marker(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("mark.workload")


def mentions_workload(file: Path) -> bool:
    """Tell whether a file, which need not be one that imports, gives something the marker."""
    return _DECORATOR.search(file.read_text(encoding="utf-8", errors="replace")) is not None


def _errors(mark: pytest.Mark) -> Iterable[str]:
    kwargs = mark.kwargs
    if len(mark.args) != 1 or not _is_name(mark.args[0]):
        yield "one name of lower-case words joined by '-' must come first"
    for key in sorted(kwargs.keys() - _KEYS):
        yield f"unknown key {key!r} (known: {', '.join(sorted(_KEYS))})"
    if not _is_words(kwargs.get("needs")) or not kwargs["needs"]:
        yield "needs must be a tuple of distribution names, at least one"
    if not _is_words(kwargs.get("uses", ())):
        yield "uses must be a tuple of distribution names"
    if not _is_words(kwargs.get("servers", ())):
        yield "servers must be a tuple of server names"
    else:
        for name in kwargs.get("servers", ()):
            if name not in server_names.NAMES:
                yield f"unknown server {name!r} (known: {', '.join(server_names.NAMES)})"
    if not _is_seconds(kwargs.get("seconds")):
        yield "seconds must be a number above 0"
    elif not _is_seconds(kwargs.get("timeout")) or kwargs["timeout"] <= kwargs["seconds"]:
        yield "timeout must be a number of seconds above the typical seconds"
    yield from _errors_of_oldest(kwargs.get("oldest"))


def _errors_of_oldest(value: object) -> Iterable[str]:
    if value is not None and not _are_releases(value):
        yield "oldest must map distribution names to exact versions, such as {'mlflow': '2.0.1'}"


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(_NAME.fullmatch(value))


def _is_words(value: object) -> bool:
    return isinstance(value, (tuple, list)) and all(isinstance(word, str) for word in value)


def _are_releases(value: object) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(name, str) and _is_version(version) for name, version in value.items())
    )


def _is_version(value: object) -> bool:
    return isinstance(value, str) and bool(_RELEASE.fullmatch(value))


def _is_seconds(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
