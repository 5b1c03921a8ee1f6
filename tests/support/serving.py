"""An HTTP server on loopback that can be stopped and started at one address."""

from __future__ import annotations

__all__ = ["Answer", "Server"]

import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

_HOST = "127.0.0.1"
_POLL_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What to send. A `cut` one promises its whole length and ends half way."""

    status: HTTPStatus
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


Responder: TypeAlias = Callable[[str, "Message[str, str]"], "Answer | None"]
"""Takes a path and the request's headers; None closes the connection without an answer."""

_Request: TypeAlias = socket.socket | tuple[bytes, socket.socket]


class Server:
    """Answer with what `respond` returns, each request in a thread of its own."""

    def __init__(self, respond: Responder) -> None:
        self._respond = respond
        self._reserved = _reserve(0)
        self._http: _Http | None = None
        self.origin = f"http://{_HOST}:{self._reserved.getsockname()[1]}"

    def start(self) -> None:
        """Answer at `origin`."""
        address = self._reserved.getsockname()
        self._reserved.close()
        self._http = _Http(address, self._respond)
        threading.Thread(
            target=self._http.serve_forever, args=(_POLL_SECONDS,), daemon=True
        ).start()

    def stop(self) -> None:
        """Refuse connections, and keep the port so that nobody else answers at `origin`."""
        if self._http is not None:
            address = self._http.server_address
            self._http.shutdown()
            self._http.server_close()
            self._http = None
            self._reserved = _reserve(address[1])

    def close(self) -> None:
        """Stop and give the port back."""
        self.stop()
        self._reserved.close()


def _reserve(port: int) -> socket.socket:
    """Hold a port without listening on it: whoever connects is refused."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((_HOST, port))
    return held


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    # uv opens dozens of connections at once; past the backlog each would wait for a second.
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], respond: Responder) -> None:
        self.respond = respond
        super().__init__(address, _Handler)

    def handle_error(self, request: _Request, client_address: object) -> None:
        """Pass over clients that hang up; anything else is a defect to be seen."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Send what the responder says, or close the connection."""
        # One request a connection: a stopped server must not live on in kept ones.
        self.close_connection = True
        answer = self.server.respond(self.path, self.headers)
        if answer is None:
            return
        self.send_response(answer.status)
        headers = {**answer.headers, "Content-Length": len(answer.content), "Connection": "close"}
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            length = len(answer.content)
            self.wfile.write(answer.content[: length // 2 if answer.cut else length])

    def do_HEAD(self) -> None:
        """Answer without the content."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Keep quiet: the index counts its requests itself."""
