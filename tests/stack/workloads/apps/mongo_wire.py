"""A server that speaks MongoDB's wire protocol, knows a few commands, and keeps what it is asked.

It is no MongoDB: it finds by equality alone, and gives two documents at a time.
"""

from __future__ import annotations

import socketserver
import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import bson

if TYPE_CHECKING:
    from collections.abc import Iterator

Document = dict[str, Any]

_HEADER = struct.Struct("<iiii")
_REPLY, _QUERY, _MESSAGE = 1, 2004, 2013
_BATCH = 2
_HELLO = {
    "ok": 1,
    "helloOk": True,
    "ismaster": True,
    "isWritablePrimary": True,
    "maxBsonObjectSize": 16 * 2**20,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "minWireVersion": 0,
    "maxWireVersion": 21,
}


class MongoWire(socketserver.ThreadingTCPServer):
    """Keeps each command, and documents by `_id`."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port of loopback."""
        super().__init__(("127.0.0.1", 0), _Connection)
        self.commands: list[Document] = []
        self._documents: dict[Any, Document] = {}
        self._rest: list[Document] = []

    def answer(self, command: Document) -> Document:
        """Do what a command says, and return the answer to it."""
        name = next(iter(command))
        if name.lower() in ("hello", "ismaster"):
            return _HELLO
        self.commands.append(command)
        do = getattr(self, f"_do_{name}", None)
        if do is None:
            return {"ok": 0, "code": 59, "codeName": "CommandNotFound", "errmsg": f"no {name}"}
        return {"ok": 1, **do(command)}

    def _do_insert(self, command: Document) -> Document:
        """Insert documents up to the first whose key is taken."""
        for index, document in enumerate(command["documents"]):
            key = {"_id": document["_id"]}
            if document["_id"] in self._documents:
                error = {"index": index, "code": 11000, "keyValue": key, "errmsg": "E11000"}
                return {"n": index, "writeErrors": [error]}
            self._documents[document["_id"]] = document
        return {"n": len(command["documents"])}

    def _do_find(self, command: Document) -> Document:
        wanted = command.get("filter", {}).items()
        found = [one for one in self._documents.values() if wanted <= one.items()]
        self._rest = found[_BATCH:]
        return {"cursor": self._cursor(command["find"], "firstBatch", found[:_BATCH], command)}

    def _do_getMore(self, command: Document) -> Document:  # noqa: N802 - the command's name
        batch, self._rest = self._rest[:_BATCH], self._rest[_BATCH:]
        return {"cursor": self._cursor(command["collection"], "nextBatch", batch, command)}

    def _do_endSessions(self, _command: Document) -> Document:  # noqa: N802 - the command's name
        return {}

    def _cursor(
        self, collection: str, key: str, batch: list[Document], command: Document
    ) -> Document:
        left = bson.int64.Int64(77 if self._rest else 0)
        return {"id": left, "ns": f"{command['$db']}.{collection}", key: batch}


class _Connection(socketserver.BaseRequestHandler):
    server: MongoWire

    def handle(self) -> None:
        """Answer one message after another until the client leaves."""
        while head := self.request.recv(_HEADER.size, 0x100):  # MSG_WAITALL
            length, number, _, kind = _HEADER.unpack(head)
            body = self.request.recv(length - _HEADER.size, 0x100)
            command = _of_query(body) if kind == _QUERY else _of_message(body)
            answer = bson.encode(self.server.answer(command))
            if kind == _QUERY:
                self._send(number, _REPLY, struct.pack("<iqii", 0, 0, 0, 1) + answer)
            else:
                self._send(number, _MESSAGE, struct.pack("<IB", 0, 0) + answer)

    def _send(self, number: int, kind: int, body: bytes) -> None:
        self.request.sendall(_HEADER.pack(_HEADER.size + len(body), 0, number, kind) + body)


def _of_query(body: bytes) -> Document:
    """Return the command of a query, by which old clients say hello."""
    after_name = body.index(b"\0", 4) + 1
    return bson.decode(body[after_name + 8 :])


def _of_message(body: bytes) -> Document:
    """Return the command of a message; its lists of documents may stand in sections apart."""
    command: Document = {}
    lists: Document = {}
    at = 4
    while at < len(body):
        kind, at = body[at], at + 1
        end = at + int.from_bytes(body[at : at + 4], "little")
        if kind == 0:
            command = bson.decode(body[at:end])
        else:
            name, _, documents = body[at + 4 : end].partition(b"\0")
            lists[name.decode()] = bson.decode_all(documents)
        at = end
    return command | lists


@contextmanager
def serving() -> Iterator[MongoWire]:
    """Serve for the length of the block."""
    with MongoWire() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
