"""The rows that nox offers, from every matrix of a folder.

nox reads the noxfile at each start, also for a listing alone, and the libraries that judge a matrix
take longer to load than nox itself. So the rows of a matrix without fault are kept in the user's
cache: they serve until the matrix changes, or what judges one. Who verifies a row judges anew.
"""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from platformdirs import user_cache_path

from stackproof.base.text import plain
from stackproof.errors import MatrixError
from stackproof.matrix import files

__all__ = ["RowChoice", "rows"]


@dataclass(frozen=True, kw_only=True)
class RowChoice:
    """A row that nox offers: the matrix file, the row's name, its Python version.

    `builds` tells whether nox is to make an environment for it. A matrix that cannot be used stands
    here itself, with its `problems`, and with no row.
    """

    file: Path
    row: str
    python: str | None
    default: bool
    builds: bool = True
    problems: str = ""

    def __str__(self) -> str:
        """Return `<matrix>/<row>`, as sessions and report folders are named."""
        if self.row:
            return f"{self.file.stem}/{self.row}"
        return " ".join(plain(self.file.stem).split())  # the name itself may be what is wrong


def rows(folder: Path) -> list[RowChoice]:
    """Return the rows of every matrix of a folder, in the order of the files.

    Matrices that cannot be used come first, and what is wrong with them is printed: sessions that
    need no row go on without them, and those that verify rows fail.
    """
    choices: list[RowChoice] = []
    bad: list[RowChoice] = []
    for file in files.find_matrices(folder).values():
        try:
            choices += [
                RowChoice(file=file, row=row, python=python, default=default, builds=builds)
                for row, python, default, builds in _offered(file)
            ]
        except MatrixError as error:
            bad.append(
                RowChoice(file=file, row="", python=None, default=True, problems=plain(str(error)))
            )
    for choice in bad:
        print(choice.problems, file=sys.stderr)  # noqa: T201 - nox has no session to tell yet
    return bad + choices


def _offered(file: Path) -> list[tuple[str, str, bool, bool]]:
    """Return name, Python version, `default` and `builds` of each row.

    Raises MatrixError for a bad matrix.
    """
    kept = (
        user_cache_path("stackproof") / "rows" / f"{hashlib.sha256(bytes(file)).hexdigest()}.json"
    )
    seen = _seen(file)
    with suppress(OSError, ValueError, LookupError, TypeError):
        known = json.loads(kept.read_bytes())
        if known["seen"] == seen:
            return [
                (str(row), str(python), bool(default), bool(builds))
                for row, python, default, builds in known["rows"]
            ]
    matrix = import_module("stackproof.matrix.load").load_matrix(file)
    found = [
        (row, matrix.python_of(row), its.default, its.interpreter is None)
        for row, its in matrix.rows.items()
    ]
    with suppress(OSError):  # it is kept for speed alone
        write = import_module("stackproof.base.records").write_atomically
        write(kept, json.dumps({"seen": seen, "rows": found}))
    return found


def _seen(file: Path) -> str:
    """Return a digest of a matrix and of the modules that judge one."""
    judges = sorted(Path(files.__file__).parent.glob("*.py"))
    digest = hashlib.sha256()
    for path in (*judges, file):
        with suppress(OSError):  # a matrix that cannot be read is told of when it is judged
            digest.update(path.read_bytes())
    return digest.hexdigest()
