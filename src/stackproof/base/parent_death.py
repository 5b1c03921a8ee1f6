"""Run a command that ends when its parent does, and leave nothing behind of what it started.

Run as a script: `parent_death.py PARENT SWEEPS COMMAND...`, PARENT being the caller's process id.
It ends as the command did. On Linux it adopts every orphan below it (prctl(2),
PR_SET_CHILD_SUBREAPER), so that what the command started in a session of its own is found too, and
is told by the kernel when its parent has gone (PR_SET_PDEATHSIG), also after `kill -9`. With
SWEEPS "yes" whatever is left below it is killed at the end. The first SIGTERM is the command's
affair, which hears it as well, being of the same group; a second one kills. It stands before every
command, so it is started without site, and imports what loads at once.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_SWEEP_SECONDS = 5.0
_TICK = 0.005


def main(parent: int, command: list[str], *, sweeps: bool) -> None:
    """Run the command, wait for its end, sweep, and end in the same way."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    told: list[int] = []
    started: list[int] = []

    def stop(*_: object) -> None:
        told.append(1)
        if len(told) > 1 or os.getppid() != parent:
            _kill(_descendants() if sweeps else started)

    signal.signal(signal.SIGTERM, stop)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it went before the kernel was told
        sys.exit(1)
    pid = os.fork()
    if pid == 0:
        _become(command)
    started.append(pid)
    code = os.waitstatus_to_exitcode(_status_of(pid))
    if sweeps:
        _sweep()
    if code < 0:
        _end_by(-code)
    os._exit(code)


def _become(command: list[str]) -> None:
    """Replace this process by the command, which the kernel kills if this one is killed."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is what is wanted
    except OSError as error:
        os.write(2, f"error: {command[0]} cannot be started: {error.strerror}\n".encode())
    finally:
        os._exit(1)


def _status_of(pid: int) -> int:
    """Return how a child ended, as `waitpid` tells it, reaping whatever else ends meanwhile."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            return status


def _sweep() -> None:
    """Kill and reap until nothing is left below this process (it may still fork)."""
    deadline = time.monotonic() + _SWEEP_SECONDS
    try:
        while time.monotonic() < deadline:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            _kill(_descendants())
            time.sleep(_TICK)
    except ChildProcessError:
        pass  # nothing is left


def _kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


def _descendants() -> list[int]:
    """Return the processes below this one; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if not name.isdecimal():
            continue
        try:
            with open(f"/proc/{name}/stat", errors="replace") as stat:
                parent = stat.read().rpartition(")")[2].split()[1]
        except OSError:
            continue
        children.setdefault(int(parent), []).append(int(name))
    found = children.get(os.getpid(), [])
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def _end_by(number: int) -> None:
    """End by the signal that ended the command, without a second core file."""
    try:
        import resource  # noqa: PLC0415 - only here is it needed

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        pass
    try:
        signal.signal(number, signal.SIG_DFL)
    except (OSError, ValueError):
        pass  # SIGKILL has no other handler
    os.kill(os.getpid(), number)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[3:], sweeps=sys.argv[2] == "yes")
