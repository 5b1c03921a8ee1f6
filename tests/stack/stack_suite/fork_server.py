"""Start the processes of checks from a parent that has pytest loaded, one check at a time.

Run as a module, with the number of an open socket and the folder of the test tools (none where
they are a part of the environment). It says that it is ready, then reads one job a line from the
socket, as JSON, and answers each with up to three lines: that the check has begun, how it ended,
and that its guard has ended. Standard output carries none of it: what the stack has run at the
start of every Python may print there.

A guard is a fork, which the interpreter need not be started for; so is a workload, for which pytest
need not be imported again: the first one has it imported here. Nothing of the stack ever is, so
that each check imports its own. An import check takes over nothing at all, since its command is
executed.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from stack_suite.guard import guard
from stack_suite.tools import Tools

if TYPE_CHECKING:
    from types import ModuleType

READY = b"ready\n"
STARTED = b"started\n"
DONE = b"done\n"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One check: run `arguments` in `folder`, under a guard that ends it after `limit` seconds.

    `arguments` are pytest's own if `pytest`, else a command. All that is printed goes to `output`.
    """

    pytest: bool
    arguments: list[str]
    environ: dict[str, str]
    folder: str
    limit: float
    output: str


def main(channel: int, tools: Tools) -> None:
    """Serve; return in no process but to end it."""
    os.dup2(channel, 0)
    os.dup2(2, 1)
    check = next_check(channel, tools)
    if check is None:
        return
    if not check.pytest:
        os.execv(check.arguments[0], check.arguments)  # noqa: S606 - no shell is what is wanted
    _workload_process(tools).run_workload(check, tools)


@cache
def _workload_process(tools: Tools) -> ModuleType:
    """Import pytest with its own plugins, and return the module that runs a workload by it."""
    tools.show()
    module = importlib.import_module("stack_suite.workload_process")
    importlib.import_module("_pytest.config").get_plugin_manager()
    gc.freeze()  # pytest is in use to the end: no collection in a child need go through it
    return module


def next_check(channel: int, tools: Tools) -> Job | None:
    """Carry out jobs to the end of standard input; return None then.

    Returns a second time in each process that is to run a check, with its job.
    """
    os.write(channel, READY)
    for line in sys.stdin:
        job = Job(**json.loads(line))
        if job.pytest:
            _workload_process(tools)
        child = os.fork()
        if child == 0:
            _enter(job)
            guard(
                job.limit,
                started=lambda: os.write(channel, STARTED),
                ended=lambda seen: os.write(channel, json.dumps(seen).encode() + b"\n"),
            )
            os.close(channel)
            return job
        os.waitpid(child, 0)
        os.write(channel, DONE)
    return None


def _enter(job: Job) -> None:
    """Make this process the first of a session, in the folder and environment of the job."""
    os.setsid()
    output = os.open(job.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.chdir(job.folder)
    os.environ.clear()
    os.environ.update(job.environ)


if __name__ == "__main__":
    number, *folders = sys.argv[1:]
    main(int(number), Tools(next(iter(folders), None), str(Path(__file__).parents[1])))
