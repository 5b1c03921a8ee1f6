"""Start supervisors and stop them: the owner's side of `supervisor`."""

from __future__ import annotations

__all__ = ["Supervisor", "Supervisors", "Task"]

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from stackproof.run.servers import supervisor
from stackproof.run.servers.info import ServerError
from stackproof.run.servers.orphans import new_record

_STOP_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a supervisor does.

    It makes the folder with its files (path to text) and trees (path to the folder to link from);
    runs the commands of `setup` one after another, then `serve`, all in the folder and as `user`;
    at the end sends `stop`, kills what is left after `grace` seconds, and runs `leave`.
    """

    folder: Path
    environment: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)
    trees: Mapping[str, Path] = field(default_factory=dict)
    setup: Sequence[Sequence[str]] = ()
    serve: Sequence[str] = ()
    leave: Sequence[Sequence[str]] = ()
    user: int | None = None
    group: int | None = None
    stop: str = "SIGTERM"
    grace: float = 5.0


class Supervisor:
    """One supervisor at work, and the part of the log that is its own."""

    def __init__(self, task: Task, *, record: Path, log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._log_start = output.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", supervisor.__file__],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._tell(json.dumps(asdict(task) | {"record": str(record)}, default=str))

    @property
    def log(self) -> Path:
        """The log of the supervisor and its server."""
        return self._log

    @property
    def pid(self) -> int:
        """The supervisor's process."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Tell whether the supervisor still keeps its server."""
        return self._process.poll() is None

    def said(self) -> str:
        """Return what the supervisor and its server wrote to the log so far."""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def not_cleaned(self) -> list[str]:
        """Return why something may have stayed of what the run wrote to the user's server."""
        lines = self.said().splitlines()
        start = supervisor.NOT_CLEANED
        return [line.removeprefix(start) for line in lines if line.startswith(start)]

    def order_stop(self) -> None:
        """Give the order to stop, and do not wait."""
        if self._process.stdin:
            self._process.stdin.close()

    def wait(self) -> None:
        """Wait until all is stopped and removed; a supervisor that takes too long goes on alone."""
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return

    def _tell(self, task: str) -> None:
        assert self._process.stdin  # noqa: S101 - it was asked for
        self._process.stdin.write(task.encode() + b"\n")
        self._process.stdin.flush()


class Supervisors:
    """The supervisors of one run."""

    def __init__(self) -> None:
        self._supervisors: list[Supervisor] = []
        self._lock = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Stop every supervisor, side by side, and refuse to start another."""
        with self._lock:
            self._closed = True
            supervisors = tuple(self._supervisors)
        for one in supervisors:
            one.order_stop()
        for one in supervisors:
            one.wait()

    def started(self) -> tuple[Supervisor, ...]:
        """Return every supervisor that was started."""
        with self._lock:
            return tuple(self._supervisors)

    def living(self) -> frozenset[Supervisor]:
        """Return the supervisors that keep their servers now."""
        with self._lock:
            return frozenset(one for one in self._supervisors if one.is_alive())

    def check_open(self) -> None:
        """Raise ServerError where the run is ending."""
        if self._closed:
            raise ServerError("the run ended before the server was started")

    def start(self, task: Task, *, log: Path) -> Supervisor:
        """Start a supervisor on its task, its output and its server's appended to the log.

        Raises ServerError where the run is ending, OSError where no process can be started.
        """
        with self._lock:
            self.check_open()
            one = Supervisor(task, record=new_record(), log=log)
            self._supervisors.append(one)
            return one
