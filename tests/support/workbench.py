"""A made-up project: a matrix of tiny wheels, the real suite, an index, and real installers."""

from __future__ import annotations

__all__ = ["RELEASES", "ROOT", "TINY", "WORKLOAD", "Bench", "states", "toml", "torn_once"]

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console
from uv import find_uv_bin

from stackproof.base.progress import Progress
from stackproof.evidence.folder import Evidence
from stackproof.evidence.layout import Project
from stackproof.evidence.verdict import Verdict
from stackproof.experiments.planner import Planner
from stackproof.installers.environment import Environment
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import parse_matrix
from stackproof.matrix.plan import Plan
from stackproof.report.files import conclude
from stackproof.run.beside import LookCommand
from stackproof.run.build import Builder
from stackproof.run.verify import verify
from support.index import Index
from support.matrices import matrix, pin, stage
from support.sandbox import hermetic_environ
from support.wheels import Release

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]

RELEASES = (
    Release("alpha", "1.0"),
    Release("alpha", "2.0", uploaded=datetime(2025, 3, 2, tzinfo=timezone.utc)),
    Release("beta", "1.0", requires=["gamma>=1"]),
    Release("gamma", "1.0"),
    Release("gamma", "1.1"),
)

TINY = matrix(
    "Tiny",
    pin("alpha"),
    pin(
        "beta",
        area="second",
        more='claims = [{ text = "works with alpha", checks = ["import:*", "smoke:sum"] }]\n',
    ),
    stage("one", "alpha", step="Install alpha."),
    stage("two", "beta", step="Install beta."),
)

WORKLOAD = '''\
"""The one workload of the made-up stack."""

import pytest


@pytest.mark.workload("sum", needs=("alpha",), seconds=0.1, timeout=20)
def test_sum() -> None:
    import alpha

    assert len(alpha.__version__) == len("1.0")
'''


def toml(text: str) -> dict[str, Any]:
    """Parse TOML, on Python 3.10 too."""
    return tomllib.loads(text)


def torn_once(root: Path) -> str:
    """Return what a module of workloads starts with that cannot be imported the first time."""
    once = str(root / "was-here")
    return f"""\
from pathlib import Path

if not Path({once!r}).exists():
    Path({once!r}).touch()
    raise RuntimeError("not today")

"""


@dataclass(kw_only=True)
class Bench:
    """A project at `root` whose installers see `index` alone.

    `pip_environment` returns an environment with pip, to copy: making it anew takes seconds.
    A suite of tiny checks has one worker alone, since to start another takes longer than to do
    them all; through nox it has as many as everywhere.
    """

    root: Path
    index: Index
    pip_environment: Callable[[], Path]
    environ: dict[str, str] = field(default_factory=dict)
    output: StringIO = field(default_factory=StringIO)
    suite_limit: float = 60
    suite_workers: int = 1

    def __post_init__(self) -> None:
        fast = {
            "UV_HTTP_RETRIES": "0",
            "UV_HTTP_TIMEOUT": "2",
            "PIP_RETRIES": "0",
            "PIP_DEFAULT_TIMEOUT": "2",
            "XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"],
        }
        home = self.root / "home"
        home.mkdir(parents=True)
        self.environ = hermetic_environ(home, self.index.url) | fast | self.environ
        suite = shutil.ignore_patterns("workloads", "__pycache__", ".*")
        shutil.copytree(ROOT / "tests" / "stack", self.root / "tests" / "stack", ignore=suite)
        self.write("tests/stack/workloads/test_sum.py", WORKLOAD)

    @property
    def project(self) -> Project:
        """What `verify` is told of the project."""
        return replace(
            Project.at(self.root, self.environ),
            suite=self.root / "tests" / "stack",
            stage_limit=60,
            suite_limit=self.suite_limit,
            suite_workers=self.suite_workers,
        )

    def write(self, path: str, text: str) -> Path:
        """Write a file of the project."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def plan(
        self,
        extra: str = "",
        *,
        text: str = TINY,
        row: str = "plain",
        installer: str = "uv",
        as_of: datetime | None = None,
        **changes: object,
    ) -> Plan:
        """Plan a row of the tiny matrix, or another, with more tables at its end.

        `changes` are made to the plan itself.
        """
        matrix = parse_matrix(toml(text + extra), file="tiny.toml")
        plan = make_plan(matrix, name="tiny", row=row, installer=installer, as_of=as_of)
        return plan.model_copy(update=changes)

    def planner(self, extra: str = "", *, text: str = TINY) -> Planner:
        """Return the planner of the row of the tiny matrix, or another, as `plan` has it."""
        matrix = parse_matrix(toml(text + extra), file="tiny.toml")
        return Planner(matrix=matrix, name="tiny", row="plain")

    def environment(self, installer: str = "uv") -> Path:
        """Make a new virtual environment in place of the one before."""
        venv = self.root / "venv"
        shutil.rmtree(venv, ignore_errors=True)
        if installer == "pip":
            shutil.copytree(self.pip_environment(), venv, symlinks=True, copy_function=os.link)
        else:
            command = [find_uv_bin(), "venv", "--quiet", "--python", sys.executable, str(venv)]
            subprocess.run(command, check=True, env=self.environ)
        return venv

    def builder(self, plan: Plan, venv: Path) -> Builder:
        """Return the builder of a plan, whose files go to the folder `built`."""
        return Builder(
            plan=plan,
            environment=Environment.at(venv, plan.installer),
            folder=self.root / "built",
            snapshots=self.project.snapshots,
            environ=self.environ,
            limit=60,
        )

    def last_stage(self, plan: Plan) -> Builder:
        """Return the builder of nothing but the last stage of a plan, in a new environment."""
        alone = plan.model_copy(update={"stages": plan.stages[-1:]})
        return self.builder(alone, self.environment(plan.installer))

    def verify(
        self, plan: Plan, venv: Path | None = None, look: LookCommand | None = None
    ) -> tuple[Verdict, Evidence]:
        """Carry a plan out in an environment, a new one where none is given or exists."""
        built = plan.interpreter is None
        where = (venv or self.environment(plan.installer)) if built else None
        progress = Progress(Console(file=self.output, width=120))
        return verify(plan, where, self.project, progress, conclude=conclude, look=look)

    def verify_command(self, plan: Plan, venv: Path) -> list[str]:
        """Return the command that does as `verify` does, and exits with the verdict's code."""
        file = self.root / "plan.json"
        plan.write(file)
        return [sys.executable, "-c", _RUN, str(self.root), str(file), str(venv)]

    def start(self, plan: Plan, venv: Path) -> subprocess.Popen[str]:
        """Start `verify` in a process of its own."""
        return subprocess.Popen(
            self.verify_command(plan, venv),
            env=self.environ | {"PYTHONPATH": str(ROOT / "src")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


_RUN = """
import os, sys
from dataclasses import replace
from pathlib import Path
from rich.console import Console
from stackproof.matrix.plan import Plan
from stackproof.base.progress import Progress
from stackproof.evidence.layout import Project
from stackproof.report.files import conclude
from stackproof.run.verify import verify
root, plan, venv = map(Path, sys.argv[1:])
suite = root / "tests" / "stack"
project = replace(
    Project.at(root, dict(os.environ)), suite=suite, stage_limit=60, suite_limit=60
)
read = Plan.model_validate_json(plan.read_text(encoding="utf-8"))
sys.exit(verify(read, venv, project, Progress(Console()), conclude=conclude)[0].exit_code)
"""


def states(verdict: Verdict) -> Mapping[str, str]:
    """Return the state of each check."""
    return {check.id: check.state for check in verdict.checks}
