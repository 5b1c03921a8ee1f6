"""Which rows a change of the matrices touches, found by comparing plans, not lines of a file."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.version import Version

from stackproof.errors import MatrixError, StackproofError
from stackproof.matrix.load import find_matrices, load_matrix
from stackproof.matrix.model import Matrix
from stackproof.matrix.plan import Plan
from stackproof.matrix.planning import make_plan
from stackproof.metadata.snapshot import snapshot_file

__all__ = ["changed_rows"]

_SECONDS = 60

Read = Callable[[Path], bytes | None]


def changed_rows(root: Path, base: str) -> tuple[str, ...]:
    """Return the rows, as `<matrix>/<row>`, that are not what they were where `base` was left.

    A row is touched if a run would build, ask or judge anything else; words alone do not count.
    Raises StackproofError if git does not know `base`.
    """
    fork = _git(root, "merge-base", _commit(root, base), "HEAD")
    if fork is None:
        raise StackproofError(f"{base!r} and this checkout have no history in common")
    commit = fork.decode().strip()

    def read_then(path: Path) -> bytes | None:
        return _git(root, "show", f"{commit}:./{path.relative_to(root).as_posix()}")

    return tuple(_touched(root / "matrices", read_then))


def _touched(folder: Path, read_then: Read) -> Iterator[str]:
    snapshots = folder / "constraints"
    for name, file in find_matrices(folder).items():
        now = _meanings(load_matrix(file), name, snapshots, _read_now)
        before = _matrix(read_then(file), file.name)
        then = _meanings(before, name, snapshots, read_then) if before else {}
        yield from (f"{name}/{row}" for row in now if now[row] != then.get(row))


def _matrix(content: bytes | None, name: str) -> Matrix | None:
    """Return the matrix that a file was, or None if there was none that could be used."""
    if content is None:
        return None
    with TemporaryDirectory(prefix="stackproof-") as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        try:
            return load_matrix(file)
        except MatrixError:
            return None


def _meanings(matrix: Matrix, name: str, snapshots: Path, read: Read) -> dict[str, object]:
    """Return of each row what its run depends on, fit to be compared."""
    return {
        row: _meaning(make_plan(matrix, name=name, row=row), matrix, snapshots, read)
        for row in matrix.rows
    }


def _meaning(plan: Plan, matrix: Matrix, snapshots: Path, read: Read) -> object:
    wanted = [stage.constraints for stage in plan.stages if stage.constraints]
    files = [
        snapshot_file(snapshots, matrix.constraints[item.name], Version(item.version), plan.python)
        for item in wanted
    ]
    return (
        plan.fingerprint,
        {failure.check for failure in plan.known_failures},
        set(plan.allowed_skips),
        plan.claims,
        [read(file) for file in files],
    )


def _read_now(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _commit(root: Path, revision: str) -> str:
    found = _git(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    if found is None:
        raise StackproofError(f"git knows no commit {revision!r} here; fetch it with its history")
    return found.decode().strip()


def _git(root: Path, *arguments: str) -> bytes | None:
    """Return what git says, or None where it refuses."""
    tool = shutil.which("git")
    if tool is None:
        raise StackproofError("git is not installed, so what a change touches cannot be told")
    command = [tool, "-C", str(root), *arguments]
    answer = subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS)
    return answer.stdout if answer.returncode == 0 else None
