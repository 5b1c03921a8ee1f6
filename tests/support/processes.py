"""Processes that a test lets run, kills, and looks for."""

from __future__ import annotations

__all__ = ["SOURCES", "is_running", "mentioning", "run_servers", "wait_for"]

import os
import time
from collections.abc import Callable
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "src"

_RUN = """
import json, os, sys, time
from pathlib import Path
from stackproof.run.servers import running

with running(sys.argv[2:], logs=Path(sys.argv[1]), environ=os.environ) as servers:
    print(json.dumps({name: info.to_json() for name, info in servers.items()}), flush=True)
    time.sleep(600)
"""


def run_servers(python: Path, logs: Path, *names: str) -> list[str]:
    """Return a command that runs servers, prints what it knows of them, and then only waits."""
    return [str(python), "-c", _RUN, str(logs), *names]


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until the condition holds; raise AssertionError when the seconds have passed."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Tell whether a process lives; one that only waits to be noticed by its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def mentioning(text: str) -> list[int]:
    """Return the processes whose command line mentions something, but for this one."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if text in command and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found
