"""Start the processes of checks from a parent that has pytest loaded, one check at a time.

Run as a module. It reads one job a line from standard input, as JSON, and answers each with a line
when the job's guard has ended, which begins with `STARTED` if the check did. A guard is a fork,
which the interpreter need not be started for; so is a workload, for which pytest need not be
imported again. Nothing of the stack is ever imported here, so that each check imports its own: what
is imported beforehand is what `python -m pytest` has in memory before it reads its first file. An
import check takes over nothing at all, since its command is executed.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import sys
from dataclasses import dataclass

import pytest  # noqa: F401 - this is what workloads are spared

from stack_suite.guard import guard

STARTED = b"started"
#: Apple's frameworks may not be used in a fork; that is why CPython's multiprocessing spawns there.
_FORKS = sys.platform == "linux"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One check: run `arguments` in `folder`, under a guard that ends it after `limit` seconds.

    `arguments` are pytest's own if `pytest`, else a command. All that is printed goes to `output`;
    `outcome` is the file for what the guard saw.
    """

    pytest: bool
    arguments: list[str]
    environ: dict[str, str]
    folder: str
    limit: float
    output: str
    outcome: str


def next_check() -> Job | None:
    """Carry out jobs to the end of standard input; return None then.

    Returns a second time in each process that is to run a check, with its job.
    """
    answers = os.dup(1)
    os.dup2(2, 1)
    gc.freeze()  # pytest is in use to the end: no collection in a child need go through it
    for line in sys.stdin:
        job = Job(**json.loads(line))
        child = os.fork()
        if child == 0:
            _enter(job)
            guard(job.limit, job.outcome, lambda: os.write(answers, STARTED))
            os.close(answers)
            return job
        os.waitpid(child, 0)
        os.write(answers, b"\n")
    return None


def _enter(job: Job) -> None:
    """Make this process the first of a session, in the folder and environment of the job."""
    os.setsid()
    output = os.open(job.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.chdir(job.folder)
    os.environ.clear()
    os.environ.update(job.environ)


def run(job: Job) -> None:
    """Become the job's command; does not return."""
    command = [sys.executable, "-m", "pytest"] if job.pytest else []
    if not (job.pytest and _FORKS):
        os.execv((command + job.arguments)[0], command + job.arguments)  # noqa: S606 - no shell
    # As the command would have them.
    sys.path[0] = job.folder
    sys.argv[1:] = job.arguments
    runpy.run_module("pytest", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    check = next_check()
    if check is not None:
        run(check)
