"""Real servers on loopback for the length of a run, outside the environment under test.

Each belongs to a supervisor, a small process of its own that ends the server and removes its data
however the run ends. A server that the user names by address is used in place of one started here.
"""

from __future__ import annotations

__all__ = ["ServerInfo", "ServerName", "Starting", "addresses", "masked", "running", "starting"]

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast, get_args

from stackproof.errors import CannotJudgeError
from stackproof.matrix.model import ServerName
from stackproof.run.servers.info import Origin, ServerError, ServerInfo
from stackproof.run.servers.orphans import clear_orphans
from stackproof.run.servers.starting import Run, new_folder, wait_until_ready
from stackproof.run.servers.supervising import Supervisors, Task

# A supervisor writes files in their order: where this one is, the others are whole.
_COMPLETE = ".complete"


class _Provider(Protocol):
    """The module that is called as its server."""

    VARIABLE: str
    """The variable in which a user names their own server."""

    def provide(self, run: Run) -> ServerInfo:
        """Return a server; raise ServerError with the reason where there is none to be had."""


class Starting:
    """Servers on their way up, all at once."""

    def __init__(self, run: Run, pool: ThreadPoolExecutor) -> None:
        self._run = run
        self._pool = pool
        self._coming: dict[ServerName, Future[ServerInfo]] = {}

    def start(self, names: Iterable[ServerName]) -> None:
        """Start those of the named servers that are not on their way yet."""
        for name in names:
            if name not in self._coming:
                self._coming[name] = self._pool.submit(_provide, name, self._run)

    def result(self) -> dict[ServerName, ServerInfo]:
        """Wait until each server has answered a real request, or cannot be had."""
        return {name: future.result() for name, future in self._coming.items()}

    @contextmanager
    def needed(self) -> Iterator[None]:
        """Raise CannotJudgeError at the end of the block where a server went away in it."""
        before = self._run.supervisors.living()
        yield
        gone = sorted(one.log.stem for one in before - self._run.supervisors.living())
        if gone:
            raise CannotJudgeError(
                f"the supervisor of {', '.join(gone)} ended while the suite ran, and what failed "
                f"then says nothing of the stack; see servers/{gone[0]}.log"
            )

    def private_folder(self, files: Mapping[str, str]) -> Path:
        """Make a folder of this user's alone, with files (name to text), for what uses the servers.

        It goes when the servers go, however the run ends: addresses hold passwords. Raises
        CannotJudgeError where it cannot be made.
        """
        folder = new_folder("suite")
        task = Task(folder=folder, environment={}, files={**files, _COMPLETE: ""})

        def ask() -> Path:
            if not (folder / _COMPLETE).exists():
                raise ServerError("it is not there")
            return folder

        supervisor = self._run.supervisors.start(task, log=self._run.log("folder"))
        try:
            return wait_until_ready(self._run, supervisor, ask)
        except ServerError as error:
            raise CannotJudgeError(f"the suite has no folder to work in: {error}") from error


@contextmanager
def starting(
    names: Sequence[ServerName], *, logs: Path, environ: Mapping[str, str], notes: list[str]
) -> Iterator[Starting]:
    """Start the named servers, enter the block meanwhile, and stop them at its end.

    A server that cannot be had is `unavailable`, with the reason. `environ` may name the user's own
    servers; `notes` is told then what may have stayed on them. The log of each is `logs/NAME.log`.
    What an earlier run left behind is removed first.
    """
    clear_orphans()
    logs.mkdir(parents=True, exist_ok=True)
    prefix = f"stackproof_{secrets.token_hex(6)}"
    run = Run(prefix=prefix, supervisors=Supervisors(), logs=logs, environ=environ)
    try:
        # The supervisors are closed first: a server that is still on its way up then gives up.
        with (
            ThreadPoolExecutor(max_workers=len(get_args(ServerName))) as pool,
            closing(run.supervisors),
        ):
            started = Starting(run, pool)
            started.start(names)
            yield started
    finally:
        notes += (
            f"what begins with {prefix} may have stayed on your {one.log.stem}: {reason}"
            for one in run.supervisors.started()
            for reason in one.not_cleaned()
        )


@contextmanager
def running(
    names: Sequence[ServerName], *, logs: Path, environ: Mapping[str, str]
) -> Iterator[dict[ServerName, ServerInfo]]:
    """Do as `starting` does, but enter the block only when every server is up."""
    with starting(names, logs=logs, environ=environ, notes=[]) as servers:
        yield servers.result()


def addresses(servers: Iterable[ServerInfo]) -> dict[str, str]:
    """Return the address of each server by the variable that names one of the user's own."""
    return {_provider(info.name).VARIABLE: info.url for info in servers if info.url is not None}


def masked(text: str, servers: Iterable[ServerInfo]) -> str:
    """Return a text that a client may have written, without the passwords of the servers."""
    for server in servers:
        text = server.redact(text)
    return text


def _provider(name: ServerName) -> _Provider:
    return cast("_Provider", import_module(f"{__name__}.{name}"))


def _provide(name: ServerName, run: Run) -> ServerInfo:
    provider = _provider(name)
    try:
        return provider.provide(run)
    except ServerError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - one server less must not lose the run
        reason = f"{type(error).__name__}: {error}"
    origin: Origin | None = "user" if run.environ.get(provider.VARIABLE) else None
    return ServerInfo(name=name, grade="unavailable", origin=origin, reason=reason)
