"""The one place that runs a command: an argument list, a log, a time limit, nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stackproof import leash
from stackproof.errors import CannotJudgeError

__all__ = ["Answer", "Finished", "ask", "run"]

_POLL_SECONDS = 0.05
_GRACE_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How a command ended: its exit code (negative for a signal), and seconds of wall time."""

    exit: int
    seconds: float
    timed_out: bool

    def describe(self) -> str:
        """Say in a few words how the command ended."""
        if self.timed_out:
            return f"did not end within its time limit and was stopped after {self.seconds:.0f} s"
        if self.exit < 0:
            return f"was killed by {_signal_name(-self.exit)}"
        return f"ended with exit code {self.exit}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has no name of its own
        return f"signal {number}"


def run(
    command: Sequence[str],
    *,
    log: Path,
    limit: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    tick: Callable[[], None] = lambda: None,
) -> Finished:
    """Run a command to its end, all output appended to `log`.

    `limit` is in seconds; past it the command's whole process group is stopped. `tick` is called
    some twenty times a second. A command that cannot be started says so in the log and ends with 1.
    """
    begin = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            start_new_session=True,
        )
    timed_out = False
    try:
        while not _ended(process):
            tick()
            if time.monotonic() - begin > limit:
                timed_out = True
                break
    finally:
        # Also on Ctrl-C: the command has a process group of its own, so the terminal's
        # signal did not reach it, and what it started must not outlive it.
        _stop_group(process)
    return Finished(exit=process.returncode, seconds=time.monotonic() - begin, timed_out=timed_out)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a short command said: its exit code, its output, and its errors."""

    exit: int
    output: str
    errors: str


def ask(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, limit: float = 60
) -> Answer:
    """Run a command that only answers a question, within `limit` seconds.

    Raises CannotJudgeError if it cannot be started or does not end.
    """
    try:
        done = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=dict(env) if env is not None else None,
            errors="replace",
            text=True,
            timeout=limit,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotJudgeError(f"{Path(command[0]).name} gave no answer: {error}") from error
    return Answer(exit=done.returncode, output=done.stdout.strip(), errors=done.stderr.strip())


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _stop_group(process: subprocess.Popen[bytes]) -> None:
    """Stop what is left of the process group, politely at first."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
