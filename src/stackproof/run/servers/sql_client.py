"""A database's own client program, which asks a server and is asked to clean up."""

from __future__ import annotations

__all__ = ["SqlClient", "mysql", "psql"]

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from stackproof.run.servers.address import password_of, redact, without_password
from stackproof.run.servers.info import ServerError

_LIMIT_SECONDS = 15.0
_CONNECT_SECONDS = "5"


@dataclass(frozen=True, kw_only=True)
class SqlClient:
    """A program for one server; the password is in its environment, never on a command line.

    `statement` and `file` are the option for either, up to its value.
    """

    url: str
    command: Sequence[str]
    environment: Mapping[str, str]
    statement: str
    file: str

    def ask(self, statement: str) -> str:
        """Return what the server answers to a statement; raise ServerError with its words."""
        try:
            done = subprocess.run(
                self.telling(statement),
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ServerError(f"no answer in {_LIMIT_SECONDS:g} s") from error
        if done.returncode:
            raise ServerError(redact(" ".join(done.stderr.split()), self.url))
        return done.stdout.strip()

    def telling(self, statement: str) -> list[str]:
        """Return the command that runs a statement."""
        return [*self.command, f"{self.statement}{statement}"]

    def script(self, file: Path) -> list[str]:
        """Return the command that runs a file of statements."""
        return [*self.command, f"{self.file}{file}"]


def psql(program: Path, url: str, environ: Mapping[str, str]) -> SqlClient:
    """Return PostgreSQL's client."""
    password = password_of(url)
    return SqlClient(
        url=url,
        command=[
            *(str(program), "--no-psqlrc", "--quiet", "--no-align", "--tuples-only"),
            *("--no-password", "--set=ON_ERROR_STOP=1", f"--dbname={without_password(url)}"),
        ],
        environment={
            **environ,
            "PGCONNECT_TIMEOUT": _CONNECT_SECONDS,
            **({"PGPASSWORD": password} if password else {}),
        },
        statement="--command=",
        file="--file=",
    )


def mysql(program: Path, url: str, environ: Mapping[str, str]) -> SqlClient:
    """Return the client of MariaDB or MySQL, whose options they share."""
    parts = urlsplit(url)
    return SqlClient(
        url=url,
        command=[
            *(str(program), "--no-defaults", "--protocol=tcp", "--batch", "--skip-column-names"),
            *(f"--host={parts.hostname}", f"--port={parts.port or 3306}"),
            *(f"--user={unquote(parts.username or '')}", f"--connect-timeout={_CONNECT_SECONDS}"),
        ],
        environment={**environ, "MYSQL_PWD": password_of(url) or ""},
        statement="--execute=",
        file="--execute=source ",
    )
