"""Ask a Redis or Valkey server; run as a script, remove the keys of a run.

The script, standard library only, takes the prefix of the keys as its argument and the server's
address from the environment variable `STACKPROOF_RESP_URL`, where nobody sees the password.
"""

from __future__ import annotations

__all__ = ["ADDRESS_VARIABLE", "Resp", "RespError"]

import os
import socket
import ssl
import sys
from contextlib import closing
from typing import Any, Union
from urllib.parse import SplitResult, unquote, urlsplit

ADDRESS_VARIABLE = "STACKPROOF_RESP_URL"
_LIMIT_SECONDS = 5.0
_DEFAULT_PORT = 6379
_PAGE = "1000"

# No "|": Python 3.10 cannot join a type with the name of one that is yet to be.
Reply = Union[str, int, None, list["Reply"]]  # noqa: UP007


class RespError(Exception):
    """The server cannot be reached, or answered with an error."""


class Resp:
    """One authenticated connection to the server and the database that an address names."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        host = parts.hostname or "localhost"
        try:
            self._socket = socket.create_connection(
                (host, parts.port or _DEFAULT_PORT), timeout=_LIMIT_SECONDS
            )
            if parts.scheme == "rediss":
                context = ssl.create_default_context()
                self._socket = context.wrap_socket(self._socket, server_hostname=host)
        except OSError as error:
            raise RespError(str(error)) from error
        self._file = self._socket.makefile("rb")
        try:
            self._enter(parts)
        except RespError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self._socket.close()

    def ask(self, *words: str) -> Reply:
        """Send a command and return its reply; raise RespError for an error or no reply."""
        encoded = [word.encode() for word in words]
        head = b"*%d\r\n" % len(encoded)
        try:
            self._socket.sendall(head + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in encoded))
            return self._read()
        except OSError as error:
            raise RespError(str(error)) from error

    def remove(self, prefix: str) -> int:
        """Delete every key of the database that starts with the prefix; return how many."""
        removed, cursor = 0, "0"
        while True:
            page: Any = self.ask("SCAN", cursor, "MATCH", f"{prefix}*", "COUNT", _PAGE)
            cursor, keys = page
            removed += len(keys)
            if keys:
                self.ask("DEL", *keys)
            if cursor == "0":
                return removed

    def _enter(self, parts: SplitResult) -> None:
        if parts.password:
            user = [unquote(parts.username)] if parts.username else []
            self.ask("AUTH", *user, unquote(parts.password))
        if database := parts.path.strip("/"):
            self.ask("SELECT", database)

    def _read(self) -> Reply:
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise RespError("the connection was closed")
        kind, text = line[:1], line[1:-2].decode()
        if kind == b"+":
            return text
        if kind == b"-":
            raise RespError(text)
        if kind == b":":
            return int(text)
        if kind == b"$":
            return self._bulk(int(text))
        if kind == b"*":
            return [self._read() for _ in range(int(text))]
        raise RespError("this is no Redis server")

    def _bulk(self, length: int) -> str | None:
        if length < 0:
            return None
        return self._file.read(length + 2)[:-2].decode(errors="replace")


if __name__ == "__main__":
    with closing(Resp(os.environ[ADDRESS_VARIABLE])) as _server:
        sys.stdout.write(f"{_server.remove(sys.argv[1])} keys removed\n")
