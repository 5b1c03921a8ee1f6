"""Enough of Grafana's HTTP API, in memory, for a workload to be seen at work; proof of nothing."""

from __future__ import annotations

__all__ = ["FakeGrafana"]

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

USER = "Basic YWRhOmwwdmVsYWNl"


class FakeGrafana(ThreadingHTTPServer):
    """Keeps folders and dashboards, by kind and uid, for the user ada with password l0velace."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept: dict[str, dict[str, Any]] = {"folders": {}, "dashboards": {}}
        self._thread = Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        """The address with user and password."""
        return f"http://ada:l0velace@127.0.0.1:{self.server_port}/"

    def close(self) -> None:
        """Stop serving."""
        self.shutdown()
        self._thread.join()
        self.server_close()

    def answer(
        self,
        method: str,
        path: list[str],
        query: dict[str, list[str]],
        sent: Any,  # noqa: ANN401 - JSON
    ) -> object:
        """Return what is kept, after the change that is asked for; raise KeyError for no such."""
        folders, dashboards = self.kept["folders"], self.kept["dashboards"]
        if method == "POST" and path == ["folders"]:
            uid = f"f{len(folders)}"
            return folders.setdefault(uid, {"uid": uid, "title": sent["title"]})
        if method == "POST" and path == ["dashboards", "db"]:
            uid = f"d{len(dashboards)}"
            board = {**sent["dashboard"], "uid": uid}
            meta = {"folderUid": folders[sent["folderUid"]]["uid"]}
            dashboards[uid] = {"dashboard": board, "meta": meta}
            return {"uid": uid, "version": 1}
        if path == ["search"]:
            boards = [kept["dashboard"] for kept in dashboards.values()]
            return [{"uid": board["uid"]} for board in boards if query["tag"][0] in board["tags"]]
        kept = self.kept[path[0]]
        return kept.pop(path[-1]) if method == "DELETE" else kept[path[-1]]


class _Handler(BaseHTTPRequestHandler):
    server: FakeGrafana

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = parts.path.removeprefix("/api/").split("/")
        try:
            if self.headers["Authorization"] != USER:
                return self._reply(401, {"message": "Unauthorized"})
            sent = json.loads(body) if body else None
            value = self.server.answer(self.command, path, parse_qs(parts.query), sent)
            return self._reply(200, value)
        except KeyError:
            return self._reply(404, {"message": "Not found"})

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the names are http.server's

    def _reply(self, status: int, value: object) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""
