"""What the suite's workloads say of themselves, read from their markers without importing them.

The suite itself judges markers (`tests/stack/stack_suite/workload.py`); what is read here is known
before anything is built.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from packaging.utils import canonicalize_name

from stackproof.matrix.checks import CheckId
from stackproof.matrix.model import ServerName
from stackproof.matrix.plan import Plan

__all__ = [
    "Declared",
    "DeclaredWorkload",
    "asked_workloads",
    "declared_workloads",
    "needed_servers",
]

_MARKER = ("mark", "workload")


@dataclass(frozen=True, kw_only=True)
class DeclaredWorkload:
    """A workload as its marker has it; names are normal, and `file` is where it stands.

    It serves rows that pin each of `needs`; what it `uses` besides need only be installed. `oldest`
    maps distributions to the oldest releases that it is meant for.
    """

    name: str
    file: Path
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    servers: tuple[str, ...]
    oldest: dict[str, str]

    @property
    def check(self) -> CheckId:
        """The id of its check."""
        return CheckId("smoke", self.name)


@dataclass(kw_only=True)
class Declared:
    """The workloads of a suite, in the order of its files; `unread` names markers, and why."""

    workloads: list[DeclaredWorkload] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def declared_workloads(*folders: Path) -> Declared:
    """Return what the workloads of folders declare: their markers need only be literal."""
    found = Declared()
    for file in [file for folder in folders for file in sorted(folder.rglob("test_*.py"))]:
        try:
            tree = ast.parse(file.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, ValueError) as error:
            found.unread.append(f"{file.name}: cannot be read as Python: {error}")
            continue
        for mark in _markers(tree):
            try:
                found.workloads.append(_workload(file, mark))
            except (KeyError, TypeError, ValueError) as error:
                where = f"{file.name}, line {mark.lineno}"
                found.unread.append(f"{where}: the marker's values are not written out: {error}")
    return found


def asked_workloads(
    plan: Plan, workloads: Iterable[DeclaredWorkload]
) -> Iterator[DeclaredWorkload]:
    """Yield each workload that serves the pins of the plan, and that it asks."""
    for work in workloads:
        if plan.named.issuperset(work.needs) and (not plan.only or work.check in plan.only):
            yield work


def needed_servers(plan: Plan, workloads: Iterable[DeclaredWorkload]) -> tuple[ServerName, ...]:
    """Return the servers that a run has need of, in the order of their names in a matrix.

    Those that the matrix lists, and those of each workload and command that the plan asks.
    """
    wanted: set[str] = {server for command in plan.asked_commands for server in command.servers}
    if plan.asks_suite:
        wanted.update(plan.servers)
        wanted.update(
            server for work in asked_workloads(plan, workloads) for server in work.servers
        )
    return tuple(server for server in get_args(ServerName) if server in wanted)


def _markers(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield each decorator `@pytest.mark.workload(…)` of a file, in its order."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and _is_marker(decorator.func):
                    yield decorator


def _is_marker(function: ast.expr) -> bool:
    names = ast.unparse(function).split(".")
    return tuple(names[-len(_MARKER) :]) == _MARKER


def _workload(file: Path, mark: ast.Call) -> DeclaredWorkload:
    [name] = map(ast.literal_eval, mark.args)
    said = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in mark.keywords}
    return DeclaredWorkload(
        name=str(name),
        file=file,
        needs=_names(said["needs"]),
        uses=_names(said.get("uses", ())),
        servers=tuple(map(str, said.get("servers", ()))),
        oldest={str(canonicalize_name(key)): str(v) for key, v in said.get("oldest", {}).items()},
    )


def _names(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(canonicalize_name(word)) for word in words)
