"""Keep one server: run its commands, and end all of it however its owner ends.

Run as a script, standard library only, in a session of its own. The first line of standard input
is the task as JSON (the fields of `supervising.Task`). The end of that input is the order to stop;
the kernel gives it where the owner was killed. The task's folder lives as long as the supervisor.

Should the supervisor itself be killed, the kernel sends its server the stop signal (Linux), and the
record that the supervisor leaves behind lets the next run clear away the rest.
"""

from __future__ import annotations

__all__ = ["NOT_CLEANED", "Record", "boot", "started"]

import contextlib
import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TICK = 0.05
_SWEEP_SECONDS = 5.0
_LEAVE_SECONDS = 30.0
NOT_CLEANED = "cannot clean up: "
"""How the line of a supervisor's log begins that says what stayed, and why."""
_DYING_SECONDS = 1.0


class Orders:
    """Tells whether to stop: the owner closed its end of the pipe, or a signal asked for it."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._given = False
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, self._take)

    def to_stop(self, seconds: float = 0) -> bool:
        """Wait so many seconds for the order to stop; tell whether it has been given."""
        if not self._given and select.select([self._pipe], [], [], seconds)[0]:
            self._given = not self._pipe.read(1)
        return self._given

    def _take(self, *_: object) -> None:
        self._given = True


class Record:
    """The file by which a later run finds what a killed supervisor left; locked while one lives."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._path = path
        self._facts: dict[str, Any] = {"folder": str(folder), "boot": boot(), "process": None}
        path.parent.mkdir(parents=True, exist_ok=True)
        unnamed = path.with_suffix(".new")
        self._file = unnamed.open("w+b", buffering=0)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._write()
        # It gets its name only now, since a record without a lock is one whose supervisor is dead.
        unnamed.rename(path)

    def note(self, pid: int) -> None:
        """Add the process that a later run would have to end."""
        self._facts["process"] = {"pid": pid, "started": started(pid)}
        self._write()

    def remove(self) -> None:
        """Forget all of it: nothing is left to clear away."""
        self._path.unlink(missing_ok=True)
        self._file.close()

    def _write(self) -> None:
        self._file.seek(0)
        self._file.write(json.dumps(self._facts).encode())
        self._file.truncate()


def keep(task: dict[str, Any], orders: Orders) -> int:
    """Carry out the task until its server ends or is to stop; return its last exit code."""
    folder, owner = Path(task["folder"]), os.getppid()
    record = Record(Path(task["record"]), folder)
    try:
        _furnish(folder, task)
        return _run_all(task, orders, record)
    finally:
        if os.getppid() != owner:
            # It was killed, and what it had started is only about to end: that may still write.
            time.sleep(_DYING_SECONDS)
        _leave(task)
        if _remove(folder):
            record.remove()


def _remove(folder: Path) -> bool:
    """Remove the folder, also from under what still writes there; tell whether that was done.

    Where it was not, the record stays, by which the next run does it.
    """
    deadline = time.monotonic() + _SWEEP_SECONDS
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
        if time.monotonic() > deadline:
            return False
        time.sleep(_TICK)
    return True


def _furnish(folder: Path, task: dict[str, Any]) -> None:
    """Make the folder: files (name to text) of the server's user, trees (name to source)."""
    folder.mkdir(mode=0o700)
    for name, text in task["files"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text, encoding="utf-8")
    if task["user"] is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, task["user"], task["group"])
    for name, source in task["trees"].items():
        shutil.copytree(source, folder / name, symlinks=True, copy_function=_link)


def _link(source: str, target: str) -> None:
    """Link a file, or copy it where a link cannot be had (another file system)."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _run_all(task: dict[str, Any], orders: Orders, record: Record) -> int:
    for command in task["setup"]:
        code = _run(command, task, orders, record)
        if code or orders.to_stop():
            return code
    if task["serve"]:
        return _run(task["serve"], task, orders, record)
    while not orders.to_stop(_TICK):
        pass
    return 0


def _run(command: Sequence[str], task: dict[str, Any], orders: Orders, record: Record) -> int:
    stop = signal.Signals[task["stop"]]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        cwd=task["folder"],
        env=task["environment"],
        user=task["user"],
        group=task["group"],
        extra_groups=None if task["user"] is None else [],
        start_new_session=True,
        preexec_fn=_die_with_parent(stop),  # noqa: PLW1509 - this process has one thread
    )
    try:
        record.note(process.pid)
        while not _has_ended(process.pid) and not orders.to_stop(_TICK):
            pass
    finally:
        _end(process, stop, task["grace"])
    return process.returncode


def _end(process: subprocess.Popen[bytes], stop: signal.Signals, grace: float) -> None:
    """Stop the process politely, then by force, and then all that it left behind."""
    if not _has_ended(process.pid):
        process.send_signal(stop)
        deadline = time.monotonic() + grace
        while not _has_ended(process.pid) and time.monotonic() < deadline:
            time.sleep(_TICK)
    # Where there is no /proc, its group is all that can be found of what it left behind. Killed
    # before the process is reaped: from then on its number may be another's.
    _kill(os.killpg, process.pid)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_SWEEP_SECONDS)
    deadline = time.monotonic() + _SWEEP_SECONDS
    while (pids := _descendants()) and time.monotonic() < deadline:
        for pid in pids:
            _kill(os.kill, pid)
        time.sleep(_TICK)


def _has_ended(pid: int) -> bool:
    """Tell whether a child has ended, and do not reap it."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _kill(send: Callable[[int, int], None], pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        send(pid, signal.SIGKILL)


def _leave(task: dict[str, Any]) -> None:
    """Run the commands that remove what the run wrote elsewhere; tell the log where one fails."""
    for command in task["leave"]:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                env=task["environment"],
                timeout=_LEAVE_SECONDS,
                check=False,
            )
            if done.returncode:
                sys.stderr.write(f"{NOT_CLEANED}it ended with exit code {done.returncode}\n")
        except subprocess.TimeoutExpired:
            sys.stderr.write(f"{NOT_CLEANED}it did not end within {_LEAVE_SECONDS:g} s\n")
        except OSError as error:
            sys.stderr.write(f"{NOT_CLEANED}{error.strerror}\n")


def _die_with_parent(stop: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)  # loaded before the fork, since little is safe after it
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, int(stop), 0, 0, 0)


def _adopt_orphans() -> None:
    """Become the parent of every orphan below this process, so that none is lost sight of."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _descendants() -> list[int]:
    """Return the living processes below this one; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    for pid, fields in _processes():
        if fields[0] not in "ZX":
            children.setdefault(int(fields[1]), []).append(pid)
    found = children.get(os.getpid(), [])
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def _processes() -> Iterator[tuple[int, list[str]]]:
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield int(entry.name), _stat(entry)


def _stat(entry: Path) -> list[str]:
    """Return the fields of a process from its state on (the name before it may hold spaces)."""
    return (entry / "stat").read_text().rpartition(")")[2].split()


def started(pid: int) -> int | None:
    """Return when a process was started, in ticks since boot; None where that cannot be told."""
    try:
        return int(_stat(Path(f"/proc/{pid}"))[19])
    except (OSError, IndexError):
        return None


def boot() -> str | None:
    """Return what tells this boot of the machine from every other; None where nothing does."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None


if __name__ == "__main__":
    _adopt_orphans()
    _pipe = os.fdopen(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
    if _line := _pipe.readline():  # none where the owner was killed before it could say
        try:
            sys.exit(keep(json.loads(_line), Orders(_pipe)))
        except OSError as _error:
            sys.exit(f"{_error.filename} cannot be used ({_error.strerror})")
