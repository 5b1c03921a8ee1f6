"""Where measurements are made: a checkout, a row of it, and its caches, warm or cold."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.measuring import timed
from stackproof.errors import StackproofError
from stackproof.matrix import Matrix, find_matrices, load_matrix
from stackproof.matrix.references import nearest
from stackproof.plan import Plan, make_plan

__all__ = ["Stand"]

#: What a row's verify may end with: that checks fail is no failure of a measurement.
_JUDGED = (0, 1)


@dataclass(frozen=True, kw_only=True)
class Stand:
    """The checkout at `root`, a row of a matrix, and how often each thing is measured."""

    root: Path
    matrix: str
    row: str
    environ: Mapping[str, str]
    rounds: int = 3

    @cached_property
    def plan(self) -> Plan:
        """The row's plan."""
        return make_plan(self._loaded, name=self.matrix, row=self.row)

    @cached_property
    def _loaded(self) -> Matrix:
        files = find_matrices(self.root / "matrices")
        if self.matrix not in files:
            raise StackproofError(
                f"there is no matrix {self.matrix!r}; {nearest(self.matrix, files)}"
            )
        return load_matrix(files[self.matrix])

    @property
    def home(self) -> Path:
        """The folder of the row's evidence."""
        return self.root / "reports" / self.matrix / self.row

    def nox(self, *arguments: str) -> list[str]:
        """Return the command that runs our nox sessions."""
        return [sys.executable, "-m", "nox", *arguments]

    def verify(self, *arguments: str, env: Mapping[str, str] | None = None) -> float:
        """Verify the row; return the seconds."""
        is_default = self._loaded.rows[self.plan.row].default
        session = "verify" if is_default else "verify-optional"
        command = self.nox("-s", f"{session}({self.matrix}/{self.row})", *arguments)
        return timed([command], env=env or self.environ, cwd=self.root, allowed=_JUDGED)

    def latest_json(self, name: str) -> Any:  # noqa: ANN401 - JSON is any object
        """Return what a file of the newest evidence holds."""
        return json.loads((self.home / "latest" / name).read_text(encoding="utf-8"))

    @cached_property
    def stage_arguments(self) -> list[Sequence[str]]:
        """What pip is really told in each stage, learnt by verifying the row with pip once.

        So constraint files and indexes that had to stand in are the same for everybody.
        """
        self.verify("--force-venv-backend", "virtualenv")
        stages = self.latest_json("stages.json")
        return [_after_install(stage["command"]) for stage in stages]

    @contextmanager
    def cold(self) -> Iterator[dict[str, str]]:
        """Yield an environment whose caches of uv, pip and ours are new, and remove them."""
        folder = Path(tempfile.mkdtemp(prefix="stackproof-bench-"))
        try:
            yield {
                **self.environ,
                "XDG_CACHE_HOME": str(folder / "ours"),
                "UV_CACHE_DIR": str(folder / "uv"),
                "PIP_CACHE_DIR": str(folder / "pip"),
            }
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield an empty folder, and remove it."""
        folder = Path(tempfile.mkdtemp(prefix="stackproof-bench-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _after_install(command: Sequence[str]) -> list[str]:
    """Return the requirements and options of an installer call, less where its log goes."""
    rest = list(command[command.index("install") + 1 :])
    while "--log" in rest:
        at = rest.index("--log")
        del rest[at : at + 2]
    return rest
