"""Run a command in a sandbox under the guard, and say how it ended."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from stack_suite import fork_server
from stack_suite.fork_server import Job
from stack_suite.output import end_of_log
from stack_suite.sandbox import inherited_environ, make_sandbox, work_folder

# A guard ends early only where something kills it.
_GUARD_LOST: dict[str, Any] = {
    "exit": None,
    "signal": "the death of its guard",
    "timed_out": False,
    "swept": [],
}


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How an isolated command ended; `exit` is None where a signal ended it."""

    exit: int | None
    signal: str | None
    limit: float
    timed_out: bool
    swept: tuple[str, ...]
    seconds: float
    output: str

    @property
    def trouble(self) -> str | None:
        """Say that the command hung or crashed; None where it ended by itself."""
        if self.timed_out:
            return f"hung: killed after its limit of {self.limit:g} s"
        if self.signal is not None:
            return f"crashed: ended by {self.signal}"
        return None

    @property
    def last_line(self) -> str:
        """The last line that the command printed, which in a traceback is the exception."""
        return self.output.rpartition("\n")[2] or f"exit {self.exit}, without a word"


def run_isolated(
    arguments: list[str],
    *,
    sandbox: Path,
    limit: float,
    settings: dict[str, str] | None = None,
    with_pytest: bool = False,
) -> Ending:
    """Run a command, or pytest with arguments, in the sandbox.

    The settings are added to its environment.
    """
    log, outcome = sandbox / "output.log", sandbox / "outcome.json"
    started = time.monotonic()
    job = Job(
        pytest=with_pytest,
        arguments=arguments,
        environ=make_sandbox(sandbox) | (settings or {}),
        folder=str(work_folder(sandbox)),
        limit=limit,
        output=str(log),
        outcome=str(outcome),
    )
    log.touch()
    _carry_out(job)
    seen: dict[str, Any] = (
        json.loads(outcome.read_text(encoding="utf-8")) if outcome.exists() else _GUARD_LOST
    )
    return Ending(
        exit=seen["exit"],
        signal=seen["signal"],
        limit=limit,
        timed_out=seen["timed_out"],
        swept=tuple(seen["swept"]),
        seconds=time.monotonic() - started,
        output=end_of_log(log),
    )


def _carry_out(job: Job) -> None:
    """Have this process's fork server carry out a job, and wait until it is done.

    A server that is lost or interrupted takes the check with it; the next job gets another.
    """
    server = _fork_server()
    assert server.stdin is not None
    assert server.stdout is not None
    done = b""
    try:
        server.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
        server.stdin.flush()
        done = server.stdout.readline()
    except BrokenPipeError:
        pass
    finally:
        if not done:
            _fork_server.cache_clear()
            server.communicate()  # closes its input, by which it and the check's guard end


@cache
def _fork_server() -> subprocess.Popen[bytes]:
    """Start the fork server of this process; it ends with it."""
    return subprocess.Popen(
        [sys.executable, "-m", fork_server.__name__],
        cwd=Path(__file__).parent.parent,
        env=inherited_environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
