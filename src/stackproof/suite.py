"""Run the suite inside a built environment, without changing what it measures."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from stackproof.byte_code import byte_code
from stackproof.environment import Environment, Freeze, drift_between
from stackproof.errors import CannotJudgeError
from stackproof.process import Finished, run

__all__ = ["TOOLS", "Suite"]

#: What the suite needs besides the stack.
TOOLS = ("pytest>=8.3,<9", "pytest-xdist>=3.6,<4", "pytest-reportlog>=0.4,<2")


@dataclass(frozen=True, kw_only=True)
class Suite:
    """The suite at `tests` in an environment whose stack is `freeze`; files go to `folder`.

    `limit` is the time limit of the whole suite in seconds, `workers` the most processes in which
    checks run side by side.
    """

    tests: Path
    environment: Environment
    freeze: Freeze
    folder: Path
    environ: Mapping[str, str]
    limit: float
    workers: int | None = None

    def install_tools(self, tick: Callable[[], None] = lambda: None) -> Freeze:
        """Install the test tools beside the stack; return the freeze with them.

        Raises CannotJudgeError if they do not fit, or if anything of the stack moved, vanished or
        was written over (the promise of decision 4 in the design).
        """
        pins = self.folder / "freeze.txt"
        present = self._top_level()
        log = self.folder / "stages" / "test-tools.log"
        command = self.environment.install_command(
            [*TOOLS, "--constraint", str(pins)], debug_log=log.with_suffix(".debug")
        )
        finished = run(command, log=log, limit=600, env=self.environ, tick=tick)
        if finished.exit != 0:
            raise CannotJudgeError(
                f"the test tools ({', '.join(TOOLS)}) could not be installed beside the stack: "
                f"the installer {finished.describe()}; see {log.name}"
            )
        after = self.environment.freeze()
        drift = drift_between(self.freeze, after)
        if drift.moved:
            raise CannotJudgeError(f"the test tools moved the stack: {sorted(drift.moved)}")
        self._refuse_overwriting(present)
        return after

    def _top_level(self) -> set[Path]:
        return {path for library in self.environment.libraries for path in library.iterdir()}

    def _refuse_overwriting(self, present: set[Path]) -> None:
        """Raise if a tool brought a module or package that the stack had already."""
        for library in self.environment.libraries:
            for folder in library.glob("*.dist-info"):
                if folder in present:
                    continue
                written = {library / name for name in _top_level_names(folder)}
                over = sorted(path.name for path in written & present)
                if over:
                    raise CannotJudgeError(
                        f"the test tool {folder.stem} wrote over {', '.join(over)} of the stack"
                    )

    def run(self, servers: Path, tick: Callable[[], None] = lambda: None) -> Finished:
        """Run every check of the plan in `folder`; results go to `checks.jsonl` there.

        `servers` is the file that tells workloads where their servers are.
        """
        command = [
            str(self.environment.python),
            *("-m", "pytest", "-c", str(self.tests / "pytest.ini"), str(self.tests)),
            *("--plan", str(self.folder / "plan.json")),
            *("--servers", str(servers)),
            *("-p", "xdist", "-p", "pytest_reportlog.plugin", "-p", "no:cacheprovider"),
            *("-n", str(self._workers()), "--maxschedchunk", "1"),
            *("--report-log", str(self.folder / "checks.jsonl")),
            *("--left-out", str(self.folder / "left-out.json")),
            # Short tracebacks show no arguments: addresses of servers hold passwords.
            *("-q", "--color", "no", "--tb", "short"),
        ]
        return run(
            command,
            log=self.folder / "suite.log",
            limit=self.limit,
            # What an interrupted suite leaves goes with the run's own private folder.
            env={**self._environ(), "TMPDIR": str(servers.parent)},
            cwd=self.tests,
            tick=tick,
        )

    def _environ(self) -> dict[str, str]:
        # Whatever pytest plugins the stack brings along must not join in, and a rebuilt
        # environment has no byte code of its own (design, decision 11).
        environ = {
            name: value
            for name, value in self.environ.items()
            if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "PYTEST_ADDOPTS")
        }
        environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        try:
            whole = self.environment.freeze()  # the test tools have byte code too
            environ["PYTHONPYCACHEPREFIX"] = str(byte_code(self.environment, whole))
        except OSError:
            # Byte code is kept for speed alone; where it cannot be, none is written.
            environ["PYTHONDONTWRITEBYTECODE"] = "1"
        return environ

    def _workers(self) -> int:
        """Return one more than there are cores: some check is always waiting for a server."""
        useful = _cores() + 1
        return useful if self.workers is None else min(useful, self.workers)


def _top_level_names(dist_info: Path) -> set[str]:
    """Return the first part of each path that a distribution's RECORD lists beside its metadata."""
    lines = (dist_info / "RECORD").read_text(encoding="utf-8").splitlines()
    first = {line.split(",")[0].split("/")[0].strip('"') for line in lines}
    return {name for name in first if name not in ("..", "__pycache__", dist_info.name)}


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
