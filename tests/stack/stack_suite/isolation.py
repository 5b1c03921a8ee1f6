"""Run a command in a sandbox under the guard, and say how it ended."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stack_suite.disk import Disk
from stack_suite.fork_client import UntoldError, carry_out
from stack_suite.fork_server import Job
from stack_suite.output import end_of_log
from stack_suite.sandbox import make_sandbox, work_folder
from stack_suite.watching import TARGET

if TYPE_CHECKING:
    from stack_suite.costs import Cost

#: The variable that names the script by which a process begins to tell what it loads.
WATCH = "STACKPROOF_WATCH"


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How an isolated command ended; `exit` is None where a signal ended it.

    `full` says that the disk had no room meanwhile.
    """

    exit: int | None
    signal: str | None
    limit: float
    timed_out: bool
    swept: tuple[str, ...]
    seconds: float
    cost: Cost
    output: str
    full: bool

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
    """Run a command, or pytest with arguments, in the sandbox, which lies beside all others.

    The settings are added to its environment. Raises UntoldError where the check has no answer for
    a reason that says nothing of the stack, and BrokenPythonError where no Python starts.
    """
    log = sandbox / "output.log"
    settings = (settings or {}) | _listening(sandbox)
    started = time.monotonic()
    try:
        disk = Disk(sandbox.parent)
        job = Job(
            pytest=with_pytest,
            arguments=arguments,
            environ=make_sandbox(sandbox) | settings,
            folder=str(work_folder(sandbox)),
            limit=limit,
            output=str(log),
        )
        log.touch()
    except OSError as error:
        raise UntoldError(f"there is no room for the check: {error}") from error
    seen = carry_out(job)
    return Ending(
        exit=seen["exit"],
        signal=seen["signal"],
        limit=limit,
        timed_out=seen["timed_out"],
        swept=tuple(seen["swept"]),
        seconds=time.monotonic() - started,
        cost=(seen["processor_seconds"], seen["peak_memory"]),
        output=end_of_log(log),
        full=disk.was_full(),
    )


def _listening(sandbox: Path) -> dict[str, str]:
    """Return the settings by which all that a check starts tells what it loads, if that is wanted.

    It tells in a file of the sandbox's name beside the script that has it do so.
    """
    script = os.environ.get(WATCH)
    if script is None:
        return {}
    return {WATCH: script, TARGET: str(Path(script).parent / sandbox.name)}
