"""What starting any server takes: a run to belong to, a free port, and a real answer."""

from __future__ import annotations

__all__ = [
    "LOOPBACK",
    "Run",
    "last_words",
    "new_folder",
    "quiet_environment",
    "start_on_free_port",
    "wait_until_ready",
]

import secrets
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from stackproof.run.servers.info import ServerError
from stackproof.run.servers.orphans import FOLDER_PREFIX
from stackproof.run.servers.supervising import Supervisor, Supervisors, Task

LOOPBACK = "127.0.0.1"
_READY_SECONDS = 60.0
_POLL_SECONDS = 0.03
_PORT_ATTEMPTS = 3
_TAKEN = "address already in use"
_TAIL_LINES = 5

Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class Run:
    """The run that servers are started for; `prefix` starts every name made on them."""

    prefix: str
    supervisors: Supervisors
    logs: Path
    environ: Mapping[str, str]

    def log(self, name: str) -> Path:
        """Return the log file of a server."""
        return self.logs / f"{name}.log"


def new_folder(name: str, parent: Path | None = None) -> Path:
    """Return the path of a server's folder, which its supervisor will make."""
    return (parent or Path(tempfile.gettempdir())) / f"{FOLDER_PREFIX}{name}-{secrets.token_hex(8)}"


def quiet_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a server: none of the user's settings, one language and zone."""
    return {"PATH": environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}


def start_on_free_port(
    run: Run, name: str, task_on: Callable[[int], Task], ask: Callable[[int], Answer]
) -> Answer:
    """Start a server and return its first answer; try again where another took the port.

    `ask` puts a real request to the port and raises ServerError while there is no answer. Raises
    ServerError with the server's last words where it ends or does not answer in time.
    """
    for _ in range(_PORT_ATTEMPTS):
        port = _free_port()
        supervisor = run.supervisors.start(task_on(port), log=run.log(name))
        try:
            return wait_until_ready(run, supervisor, partial(ask, port))
        except ServerError:
            supervisor.order_stop()
            supervisor.wait()
            if _TAKEN not in supervisor.said().lower():
                raise
    raise ServerError(f"every one of {_PORT_ATTEMPTS} free ports was taken by another at once")


def wait_until_ready(run: Run, supervisor: Supervisor, ask: Callable[[], Answer]) -> Answer:
    """Repeat a request until it is answered, and return the answer; see `start_on_free_port`.

    Raises ServerError if the process ends, or none comes within a minute.
    """
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            return ask()
        except ServerError as error:
            if not supervisor.is_alive():
                run.supervisors.check_open()
                raise ServerError(
                    f"could not be started: {last_words(supervisor.said())}"
                ) from error
            if time.monotonic() > deadline:
                raise ServerError(f"gave no answer in {_READY_SECONDS:g} s: {error}") from error
        time.sleep(_POLL_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def last_words(said: str) -> str:
    """Return the last lines that a program wrote, as one line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return " / ".join(lines[-_TAIL_LINES:]) or "it said nothing"
