"""PostgreSQL's own client, which asks a server and is asked to clean up."""

from __future__ import annotations

__all__ = ["Psql"]

import subprocess
from collections.abc import Mapping
from pathlib import Path

from stackproof.run.servers.address import password_of, redact, without_password
from stackproof.run.servers.info import ServerError

_LIMIT_SECONDS = 15.0
_CONNECT_SECONDS = "5"


class Psql:
    """A psql program for one server; the password never stands on a command line."""

    def __init__(self, program: Path, url: str, environ: Mapping[str, str]) -> None:
        self._url = url
        self._command = [
            *(str(program), "--no-psqlrc", "--quiet", "--no-align", "--tuples-only"),
            *("--no-password", "--set=ON_ERROR_STOP=1", f"--dbname={without_password(url)}"),
        ]
        self.environment = {**environ, "PGCONNECT_TIMEOUT": _CONNECT_SECONDS}
        if password := password_of(url):
            self.environment["PGPASSWORD"] = password

    def ask(self, statement: str) -> str:
        """Return what the server answers to a statement; raise ServerError with its words."""
        try:
            done = subprocess.run(
                [*self._command, f"--command={statement}"],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ServerError(f"no answer in {_LIMIT_SECONDS:g} s") from error
        if done.returncode:
            raise ServerError(redact(" ".join(done.stderr.split()), self._url))
        return done.stdout.strip()

    def script(self, file: Path) -> list[str]:
        """Return the command that runs a file of statements."""
        return [*self._command, f"--file={file}"]
