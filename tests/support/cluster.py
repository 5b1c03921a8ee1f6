"""A scheduler and workers of dask.distributed, processes of their own on loopback."""

from __future__ import annotations

__all__ = ["Cluster", "Member"]

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from support.processes import SOURCES, wait_for
from support.workbench import Bench


@dataclass(frozen=True, kw_only=True)
class Member:
    """A worker, and the folder that it leaves things in until somebody has them."""

    process: subprocess.Popen[bytes]
    folder: Path

    def has(self, pattern: str) -> bool:
        """Tell whether an order left something like that, such as `suite.log` of a run."""
        return any(self.folder.glob(f"dask-scratch-space/*/stackproof-*/{pattern}"))

    def kill(self) -> None:
        """End it as a machine does that loses its power."""
        self.process.kill()
        self.process.wait()


@dataclass
class Cluster:
    """A scheduler that runs in a context, with workers whose installers see a bench's index.

    Each has a home of its own.
    """

    bench: Bench
    members: list[Member] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Start the scheduler."""
        self._root = self.bench.root / "cluster"
        file = self._root / "scheduler.json"
        self._root.mkdir()
        more = ("--port", "0", "--scheduler-file", str(file))
        self.scheduler = self._start("scheduler", *more)
        wait_for(lambda: file.exists() and file.read_text(), seconds=60)
        self.address: str = json.loads(file.read_text("utf-8"))["address"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End all of it."""
        for process in (*(member.process for member in self.members), self.scheduler):
            process.send_signal(signal.SIGTERM)
        for process in (*(member.process for member in self.members), self.scheduler):
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def add(self, count: int = 1, **environ: str) -> list[Member]:
        """Start workers; wait until they belong to the scheduler."""
        added = []
        for _ in range(count):
            number = len(self.members)
            home = self._root / f"home-{number}"
            home.mkdir()
            own = {"HOME": str(home), "UV_CACHE_DIR": str(home / "uv-cache"), **environ}
            more = (self.address, "--nthreads", "1", "--no-nanny", "--local-directory", str(home))
            process = self._start("worker", *more, environ=own)
            added.append(Member(process=process, folder=home))
            self.members.append(added[-1])
        logs = [self._root / f"worker-{self.members.index(member)}.log" for member in added]
        wait_for(lambda: all("Registered to" in log.read_text() for log in logs), seconds=60)
        return added

    @property
    def pids(self) -> set[int]:
        """The processes that are the cluster itself."""
        return {self.scheduler.pid, *(member.process.pid for member in self.members)}

    def _start(
        self, what: str, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        number = "" if what == "scheduler" else f"-{len(self.members)}"
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments]
        with (self._root / f"{what}{number}.log").open("wb") as log:
            return subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--no-dashboard"],
                env={
                    **self.bench.environ,
                    "PYTHONPATH": str(SOURCES),
                    "PATH": os.environ["PATH"],
                    **(environ or {}),
                },
                cwd=self._root,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
