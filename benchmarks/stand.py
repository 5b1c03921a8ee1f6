"""Where measurements are made: a checkout, a row of it, and its caches, warm or cold."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from benchmarks.measuring import Contender, Measurement, measure, timed
from stackproof.base.text import nearest
from stackproof.errors import StackproofError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.verdict import judge
from stackproof.matrix.files import find_matrices
from stackproof.matrix.load import load_matrix
from stackproof.matrix.model import Matrix
from stackproof.matrix.plan import Installer, Plan
from stackproof.matrix.planning import make_plan

__all__ = ["Stand", "is_whole"]

#: What nox says of a session that ended with news, which is no failure of a measurement.
_NEWS = "aborted: exit 1"
_BACKENDS: Mapping[Installer, str] = {"uv": "uv", "pip": "virtualenv"}
#: Options of an installer call that say where it installs and logs to.
_PLACES = ("--python", "--log")


@dataclass(frozen=True, kw_only=True)
class Stand:
    """The checkout at `root`, a row of a matrix, and how each thing is measured.

    That is `rounds` times, against all contenders or those that `against` names, and with at most
    `most` environments, trials or builds where their number grows.
    """

    root: Path
    matrix: str
    row: str
    environ: Mapping[str, str]
    say: Callable[[str], None]
    rounds: int = 3
    against: frozenset[str] = frozenset()
    most: int = 20
    _learnt: dict[Installer, list[Sequence[str]]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The row with its matrix."""
        return f"{self.matrix}/{self.row}"

    @cached_property
    def plan(self) -> Plan:
        """The row's plan."""
        return self.plan_for("uv")

    def plan_for(self, installer: Installer) -> Plan:
        """Return the row's plan for an installer."""
        return make_plan(self._loaded, name=self.matrix, row=self.row, installer=installer)

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

    @property
    def counts(self) -> tuple[int, ...]:
        """How many environments are made at a time, to see how costs grow."""
        return tuple(sorted({min(count, self.most) for count in (1, 5, 20)}))

    def wants(self, contender: str) -> bool:
        """Tell whether a contender takes part."""
        return not self.against or contender in self.against

    def compare(
        self,
        name: str,
        ours: Contender,
        *others: Contender,
        goal: float | None = None,
    ) -> Measurement:
        """Measure ours against the others that are wanted, in turn."""
        chosen = [other for other in others if self.wants(other.name)]
        return measure(
            name,
            [ours, *chosen],
            row=self.name,
            rounds=self.rounds,
            goal=goal,
            say=self.say,
        )

    def session(
        self, *arguments: str, env: Mapping[str, str] | None = None, root: Path | None = None
    ) -> float:
        """Run one of our nox sessions, in this checkout or in another; return the seconds.

        Raises StackproofError if it could not judge.
        """
        command = [sys.executable, "-m", "nox", "-s", *arguments]
        env, cwd = env or self.environ, root or self.root
        return timed([command], env=env, cwd=cwd, allowed=(0, 1), unless=_NEWS)

    def whole(self, home: Path, *arguments: str, env: Mapping[str, str] | None = None) -> float:
        """Run a session that leaves its evidence in `home`; return the seconds.

        Raises StackproofError if it could not judge, or did so without its suite: a stage that is
        refused is a verdict too, and had in a fraction of the time.
        """
        seconds = self.session(*arguments, env=env)
        newest = _newest(home)
        if not is_whole(newest):
            failed = [check for check in judge(newest).checks if check.outcome == "failed"]
            why = "; ".join(f"{check.id}: {check.message}" for check in failed)
            raise StackproofError(f"the suite of {newest.folder} was not run to its end ({why})")
        return seconds

    def verify(self, *arguments: str, env: Mapping[str, str] | None = None) -> float:
        """Verify the row; return the seconds. Raises StackproofError as `whole` does."""
        return self.whole(self.home, f"{self._verify}({self.name})", *arguments, env=env)

    def forget_environment(self) -> None:
        """Remove the environment that nox keeps for the row's verify."""
        venv = self.root / ".nox" / f"{self._verify}-{self.matrix}-{self.row}"
        shutil.rmtree(venv, ignore_errors=True)

    @property
    def _verify(self) -> str:
        """The session that verifies the row."""
        return "verify" if self._loaded.rows[self.plan.row].default else "verify-optional"

    @property
    def newest(self) -> Evidence:
        """The newest evidence of the row."""
        return _newest(self.home)

    def run_by(self, installer: Installer) -> Evidence:
        """Return the newest whole run of the very plan by an installer; make one if need be."""
        wanted = self.plan_for(installer).fingerprint
        for evidence in Evidence.runs(self.home):
            try:
                found = evidence.plan.fingerprint == wanted and is_whole(evidence)
            except ValidationError:
                continue  # left by another version of stackproof
            if found:
                return evidence
        self.verify("--force-venv-backend", _BACKENDS[installer])
        return self.newest

    def stage_arguments(self, installer: Installer) -> list[Sequence[str]]:
        """Return what an installer is really told in each stage, learnt from a run of the row.

        So constraint files and indexes that had to stand in are the same for everybody.
        """
        if installer not in self._learnt:
            stages = self.run_by(installer).stages
            self._learnt[installer] = [_after_install(stage.command) for stage in stages]
        return self._learnt[installer]

    @contextmanager
    def cold(self) -> Iterator[dict[str, str]]:
        """Yield an environment whose caches of uv, pip and ours are new, and remove them."""
        with self.scratch() as folder:
            yield {
                **self.environ,
                "XDG_CACHE_HOME": str(folder / "ours"),
                "UV_CACHE_DIR": str(folder / "uv"),
                "PIP_CACHE_DIR": str(folder / "pip"),
            }

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield an empty folder, and remove it."""
        folder = Path(tempfile.mkdtemp(prefix="stackproof-bench-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def checkout(self) -> Iterator[Path]:
        """Yield a checkout like this one without any evidence, and remove it."""
        with self.scratch() as folder:
            for name in ("noxfile.py", "src", "tests", "matrices"):
                (folder / name).symlink_to(self.root / name)
            yield folder


def is_whole(evidence: Evidence) -> bool:
    """Tell whether a run was judged and its suite, which needs all stages, ran to its end."""
    return evidence.run.suite_exit is not None and judge(evidence).verdict != "unjudged"


def _newest(home: Path) -> Evidence:
    return Evidence((home / "latest").resolve())


def _after_install(command: Sequence[str]) -> list[str]:
    """Return the requirements and options of an installer call, less where it goes."""
    rest = list(command[command.index("install") + 1 :])
    for option in _PLACES:
        while option in rest:
            at = rest.index(option)
            del rest[at : at + 2]
    return rest
