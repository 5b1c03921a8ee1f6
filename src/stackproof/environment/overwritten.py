"""Files that two installed distributions own: the one installed last wrote over the other's.

Installers do not keep distributions from that, and write several side by side: which of them wins
may differ from build to build. What each of them brought stands in its `RECORD` (PyPA's "Recording
installed projects", the RECORD file), with the hash of each file.
"""

from __future__ import annotations

import ast
import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from pathlib import Path
from typing import Literal

from packaging.markers import default_environment

from stackproof.checks import ALL, CheckId
from stackproof.environment.virtualenv import Environment, Freeze, distributions
from stackproof.index.core_metadata import CoreMetadata
from stackproof.records import Record

__all__ = ["Overwritten", "code_in", "overwritten_files", "rows_of"]

#: What an import loads. Whatever else is written over changes no module.
_MODULES = (".py", ".so", ".pyd")
#: Folders that many distributions install by mistake, and that nobody imports.
_STRAY = frozenset({"test", "tests", "testing", "doc", "docs", "example", "examples", "benchmarks"})
#: What makes an `__init__.py` one that several distributions may bring, each in its own words.
_NAMESPACE = re.compile(r"\bextend_path\b|\bdeclare_namespace\b")
_SHOWN = 3


class Overwritten(Record):
    """The files of modules that two or more distributions own, each with its owners by name.

    Only those count whose contents differ, as the hashes in the records say. Of `settled` ones the
    first owner sees to it, by a file of its own that runs at each start of Python, that its
    contents stand, whatever was written last. `users` are all that own one of the `files`, or
    require, directly or through others, what does.
    """

    format: Literal[1] = 1
    files: dict[str, tuple[str, ...]]
    settled: dict[str, tuple[str, ...]]
    users: tuple[str, ...]

    @property
    def subjects(self) -> tuple[str, ...]:
        """The distributions that stand for the overwritten files: each file's first owner."""
        return tuple(sorted({owners[0] for owners in self.files.values()}))

    def obscures(self, check: str) -> bool:
        """Tell whether a check may load overwritten files, so that luck may answer for it.

        What a workload loads is not known, so it may be any of them.
        """
        asked = CheckId.parse(check)
        if not self.files or asked.answered_by != "suite":
            return False
        return asked.kind == "smoke" or asked.subject in (ALL, *self.users)

    def about(self, freeze: Freeze, subject: str | None = None) -> str:
        """Say whose the overwritten files are, or those of one subject alone.

        Such as `alpha 1.0 and beta 2.0 own the same files, with different contents: one.py`.
        """
        files = {
            file: owners for file, owners in self.files.items() if subject in (None, owners[0])
        }
        return (
            f"{_owners(files, freeze)} own the same files, with different contents: {_few(files)}"
        )

    def notes(self, freeze: Freeze) -> list[str]:
        """Say of the settled files whose contents stand."""
        groups = defaultdict[tuple[str, ...], dict[str, tuple[str, ...]]](dict)
        for file, owners in self.settled.items():
            groups[owners][file] = owners
        return [
            f"{_owners(files, freeze)} own the same files ({_few(files)}); {first} has Python put "
            "its own in place at each start"
            for (first, *_), files in groups.items()
        ]


def overwritten_files(environment: Environment) -> Overwritten:
    """Return which files of modules two or more of the installed distributions own."""
    files, settled = dict[str, tuple[str, ...]](), dict[str, tuple[str, ...]]()
    for library in environment.libraries:
        records = {name: folder / "RECORD" for folder, name, _ in distributions(library)}
        hashes: dict[str, dict[str, str]] = defaultdict(dict)
        for name, record in records.items():
            for file, digest in _hashes(record):
                hashes[file][name] = digest
        found = {
            file: sorted(owners)
            for file, owners in sorted(hashes.items())
            if len(set(owners.values())) > 1 and not _is_namespace(library / file)
        }
        starts = {name: _start_lines(library, records[name]) for name in {*chain(*found.values())}}
        for file, owners in found.items():
            rulers = [name for name in owners if _rules(starts[name], file)]
            order = tuple(dict.fromkeys([*rulers, *owners]))
            (settled if len(rulers) == 1 else files)[file] = order
    users = _users(environment, {*chain(*files.values())})
    return Overwritten(files=files, settled=settled, users=tuple(sorted(users)))


def _owners(files: Mapping[str, Sequence[str]], freeze: Freeze) -> str:
    names = sorted({*chain(*files.values())})
    return " and ".join(f"{name} {freeze[name]}" if name in freeze else name for name in names)


def _few(files: Mapping[str, Sequence[str]]) -> str:
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    return ", ".join(list(files)[:_SHOWN]) + more


def rows_of(record: Path) -> list[list[str]]:
    """Return the lines of a RECORD: path, hash, size; none of what cannot be read as one."""
    try:
        return list(csv.reader(record.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def _hashes(record: Path) -> Iterator[tuple[str, str]]:
    """Yield each file of a module that a distribution brought, and its hash, where there is one."""
    for file, digest, *_ in (row for row in rows_of(record) if len(row) > 1):
        first = file.partition("/")[0]
        if digest and file.endswith(_MODULES) and first not in ("..", "", *_STRAY):
            yield file, digest


def _is_namespace(file: Path) -> bool:
    """Tell whether a file makes a folder a package and does nothing else.

    Several distributions may bring one, each in its own words: a namespace package of the older
    kind (PyPA's "Packaging namespace packages"), or comments alone.
    """
    if file.name != "__init__.py":
        return False
    try:
        text = file.read_text(encoding="utf-8")
        body = ast.parse(text).body
    except (OSError, SyntaxError, ValueError, RecursionError):
        return False
    return _NAMESPACE.search(text) is not None or all(map(_does_nothing, body))


def _does_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _start_lines(library: Path, record: Path) -> list[str]:
    """Return what a distribution has Python run at each start: code in `.pth` files (`site`)."""
    paths = [row[0] for row in rows_of(record) if row and row[0].endswith(".pth")]
    return [line for path in paths for line in code_in(library / path)]


def code_in(pth: Path) -> list[str]:
    """Return the lines of a `.pth` file that Python executes."""
    lines = _text(pth).splitlines()
    return [line for line in lines if line.startswith(("import ", "import\t"))]


def _rules(start_lines: list[str], file: str) -> bool:
    """Tell whether an owner of a file sees to its package at each start of Python.

    So it is with urllib3-future, which puts its own files back wherever urllib3 wrote over them.
    """
    package = file.partition("/")[0].removesuffix(".py")
    return any(f'"{package}"' in line for line in start_lines)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def _users(environment: Environment, owners: AbstractSet[str]) -> set[str]:
    """Return the owners, and all that require one of them, directly or through others."""
    if not owners:
        return set()
    known = {
        name: CoreMetadata.parse(_text(folder / "METADATA"))
        for library in environment.libraries
        for folder, name, _ in distributions(library)
    }
    extras = defaultdict[str, set[str]](set)
    for metadata in known.values():
        for name, requirement in metadata.parsed:
            extras[name] |= requirement.extras
    version = environment.version
    here = {key: str(value) for key, value in default_environment().items()}
    markers = {
        **here,
        "python_full_version": version,
        "python_version": ".".join(version.split(".")[:2]),
    }
    required = {
        name: {other for other, _ in metadata.requirements(markers, sorted(extras[name]))}
        for name, metadata in known.items()
    }
    users = set(owners)
    while more := {name for name, others in required.items() if others & users} - users:
        users |= more
    return users
