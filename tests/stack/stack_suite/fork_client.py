"""Have the fork server of this process start a check, and wait until it has ended."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from stack_suite import fork_server
from stack_suite.disk import FULL, says_full
from stack_suite.output import end_of, end_of_log
from stack_suite.sandbox import make_sandbox

if TYPE_CHECKING:
    from stack_suite.fork_server import Job

_TRIES = 2
_START_SECONDS = 60.0
_END_SECONDS = 10.0


class UntoldError(RuntimeError):
    """A check has no answer for a reason that says nothing of the stack."""


class BrokenPythonError(RuntimeError):
    """What the stack has run at the start of every Python keeps it from starting."""


def carry_out(job: Job) -> dict[str, Any]:
    """Have a job carried out, wait until it is done, and return what its guard saw.

    One that never began goes to a new server. Raises UntoldError where that cannot start it either,
    or where something ended the guard, and BrokenPythonError where no Python starts at all.
    """
    for _ in range(_TRIES):
        server = _fork_server()
        if server.broken is not None and says_full(server.broken):
            raise UntoldError(f"{FULL}\n{server.broken}")
        if server.broken is not None:
            raise BrokenPythonError(server.broken)
        begun, seen = server.carry_out(job)
        if seen is not None:
            return seen
        if begun:
            raise UntoldError("the guard of the check was killed, as a system does without memory")
    words = end_of_log(Path(job.output)) or server.words
    raise UntoldError(f"no process could be started for a check: {words}")


@cache
def _fork_server() -> _ForkServer:
    """Start the fork server of this process."""
    try:
        return _ForkServer()
    except OSError as error:
        raise UntoldError(f"no process can be started for checks: {error}") from error


class _ForkServer:
    """A fork server, in a sandbox of its own; it ends with this process."""

    def __init__(self) -> None:
        self._home = TemporaryDirectory(prefix="stackproof-")
        self._log = Path(self._home.name) / "server.log"
        environ = make_sandbox(Path(self._home.name))
        self._socket, theirs = socket.socketpair()
        tools = os.environ.get("STACKPROOF_TOOLS")
        command = [sys.executable, "-m", fork_server.__name__, str(theirs.fileno())]
        with self._log.open("wb") as log, theirs:
            self._process = subprocess.Popen(
                [*command, *([tools] if tools else [])],
                cwd=Path(__file__).parent.parent,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._answers = self._socket.makefile("rb")
        self._socket.settimeout(_START_SECONDS)
        self.broken: str | None = None
        if self._next_answer() != fork_server.READY:
            self._process.kill()
            self.broken = _trouble_of_python(environ)
        self._socket.settimeout(None)

    @property
    def words(self) -> str:
        """The end of what the server and its forks printed of themselves."""
        return end_of_log(self._log)

    def carry_out(self, job: Job) -> tuple[bool, dict[str, Any] | None]:
        """Wait until a job is done, or the server is gone.

        Return whether the check began, and how it ended if its guard could tell.
        """
        answers: list[bytes] = []
        try:
            self._socket.sendall(json.dumps(asdict(job)).encode() + b"\n")
            while (answer := self._next_answer()) not in (b"", fork_server.DONE):
                answers.append(answer)
        except BrokenPipeError:
            answer = b""
        finally:
            if answer != fork_server.DONE:
                self._end()
        seen = [json.loads(answer) for answer in answers[1:] if answer.endswith(b"\n")]
        return bool(answers), next(iter(seen), None)

    def _next_answer(self) -> bytes:
        try:
            return self._answers.readline()
        except (ConnectionError, TimeoutError):
            return b""

    def _end(self) -> None:
        """Close the socket, by which the server and its guard end, and wait for that."""
        _fork_server.cache_clear()
        self._answers.close()
        self._socket.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _trouble_of_python(environ: dict[str, str]) -> str | None:
    """Say how the plainest Python of the environment fails; None if it starts and ends well."""
    command = [sys.executable, "-c", "print(); print('started')"]
    try:
        done = subprocess.run(
            command,
            env=environ,
            cwd=environ["HOME"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_START_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no Python of the environment starts within {_START_SECONDS:g} s"
    words = done.stdout.decode(errors="replace")
    if done.returncode == 0 and "\nstarted\n" in words:
        return None
    return f"no Python of the environment starts: exit {done.returncode}\n{end_of(words)}".rstrip()
