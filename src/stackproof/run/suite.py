"""Run the suite inside a built environment, without changing what it measures."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from stackproof.base.process import Finished, run
from stackproof.evidence.records import Freeze
from stackproof.evidence.reports import InRun
from stackproof.installers.environment import Environment
from stackproof.run.byte_code import byte_code
from stackproof.run.suite_tools import SuiteTools

__all__ = ["Suite"]


@dataclass(frozen=True, kw_only=True)
class Suite:
    """The suite at `tests` in an environment whose stack is `freeze`; files go to `folder`.

    `tools` are the test tools, which lie outside the environment. `environ` has no settings of
    Python and pytest. `limit` is the time limit of the whole suite in seconds, `workers` the most
    processes in which checks run side by side.
    """

    tests: Path
    environment: Environment
    freeze: Freeze
    tools: SuiteTools
    folder: Path
    environ: Mapping[str, str]
    limit: float
    workers: int | None = None

    def run(self, servers: Path, tick: Callable[[], None] = lambda: None) -> Finished:
        """Run every check of the plan in `folder`; results go to `checks.jsonl` there.

        `servers` is the file that tells workloads where their servers are.
        """
        byte_code_folder = self._byte_code()
        python = [
            *(str(self.environment.python), "-I", "-S"),
            *(("-X", f"pycache_prefix={byte_code_folder}") if byte_code_folder else ("-B",)),
            *(str(self.tests), str(self.tools.folder), *map(str, self.environment.libraries), "--"),
        ]
        command = [
            *(*python, "-c", "pytest.ini", "."),
            *("--plan", str(self.folder / InRun.PLAN)),
            *("--freeze", str(self.folder / InRun.FREEZE)),
            *("--servers", str(servers)),
            *("-p", "xdist", "-p", "pytest_reportlog.plugin", "-p", "no:cacheprovider"),
            *("--tx", f"{self._workers()}*popen//python={shlex.join(python)}"),
            *("--dist", "load", "--maxschedchunk", "1"),
            *("--report-log", str(self.folder / InRun.CHECKS)),
            *("--left-out", str(self.folder / InRun.LEFT_OUT)),
            # Short tracebacks show no arguments: addresses of servers hold passwords.
            *("-q", "--color", "no", "--tb", "short"),
        ]
        return run(
            command,
            log=self.folder / InRun.SUITE_LOG,
            limit=self.limit,
            env={
                **self.environ,
                # Whatever pytest plugins the stack brings along must not join in.
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                **_byte_code_settings(byte_code_folder),
                # What an interrupted suite leaves goes with the run's own private folder.
                "TMPDIR": str(servers.parent),
            },
            cwd=self.tests,
            tick=tick,
        )

    def _byte_code(self) -> Path | None:
        """Return the folder for byte code, which a rebuilt environment has none of."""
        try:
            return byte_code(self.environment, self.freeze, self.tools)
        except OSError:
            return None  # it is kept for speed alone

    def _workers(self) -> int:
        """Return one more than there are cores: some check is always waiting for a server."""
        useful = _cores() + 1
        return useful if self.workers is None else min(useful, self.workers)


def _byte_code_settings(folder: Path | None) -> dict[str, str]:
    if folder is None:
        return {"PYTHONDONTWRITEBYTECODE": "1"}
    return {"PYTHONPYCACHEPREFIX": str(folder)}


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
