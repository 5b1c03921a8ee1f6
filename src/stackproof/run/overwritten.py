"""Files that two installed distributions own: the one installed last wrote over the other's.

Installers do not keep distributions from that, and write several side by side: which of them wins
may differ from build to build. What each of them brought stands in its `RECORD` (PyPA's "Recording
installed projects", the RECORD file), with the hash of each file.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from pathlib import Path

from packaging.utils import canonicalize_name

from stackproof.base.process import ask
from stackproof.evidence.overwritten import Overwritten
from stackproof.index.core_metadata import CoreMetadata
from stackproof.installers.environment import Environment, distributions, metadata_of, rows_of

__all__ = ["brought_modules", "code_in", "digest_of", "overwritten_files"]

#: What an import loads. Whatever else is written over changes no module.
_MODULES = (".py", ".so", ".pyd")
#: Folders that many distributions install by mistake, and that nobody imports.
_STRAY = frozenset({"test", "tests", "testing", "doc", "docs", "example", "examples", "benchmarks"})
#: What makes an `__init__.py` one that several distributions may bring, each in its own words.
_NAMESPACE = re.compile(r"\bextend_path\b|\bdeclare_namespace\b")


def overwritten_files(environment: Environment) -> Overwritten:
    """Return which files of modules two or more of the installed distributions own."""
    files, settled = dict[str, tuple[str, ...]](), dict[str, tuple[str, ...]]()
    for library in environment.libraries:
        records = {name: rows_of(folder / "RECORD") for folder, name, _ in distributions(library)}
        brought = {name: dict(brought_modules(rows)) for name, rows in records.items()}
        hashes: dict[str, dict[str, str]] = defaultdict(dict)
        for name, files_of in brought.items():
            for file, digest in files_of.items():
                hashes[file][name] = digest
        found = {
            file: sorted(owners)
            for file, owners in sorted(hashes.items())
            if len(set(owners.values())) > 1 and not _is_namespace(library, file, owners)
        }
        rulers = {
            file: [
                name
                for name in owners
                if _has_again(brought[name], file)
                and _starts_with(_start_lines(library, records[name]), file)
            ]
            for file, owners in found.items()
        }
        if any(rulers.values()):
            ask([str(environment.python), "-I", "-c", "pass"])  # a start, at which they do
        for file, owners in found.items():
            (ruler, *more) = rulers[file] or [""]
            if ruler and not more and _stands(library, file, hashes[file][ruler]):
                settled[file] = tuple(dict.fromkeys([ruler, *owners]))
            else:
                files[file] = tuple(owners)
    users = _users(environment, {*chain(*files.values())})
    return Overwritten(files=files, settled=settled, users=tuple(sorted(users)))


def brought_modules(rows: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield each file of a module that a distribution brought, and its hash, where there is one."""
    for file, digest, *_ in (row for row in rows if len(row) > 1):
        first = file.partition("/")[0]
        if digest and file.endswith(_MODULES) and first not in ("..", "", *_STRAY):
            yield file, digest


def _is_namespace(library: Path, file: str, owners: Mapping[str, str]) -> bool:
    """Tell whether a file makes a folder a package and does nothing else.

    Several distributions may bring one, each in its own words: a namespace package of the older
    kind (PyPA's "Packaging namespace packages"), or comments alone. What was written over is not
    known; where that is the package of its owner's own name, it may have been all that it has.
    """
    if not file.endswith("/__init__.py"):
        return False
    try:
        content = (library / file).read_bytes()
        text = content.decode()
        body = ast.parse(text).body
    except (OSError, SyntaxError, ValueError, RecursionError):
        return False
    if _NAMESPACE.search(text):
        return True
    own = canonicalize_name(file.removesuffix("/__init__.py"))
    lost = own in owners and owners[own] != digest_of(content)
    return not lost and all(map(_does_nothing, body))


def digest_of(content: bytes) -> str:
    """Return a hash as a RECORD has it (PyPA's "Recording installed projects")."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return f"sha256={digest.decode().rstrip('=')}"


def _does_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _start_lines(library: Path, rows: Sequence[Sequence[str]]) -> list[str]:
    """Return what a distribution has Python run at each start: code in `.pth` files (`site`)."""
    paths = [row[0] for row in rows if row and row[0].endswith(".pth")]
    return [line for path in paths for line in code_in(library / path)]


def code_in(pth: Path) -> list[str]:
    """Return the lines of a `.pth` file that Python executes."""
    lines = _text(pth).splitlines()
    return [line for line in lines if line.startswith(("import ", "import\t"))]


# An owner can see to it, at each start of Python, that its own file stands. So does urllib3-future,
# which puts its files back wherever urllib3 wrote over them: it has each a second time, and code in
# a `.pth` file that names the package.
def _has_again(hashes: Mapping[str, str], file: str) -> bool:
    """Tell whether an owner of a file brought the same a second time, by its hashes."""
    return any(digest == hashes[file] for other, digest in hashes.items() if other != file)


def _starts_with(lines: Sequence[str], file: str) -> bool:
    """Tell whether code that runs at each start names the package of a file."""
    package = re.escape(file.partition("/")[0].removesuffix(".py"))
    return any(re.search(rf"""(["']){package}\1""", line) for line in lines)


def _stands(library: Path, file: str, digest: str) -> bool:
    """Tell whether a file is what an owner's record has."""
    place = library / file
    return place.is_file() and digest_of(place.read_bytes()) == digest


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def _users(environment: Environment, owners: AbstractSet[str]) -> set[str]:
    """Return the owners, and all that require one of them, directly or through others."""
    if not owners:
        return set()
    known = {
        name: CoreMetadata.parse(metadata_of(folder))
        for library in environment.libraries
        for folder, name, _ in distributions(library)
    }
    extras = defaultdict[str, set[str]](set)
    for metadata in known.values():
        for name, requirement in metadata.parsed:
            extras[name] |= requirement.extras
    here = environment.markers
    required = {
        name: {other for other, _ in metadata.requirements(here, sorted(extras[name]))}
        for name, metadata in known.items()
    }
    users = set(owners)
    while more := {name for name, others in required.items() if others & users} - users:
        users |= more
    return users
