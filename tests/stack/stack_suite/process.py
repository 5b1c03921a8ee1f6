"""Commands and background processes of a workload, whose output a failure shows."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from stack_suite.output import end_of, end_of_log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_STOP_SECONDS = 10.0
_PAUSE = 0.05

T = TypeVar("T")


def run_command(
    *command: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> str:
    """Run a command to its end, with the given variables added; return its standard output.

    Raises AssertionError with the end of its output where it does not exit with 0.
    """
    done = subprocess.run(
        command,
        env=os.environ | dict(env or {}),
        cwd=cwd,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        output = end_of(f"{done.stdout}\n{done.stderr}")
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{output}")
    return done.stdout


class Background:
    """A process that runs beside the workload, with its output in a file."""

    def __init__(self, *command: str, env: Mapping[str, str] | None = None) -> None:
        """Start the command in the current folder, with the given variables added."""
        self.command = command
        self.log = Path(f"{Path(command[0]).name}-{time.monotonic_ns()}.log").absolute()
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env=os.environ | dict(env or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        """The end of what the process has printed so far."""
        return end_of_log(self.log)

    def wait_until(self, ready: Callable[[], T | None], *, seconds: float) -> T:
        """Call `ready` until it returns something true, and return that.

        A connection that is refused means "not yet". Raises AssertionError with the end of the
        output where the process ends first, or the seconds pass.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if found := ready():
                    return found
            except OSError:
                pass
            time.sleep(_PAUSE)
        code = self.process.poll()
        how = f"not ready after {seconds:g} s" if code is None else f"ended with exit {code}"
        raise AssertionError(f"{' '.join(self.command)}: {how}\n{self.output}")

    def stop(self) -> int:
        """Ask the process to end, make it end where it does not, and return its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def find_free_port() -> int:
    """Return a port on loopback that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
