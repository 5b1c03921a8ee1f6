"""Run a command: an argument list, a log, a time limit, nothing left behind."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stackproof.base import parent_death
from stackproof.errors import CannotJudgeError

__all__ = ["Answer", "Finished", "ask", "run"]

_TICK_SECONDS = 0.05
_POLL_SECONDS = 0.005
_GRACE_SECONDS = 5.0
#: `ru_maxrss` is in kilobytes, and on macOS in bytes (getrusage(2) of each).
_MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How a command ended: its exit code (negative for a signal), and what it took.

    `seconds` are of wall time, `processor_seconds` those of all its processes that were waited for;
    `peak_memory` is that of the largest of them, in bytes.
    """

    exit: int
    seconds: float
    processor_seconds: float
    peak_memory: int
    timed_out: bool

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself, with exit code 0."""
        return self.exit == 0 and not self.timed_out

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
    grace: float = _GRACE_SECONDS,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    tick: Callable[[], None] = lambda: None,
    enough: Callable[[], bool] = lambda: False,
    sweeps: bool = True,
) -> Finished:
    """Run a command to its end, all output appended to `log`.

    `limit` is in seconds; past it the command's whole process group is asked to end (SIGTERM), and
    killed after `grace` more seconds. `tick` is called some twenty times a second, and so is
    `enough`, which ends the command likewise once it says so. A command that cannot be started says
    so in the log and ends with 1. What it leaves behind is killed, also in
    sessions of its own, unless `sweeps` says that it cleans up itself. Raises OSError if the log
    cannot be written.
    """
    begin = time.monotonic()
    sweeping = "yes" if sweeps else "no"
    guarded = [sys.executable, "-I", "-S", parent_death.__file__]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*guarded, str(os.getpid()), sweeping, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            start_new_session=True,
        )
    timed_out = False
    try:
        while not _ended(process, _TICK_SECONDS):
            tick()
            if time.monotonic() - begin > limit:
                timed_out = True
                break
            if enough():
                break
    finally:
        # Also on Ctrl-C: the command has a process group of its own, so the terminal's
        # signal did not reach it, and what it started must not outlive it.
        took = _stop_group(process, grace)
    return Finished(
        exit=process.returncode,
        seconds=time.monotonic() - begin,
        processor_seconds=took.ru_utime + took.ru_stime,
        peak_memory=took.ru_maxrss * _MEMORY_UNIT,
        timed_out=timed_out,
    )


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


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait at most so many seconds for the process to end; tell whether it did.

    It is not reaped: as long as it is not, its number, which is its group's, is nobody else's.
    """
    deadline = time.monotonic() + seconds
    how = os.WEXITED | os.WNOWAIT | os.WNOHANG
    while os.waitid(os.P_PID, process.pid, how) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _stop_group(process: subprocess.Popen[bytes], grace: float) -> resource.struct_rusage:
    """Stop what is left of the process group, politely at first; return what it took."""
    try:
        if not _ended(process, 0):
            _signal_group(process, signal.SIGTERM)
            if not _ended(process, grace):
                process.terminate()  # for the second time: it kills what is left
                _ended(process, _GRACE_SECONDS)
    finally:  # also where Ctrl-C comes a second time
        _signal_group(process, signal.SIGKILL)
        _, status, took = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return took


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
