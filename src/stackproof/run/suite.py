"""Run the suite inside a built environment, without changing what it measures."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from stackproof.base.json_text import to_json
from stackproof.base.machine import cores
from stackproof.base.process import Finished, run
from stackproof.base.records import write_atomically
from stackproof.evidence.records import Freeze
from stackproof.evidence.reports import InRun
from stackproof.installers.environment import Environment
from stackproof.matrix.checks import CheckId
from stackproof.matrix.plan import Plan
from stackproof.run.byte_code import byte_code
from stackproof.run.suite_tools import SuiteTools
from stackproof.run.watching import Watch, watching
from stackproof.run.workloads import DeclaredWorkload, asked_workloads

__all__ = ["Suite", "useful_workers"]

#: A worker starts two processes of its own, so it must have more than one check to spare time.
_CHECKS_A_WORKER = 2


@dataclass(frozen=True, kw_only=True)
class Suite:
    """The suite at `tests` in an environment whose stack is `freeze`; files go to `folder`.

    `tools` are the test tools, which lie outside the environment. `environ` has no settings of
    Python and pytest. `limit` is the time limit of the whole suite in seconds, `workers` the number
    of checks that run side by side. Checks that are `answered` are not asked.
    """

    tests: Path
    environment: Environment
    freeze: Freeze
    tools: SuiteTools
    folder: Path
    environ: Mapping[str, str]
    limit: float
    workers: int
    answered: Sequence[str] = ()

    def run(
        self,
        servers: Path,
        tick: Callable[[], None] = lambda: None,
        enough: Callable[[], bool] = lambda: False,
        *,
        watched: bool = False,
    ) -> tuple[Finished, Watch | None]:
        """Run every check of the plan in `folder`; results go to `checks.jsonl` there.

        `servers` is the file that tells workloads where their servers are. Once what was answered
        is `enough`, the suite is stopped. If `watched`, what the checks load is told by what is
        returned, if that can be heard of.
        """
        byte_code_folder = self._byte_code()
        with ExitStack() as end:
            watch = None
            if watched:
                with suppress(OSError):
                    folder = servers.parent / "watch"
                    listening = watching(self.environment, self.tests, folder, byte_code_folder)
                    watch = end.enter_context(listening)
            return self._run(servers, byte_code_folder, watch, tick, enough), watch

    def _run(
        self,
        servers: Path,
        byte_code_folder: Path | None,
        watch: Watch | None,
        tick: Callable[[], None],
        enough: Callable[[], bool],
    ) -> Finished:
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
            *("-p", "pytest_reportlog.plugin", "-p", "no:cacheprovider"),
            # At its end it collects garbage five times, and no check runs in this process.
            *("-p", "no:unraisableexception"),
            # As workers do untold: a file that cannot be collected keeps no check from its answer.
            "--continue-on-collection-errors",
            *self._side_by_side(python),
            *("--report-log", str(self.folder / InRun.CHECKS)),
            *("--left-out", str(self.folder / InRun.LEFT_OUT)),
            *self._but_answered(servers.parent / "answered.json"),
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
                **({"STACKPROOF_WATCH": str(watch.script)} if watch else {}),
                # What an interrupted suite leaves goes with the run's own private folder.
                "TMPDIR": str(servers.parent),
            },
            cwd=self.tests,
            tick=tick,
            enough=enough,
        )

    @property
    def folders(self) -> dict[str, str]:
        """What the folders are called that what it says may name."""
        return {
            str(self.tools.folder): "test-tools",
            str(self.tests): "tests/stack",
            **{str(library): "site-packages" for library in self.environment.libraries},
            str(self.environment.root): "environment",
            str(self.folder): "evidence",
        }

    def _byte_code(self) -> Path | None:
        """Return the folder for byte code, which a rebuilt environment has none of."""
        try:
            return byte_code(self.environment, self.freeze, self.tools, self.tests)
        except OSError:
            return None  # it is kept for speed alone

    def _but_answered(self, file: Path) -> list[str]:
        """Return how the suite is told what not to ask; nothing where it asks all."""
        if not self.answered:
            return []
        write_atomically(file, to_json(self.answered))
        return ["--answered", str(file)]

    def _side_by_side(self, python: list[str]) -> list[str]:
        """Return how pytest has workers; it asks the checks itself where one would do."""
        if self.workers == 1:
            return []
        workers = f"{self.workers}*popen//python={shlex.join(python)}"
        return ["-p", "xdist", "--tx", workers, "--dist", "load", "--maxschedchunk", "1"]


def useful_workers(plan: Plan, workloads: Iterable[DeclaredWorkload], most: int | None) -> int:
    """Return how many checks of a plan to ask side by side, at most `most` where that is said.

    One more than there are cores, since some check is always waiting for a server, but no more
    than are worth their start: what is asked of a version needs no process.
    """
    imports = sum(CheckId.parse(check).kind == "import" for check in plan.checks)
    checks = imports + sum(1 for _ in asked_workloads(plan, workloads))
    limits = (cores() + 1, most, checks // _CHECKS_A_WORKER or 1)
    return min(limit for limit in limits if limit is not None)


def _byte_code_settings(folder: Path | None) -> dict[str, str]:
    if folder is None:
        return {"PYTHONDONTWRITEBYTECODE": "1"}
    return {"PYTHONPYCACHEPREFIX": str(folder)}
