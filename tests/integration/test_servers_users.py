"""The user's own servers: used where they answer, and never told about where not to."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socketserver
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import TypeVar

import pytest

from stackproof.matrix.model import ServerName
from stackproof.run.servers import kafka_admin, running, starting
from stackproof.run.servers.info import ServerInfo
from stackproof.run.servers.starting import last_words

SECRET = "s3cret-0f-the-user"  # noqa: S105 - made up
# Nothing listens on the port of the discard service.
NOWHERE = "127.0.0.1:9"
REFUSED = f"[Errno {errno.ECONNREFUSED}] {os.strerror(errno.ECONNREFUSED)}"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def provide(tmp_path: Path) -> Callable[..., ServerInfo]:
    """Return a function that asks for one server with settings in the environment."""

    def provide(name: ServerName, **environ: str) -> ServerInfo:
        settings = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environ}
        with running([name], logs=tmp_path / "logs", environ=settings) as servers:
            return servers[name]

    return provide


Value = TypeVar("Value")
Pages = dict[str, tuple[int, object]]


@pytest.fixture
def serve() -> Iterator[Callable[[Pages], tuple[str, list[dict[str, str]]]]]:
    """Return a function that serves JSON pages; it gives the address and the requests' headers."""
    servers: list[ThreadingHTTPServer] = []

    def serve(pages: Pages) -> tuple[str, list[dict[str, str]]]:
        asked: list[dict[str, str]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append({"path": self.path, **dict(self.headers)})
                status, value = pages.get(self.path, (404, {}))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(value).encode())

            def log_message(self, *_: object) -> None:
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return f"127.0.0.1:{servers[-1].server_port}", asked

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.fault("server")
@pytest.mark.parametrize(
    ("name", "given", "shown", "trouble"),
    [
        ("redis", f"redis://:{SECRET}@{NOWHERE}/0", f"redis://{NOWHERE}/0", REFUSED),
        ("grafana", f"http://ada:{SECRET}@{NOWHERE}", f"http://ada@{NOWHERE}", REFUSED),
        ("grafana", f"ftp://ada:{SECRET}@h", "ftp://ada@h", "this is no http or https address"),
        ("redis", f"redis://:{SECRET}@h:70000", "redis://h:70000", "Port out of range 0-65535"),
    ],
)
def test_unreachable_server_is_unavailable_and_keeps_its_password(
    provide: Callable[..., ServerInfo], name: ServerName, given: str, shown: str, trouble: str
) -> None:
    variable = f"STACKPROOF_{name.upper()}_URL"
    info = provide(name, **{variable: given})
    reason = f"{variable}={shown}: {trouble}"
    assert info == ServerInfo(name=name, grade="unavailable", origin="user", reason=reason)


@pytest.mark.parametrize("name", ["postgres", "redis", "grafana", "mysql"])
def test_address_with_an_unclear_password_is_not_shown(
    provide: Callable[..., ServerInfo], name: ServerName
) -> None:
    variable = f"STACKPROOF_{name.upper()}_URL"
    assert provide(name, **{variable: f"http://ada:1/{SECRET}@host/"}).reason == (
        f"{variable} holds no address of the form scheme://user:password@host:port/ "
        "(special characters of a password must be percent-encoded)"
    )


@pytest.mark.skipif(not shutil.which("psql"), reason="there is no psql on the PATH")
def test_unreachable_postgres_is_unavailable_and_keeps_its_password(
    provide: Callable[..., ServerInfo], tmp_path: Path
) -> None:
    url = f"postgresql+psycopg2://ada:{SECRET}@{NOWHERE}/shop"
    info = provide("postgres", STACKPROOF_POSTGRES_URL=url)
    assert info.grade == "unavailable"
    assert info.reason is not None
    assert info.reason.startswith(f"STACKPROOF_POSTGRES_URL=postgresql://ada@{NOWHERE}/shop: ")
    assert "Connection refused" in info.reason
    assert SECRET not in info.reason
    assert SECRET not in "".join(log.read_text() for log in (tmp_path / "logs").iterdir())


def test_grafana_is_asked_with_the_users_name(
    provide: Callable[..., ServerInfo],
    serve: Callable[[Pages], tuple[str, list[dict[str, str]]]],
) -> None:
    pages: Pages = {
        "/sub/api/health": (200, {"version": "11.2.0"}),
        "/sub/api/org": (200, {"id": 1}),
    }
    host, asked = serve(pages)
    info = provide("grafana", STACKPROOF_GRAFANA_URL=f"http://ada:s%20c@{host}/sub")
    assert info == ServerInfo(
        name="grafana",
        grade="real",
        origin="user",
        product="Grafana 11.2.0",
        url=f"http://ada:s%20c@{host}/sub/",
        prefix=info.prefix,
    )
    assert [(each["path"], each.get("Authorization")) for each in asked] == [
        ("/sub/api/health", None),
        ("/sub/api/org", "Basic YWRhOnMgYw=="),
    ]


def test_grafana_that_refuses_the_user_is_unavailable(
    provide: Callable[..., ServerInfo],
    serve: Callable[[Pages], tuple[str, list[dict[str, str]]]],
) -> None:
    host, _ = serve({"/api/health": (200, {"version": "11"}), "/api/org": (401, {})})
    info = provide("grafana", STACKPROOF_GRAFANA_URL=f"http://ada:{SECRET}@{host}")
    assert info.reason == (
        f"STACKPROOF_GRAFANA_URL=http://ada@{host}: HTTP 401 Unauthorized for /api/org"
    )


def test_grafana_without_address_is_unavailable(provide: Callable[..., ServerInfo]) -> None:
    assert provide("grafana").reason == (
        "no Grafana server can be had from a package index; name one in STACKPROOF_GRAFANA_URL "
        "(http://user:password@host:port/)"
    )


def test_prometheus_of_the_user_needs_a_folder_of_targets(
    provide: Callable[..., ServerInfo],
    serve: Callable[[Pages], tuple[str, list[dict[str, str]]]],
    tmp_path: Path,
) -> None:
    build = {"data": {"version": "3.1.0"}}
    host, _ = serve({"/-/ready": (200, "ok"), "/api/v1/status/buildinfo": (200, build)})
    url = f"http://{host}/"
    lacking = provide("prometheus", STACKPROOF_PROMETHEUS_URL=url)
    assert lacking.reason == (
        "with STACKPROOF_PROMETHEUS_URL, name in STACKPROOF_PROMETHEUS_SCRAPE_DIR a folder whose "
        "*.json files are in the server's file_sd_configs, so that it can be told what to scrape"
    )
    folder = str(tmp_path)
    info = provide(
        "prometheus", STACKPROOF_PROMETHEUS_URL=url, STACKPROOF_PROMETHEUS_SCRAPE_DIR=folder
    )
    assert (info.product, info.url, info.scrape_dir, info.origin) == (
        "Prometheus 3.1.0",
        f"http://{host}",
        folder,
        "user",
    )
    missing = f"{folder}/none"
    nowhere = provide(
        "prometheus", STACKPROOF_PROMETHEUS_URL=url, STACKPROOF_PROMETHEUS_SCRAPE_DIR=missing
    )
    assert nowhere.reason == f"STACKPROOF_PROMETHEUS_SCRAPE_DIR={missing}: there is no such folder"


def test_prometheus_is_looked_for_on_the_path(
    provide: Callable[..., ServerInfo], tmp_path: Path
) -> None:
    assert provide("prometheus", PATH=str(tmp_path)).reason == (
        "no program named prometheus is on the PATH (Debian has a package of it)"
    )


def test_mysql_is_looked_for_on_the_path_and_where_debian_has_it(
    provide: Callable[..., ServerInfo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stackproof.run.servers.mysql._MORE_PLACES", (str(tmp_path / "sbin"),))

    def put(place: str) -> None:
        program = tmp_path / place
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!{sys.executable}\n")
        program.chmod(0o755)

    packages = "(Debian's packages mariadb-server-core and mariadb-client-core have what is needed)"
    for place, lacking in (
        ("bin/mariadb-install-db", "mariadbd"),
        ("sbin/mariadbd", "mariadb or mysql"),
    ):
        put(place)
        assert provide("mysql", PATH=str(tmp_path / "bin")).reason == (
            f"no program named {lacking} is on the PATH {packages}"
        )


@pytest.mark.skipif(not shutil.which("mariadb"), reason="there is no mariadb on the PATH")
def test_unreachable_mysql_is_unavailable_and_keeps_its_password(
    provide: Callable[..., ServerInfo], tmp_path: Path
) -> None:
    info = provide("mysql", STACKPROOF_MYSQL_URL=f"mysql+mysqlconnector://ada:{SECRET}@{NOWHERE}/x")
    assert info.grade == "unavailable"
    assert info.reason is not None
    assert info.reason.startswith(f"STACKPROOF_MYSQL_URL=mysql://ada@{NOWHERE}/x: ERROR 2002")
    assert SECRET not in info.reason
    assert SECRET not in "".join(log.read_text() for log in (tmp_path / "logs").iterdir())


def test_program_that_fails_gives_its_last_words(
    provide: Callable[..., ServerInfo], tmp_path: Path
) -> None:
    program = tmp_path / "prometheus"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.exit('first line\\n\\nno such luck\\n')\n"
    )
    program.chmod(0o755)
    info = provide("prometheus", PATH=str(tmp_path))
    assert info.reason == "could not be started: first line / no such luck"
    assert (tmp_path / "logs" / "prometheus.log").read_text() == "first line\n\nno such luck\n\n"


def test_program_is_started_again_where_its_port_was_taken(
    provide: Callable[..., ServerInfo], tmp_path: Path
) -> None:
    program = tmp_path / "prometheus"
    source = "import sys; sys.exit('listen tcp 127.0.0.1: bind: address already in use')"
    program.write_text(f"#!{sys.executable}\n{source}\n")
    program.chmod(0o755)
    info = provide("prometheus", PATH=str(tmp_path))
    assert info.reason == "every one of 3 free ports was taken by another at once"
    assert (tmp_path / "logs" / "prometheus.log").read_text().count("already in use") == 3


def test_last_words_are_the_last_lines() -> None:
    assert last_words("") == "it said nothing"
    assert last_words("a\nb\n\n c \nd\ne\nf\n") == "b / c / d / e / f"


class Admin:
    """Stands for the wheel's AdminClient, on a cluster with topics and groups."""

    def __init__(self) -> None:
        self.topics = dict.fromkeys(["run_a", "run_b", "run", "a_run_"])
        self.groups = [SimpleNamespace(group_id=name) for name in ("run_g", "others")]
        self.deleted: list[tuple[str, ...]] = []

    def list_topics(self, timeout: float) -> Admin:
        """Answer at once."""
        assert timeout > 0
        return self

    def list_consumer_groups(self) -> Future[SimpleNamespace]:
        """Answer at once."""
        return done(SimpleNamespace(valid=self.groups))

    def delete_topics(self, names: list[str]) -> dict[str, Future[None]]:
        """Keep a record of the names."""
        self.deleted.append(("topics", *names))
        return {name: done(None) for name in names}

    def delete_consumer_groups(self, names: list[str]) -> dict[str, Future[None]]:
        """Keep a record of the names."""
        self.deleted.append(("groups", *names))
        return {name: done(None) for name in names}


def done(value: Value) -> Future[Value]:
    future: Future[Value] = Future()
    future.set_result(value)
    return future


class _StubbornRedis(socketserver.StreamRequestHandler):
    """A Redis that does not let its keys be looked through."""

    def handle(self) -> None:
        while line := self.rfile.readline():
            words = [self.rfile.readline() and self.rfile.readline() for _ in range(int(line[1:]))]
            facts = b"redis_version:7.2.0\r\n"
            answers = {
                b"INFO": b"$%d\r\n%b\r\n" % (len(facts), facts),
                b"SCAN": b"-NOPERM no SCAN for you\r\n",
            }
            self.wfile.write(answers.get(words[0].strip(), b"+OK\r\n"))


@pytest.mark.fault("R8.21")
def test_keys_that_may_have_stayed_are_told_of(tmp_path: Path) -> None:
    notes: list[str] = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _StubbornRedis) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"redis://127.0.0.1:{server.server_address[1]}/0"
        environ = {**os.environ, "STACKPROOF_REDIS_URL": url}
        with starting(["redis"], logs=tmp_path, environ=environ, notes=notes) as servers:
            info = servers.result()["redis"]
            assert info.grade == "real", info
        server.shutdown()
    assert notes == [
        f"what begins with {info.prefix} may have stayed on your redis: it ended with exit code 1"
    ]


def test_topics_and_groups_of_the_run_are_removed_and_no_others() -> None:
    admin = Admin()
    kafka_admin.remove(admin, "run_")
    assert admin.deleted == [("topics", "run_a", "run_b"), ("groups", "run_g")]
    nothing = Admin()
    kafka_admin.remove(nothing, "another_")
    assert nothing.deleted == []


@pytest.mark.parametrize(
    ("script", "product", "reason"),
    [
        (
            "echo 'NVIDIA A100, 550.54'; echo 'NVIDIA T4, 550.54'",
            "NVIDIA A100, driver 550.54",
            None,
        ),
        ("echo 'no devices were found' >&2; exit 6", None, "no devices were found"),
        (None, None, "no program named nvidia-smi is on the PATH"),
    ],
)
def test_a_gpu_is_there_where_its_driver_names_one(
    provide: Callable[..., ServerInfo],
    tmp_path: Path,
    script: str | None,
    product: str | None,
    reason: str | None,
) -> None:
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    if script:
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)
    info = provide("gpu", PATH=str(tool.parent))
    assert (info.product, info.grade) == (product, "real" if product else "unavailable")
    assert (reason or "") in (info.reason or "")
