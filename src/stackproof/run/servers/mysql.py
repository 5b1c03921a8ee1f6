"""MySQL: a MariaDB started from the programs on the PATH, or a database on the user's server."""

from __future__ import annotations

__all__ = ["VARIABLE", "provide"]

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from stackproof.run.servers.address import with_path
from stackproof.run.servers.info import Origin, ServerError, ServerInfo
from stackproof.run.servers.nobody import new_folder_for, user_to_be
from stackproof.run.servers.sql_client import SqlClient, mysql
from stackproof.run.servers.starting import (
    LOOPBACK,
    Run,
    new_folder,
    quiet_environment,
    start_on_free_port,
)
from stackproof.run.servers.supervising import Task
from stackproof.run.servers.users import blamed_on

VARIABLE = "STACKPROOF_MYSQL_URL"
_USER = "stackproof"
_VERSION = "SELECT VERSION()"
#: Where Debian has programs that are not for everybody: on the PATH of root alone.
_MORE_PLACES = ("/usr/local/sbin", "/usr/sbin")
_SETTINGS = (
    "--innodb-flush-log-at-trx-commit=0",  # the data lives as long as the run
    "--character-set-server=utf8mb4",
    "--default-time-zone=+00:00",
    "--skip-name-resolve",
    "--socket=",  # TCP is enough, and a long TMPDIR makes no name for a socket
)
_USERS = """\
DELETE FROM mysql.global_priv WHERE User <> 'mariadb.sys';
FLUSH PRIVILEGES;
CREATE USER '{user}'@'{host}' IDENTIFIED BY '{password}';
GRANT ALL ON *.* TO '{user}'@'{host}' WITH GRANT OPTION;
"""


def provide(run: Run) -> ServerInfo:
    """Return a server with an empty database named after the run.

    Raises ServerError with the reason where there is none to be had.
    """
    url = run.environ.get(VARIABLE)
    return _on_users_server(run, url) if url else _started(run)


def _started(run: Run) -> ServerInfo:
    server = _program(run, "mariadbd")
    install = _program(run, "mariadb-install-db")
    program = _client(run)
    password = secrets.token_urlsafe(24)
    environment = quiet_environment(run.environ)

    def ask(port: int) -> tuple[SqlClient, str]:
        client = mysql(program, f"mysql://{_USER}:{password}@{LOOPBACK}:{port}/", environment)
        return client, client.ask(_VERSION)

    client, version = start_on_free_port(
        run, "mysql", lambda port: _task(server, install, port, password, environment), ask
    )
    return _with_database(run, client, version, "started")


def _task(
    server: Path, install: Path, port: int, password: str, environment: Mapping[str, str]
) -> Task:
    """Make a data folder and serve it; for root as nobody, since MariaDB refuses root."""
    nobody = user_to_be()
    folder = new_folder_for("mysql", nobody)
    data = f"--datadir={folder / 'data'}"
    users = _USERS.format(user=_USER, host=LOOPBACK, password=password)
    return Task(
        folder=folder,
        environment=environment,
        files={"users.sql": users},
        setup=[
            [
                *(str(install), "--no-defaults", data, f"--tmpdir={folder}", "--skip-test-db"),
                *("--auth-root-authentication-method=normal", "--skip-name-resolve"),
            ]
        ],
        serve=[
            *(str(server), "--no-defaults", data, f"--tmpdir={folder}", *_SETTINGS),
            *(f"--bind-address={LOOPBACK}", f"--port={port}"),
            f"--init-file={folder / 'users.sql'}",
        ],
        user=nobody.pw_uid if nobody else None,
        group=nobody.pw_gid if nobody else None,
    )


def _on_users_server(run: Run, given: str) -> ServerInfo:
    # SQLAlchemy's name of a driver is not for every client.
    url = f"mysql://{given.partition('://')[2]}"
    with blamed_on(VARIABLE, url):
        client = mysql(_client(run), url, run.environ)
        version = client.ask(_VERSION)
        run.supervisors.start(_dropping(run, client), log=run.log("mysql"))
        return _with_database(run, client, version, "user")


def _dropping(run: Run, client: SqlClient) -> Task:
    """Serve nothing; at the end drop the run's database."""
    return Task(
        folder=new_folder("mysql"),
        environment=client.environment,
        leave=[client.telling(f"DROP DATABASE IF EXISTS {run.prefix}")],
    )


def _with_database(run: Run, client: SqlClient, version: str, origin: Origin) -> ServerInfo:
    client.ask(f"CREATE DATABASE {run.prefix} CHARACTER SET utf8mb4")
    kind = "MariaDB" if "mariadb" in version.lower() else "MySQL"
    return ServerInfo(
        name="mysql",
        grade="real",
        origin=origin,
        product=f"{kind} {version.partition('-')[0]}",
        url=with_path(client.url, f"/{run.prefix}"),
        prefix=run.prefix,
    )


def _client(run: Run) -> Path:
    return _program(run, "mariadb", "mysql")


def _program(run: Run, *names: str) -> Path:
    path = os.pathsep.join([run.environ.get("PATH", ""), *_MORE_PLACES])
    for name in names:
        if found := shutil.which(name, path=path):
            return Path(found)
    raise ServerError(
        f"no program named {' or '.join(names)} is on the PATH (Debian's packages "
        "mariadb-server-core and mariadb-client-core have what is needed)"
    )
