"""Run one command for at most so many seconds, and leave nothing of it behind.

Run as a script: `guard.py LIMIT OUTCOME COMMAND...`. The guard ends the command and all that it
started at the limit, when the command ends, and when standard input closes, which happens however
the guard's parent ends. It then writes to the file OUTCOME, as JSON, `exit`, `signal`,
`timed_out`, and `swept`, the command lines of the processes that the command left behind.

On Linux the guard adopts every orphan among its descendants, so that a daemon in a session of its
own is found as well. Elsewhere only the command's process group is ended. Not covered: a guard that
is itself killed by SIGKILL.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TICK = 0.02
_SWEEP_SECONDS = 5.0


def guard(limit: float, command: list[str]) -> dict[str, object]:
    """Run the command to its end, the limit, or the parent's end; return the outcome."""
    _adopt_orphans()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    timed_out = not _ended_in_time(process, limit)
    swept = [line for pid in _descendants() if pid != process.pid and (line := _command(pid))]
    _end_all(process)
    code = process.wait()
    return {
        "exit": code if code >= 0 else None,
        "signal": signal.Signals(-code).name if code < 0 else None,
        "timed_out": timed_out,
        "swept": swept,
    }


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _ended_in_time(process: subprocess.Popen[bytes], limit: float) -> bool:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return True
        if select.select([sys.stdin], [], [], _TICK)[0]:
            _end_all(process)
            sys.exit("the guard's parent has gone")
    return process.poll() is not None


def _end_all(process: subprocess.Popen[bytes]) -> None:
    """Kill the command's group, then descendants until none is left (they may still fork)."""
    _kill(-process.pid)
    deadline = time.monotonic() + _SWEEP_SECONDS
    while (pids := _descendants()) and time.monotonic() < deadline:
        for pid in pids:
            _kill(pid)
        time.sleep(_TICK / 4)


def _kill(pid: int) -> None:
    try:
        if pid < 0:
            os.killpg(-pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _descendants() -> list[int]:
    """Return the living processes below this one; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    dead: set[int] = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        children.setdefault(int(parent), []).append(int(entry.name))
        if state in "ZX":
            dead.add(int(entry.name))
    # What was read before its parent died still names that parent: look below the dead as well.
    found = children.get(os.getpid(), [])
    for pid in found:
        found.extend(children.get(pid, []))
    return [pid for pid in found if pid not in dead]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (OSError, UnicodeDecodeError):
        return ""


if __name__ == "__main__":
    _outcome = guard(float(sys.argv[1]), sys.argv[3:])
    Path(sys.argv[2]).write_text(json.dumps(_outcome), encoding="utf-8")
