"""Have the fork server of this process start a check, and wait until it has ended."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stack_suite import fork_server
from stack_suite.output import end_of_log
from stack_suite.sandbox import make_sandbox

if TYPE_CHECKING:
    from stack_suite.fork_server import Job

_TRIES = 2


class NotStartedError(RuntimeError):
    """No process could be started for a check, which says nothing of the stack."""


def carry_out(job: Job) -> None:
    """Have a job carried out, and wait until it is done.

    One that never began goes to a new server. Raises NotStartedError where that cannot start it
    either.
    """
    for _ in range(_TRIES):
        server = _fork_server()
        if server.carry_out(job):
            return
    words = end_of_log(Path(job.output)) or server.words
    raise NotStartedError(f"no process could be started for a check: {words}")


@cache
def _fork_server() -> _ForkServer:
    """Start the fork server of this process."""
    try:
        return _ForkServer()
    except OSError as error:
        raise NotStartedError(f"no process can be started for checks: {error}") from error


class _ForkServer:
    """A fork server, in a sandbox of its own; it ends with this process."""

    def __init__(self) -> None:
        self._home = TemporaryDirectory(prefix="stackproof-")
        self._log = Path(self._home.name) / "server.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", fork_server.__name__],
                cwd=Path(__file__).parent.parent,
                env=make_sandbox(Path(self._home.name)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    @property
    def words(self) -> str:
        """The end of what the server and its forks printed of themselves."""
        return end_of_log(self._log)

    def carry_out(self, job: Job) -> bool:
        """Wait until a job is done, or the server is gone; tell whether the check began."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        answer = b""
        try:
            self._process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            pass
        finally:
            if not answer.endswith(b"\n"):
                _fork_server.cache_clear()
                self._process.communicate()  # closes its input, by which it and its guard end
        return answer.startswith(fork_server.STARTED)
