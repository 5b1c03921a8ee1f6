"""Watch one process for at most so many seconds, and leave nothing of it behind.

The guard ends the process and all that it started at the limit, when the process ends, and when
standard input closes, which happens however the guard's parent ends. It then tells `exit`,
`signal`, `timed_out`, `swept`, the command lines of the processes that were left behind, and what
it took: `processor_seconds` of all, `peak_memory` in bytes of the largest one.

On Linux the guard adopts every orphan among its descendants, so that a daemon in a session of its
own is found as well. Elsewhere only the process's group is ended. Not covered: a guard that is
itself killed by SIGKILL.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TICK = 0.02
_SWEEP_SECONDS = 5.0
#: `ru_maxrss` is in kilobytes, and on macOS in bytes (getrusage(2) of each).
_MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024


def guard(
    limit: float, started: Callable[[], object], ended: Callable[[dict[str, object]], object]
) -> None:
    """Fork, and return in the child; guard it here, tell the outcome, and end.

    The child leads a session of its own, and has no standard input. `started` is called here once
    there is a child, `ended` with what was seen of its end.
    """
    _adopt_orphans()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        return
    try:
        started()
        seen = _watch(pid, limit)
    except BaseException:
        _end_all(pid)
        raise
    ended(seen)
    os._exit(0)


def _watch(pid: int, limit: float) -> dict[str, object]:
    """Wait for the process's end, the limit, or the parent's end; end what is left; tell."""
    status = _status_in_time(pid, limit)
    swept = [line for one in _descendants() if one != pid and (line := _command(one))]
    _end_all(pid)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1] if status is None else status)
    _reap_orphans()
    took = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "exit": code if code >= 0 else None,
        "signal": _name(-code) if code < 0 else None,
        "timed_out": status is None,
        "swept": swept,
        "processor_seconds": took.ru_utime + took.ru_stime,
        "peak_memory": took.ru_maxrss * _MEMORY_UNIT,
    }


def _reap_orphans() -> None:
    """Take the ends of processes that nobody waited for: what they took is counted then."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _status_in_time(pid: int, limit: float) -> int | None:
    """Return how the process ended, as `waitpid` tells it; None where it outlived the limit."""
    deadline = time.monotonic() + limit
    while True:
        late = time.monotonic() >= deadline  # told before it is looked: who was in time must win
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        if late:
            return None
        if select.select([sys.stdin], [], [], _TICK)[0]:
            _end_all(pid)
            os._exit(1)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of the real-time signals, which have none
        return f"signal {number}"


def _end_all(leader: int) -> None:
    """Kill the leader's group, then descendants until none is left (they may still fork)."""
    _kill(-leader)
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
    if not _has_child():
        return []  # as after most checks: to look at every process of the machine takes long
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


def _has_child() -> bool:
    """Tell whether this process has any child, dead or alive; where that is not told, it may."""
    if not hasattr(os, "waitid"):
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (OSError, UnicodeDecodeError):
        return ""
