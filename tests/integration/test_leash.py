"""A command ends with its parent, even one that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.processes import is_running

from stackproof.base.process import run

PARENT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from stackproof.base.process import run
code = "import os, time, pathlib as p; p.Path('child').write_text(str(os.getpid()))"
run([sys.executable, "-c", code + "; time.sleep(60)"], log=Path("log"), limit=60, cwd=Path.cwd())
"""
SOURCE = Path(__file__).parents[2] / "src"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's kernel keeps this promise")
def test_a_killed_run_leaves_no_command_behind(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(SOURCE)], cwd=tmp_path)
    told = tmp_path / "child"
    while not (told.exists() and told.read_text()):
        assert parent.poll() is None
        time.sleep(0.02)
    child = int(told.read_text())
    assert is_running(child)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(child)


def test_a_command_that_cannot_be_started_says_so(tmp_path: Path) -> None:
    finished = run(["/no/such/command"], log=tmp_path / "log", limit=10)
    assert (finished.exit, finished.timed_out) == (1, False)
    assert (tmp_path / "log").read_text() == (
        "error: /no/such/command cannot be started: No such file or directory\n"
    )


@pytest.mark.fault("R8.10")
def test_a_command_is_given_the_time_that_it_needs_to_end(tmp_path: Path) -> None:
    ends = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    time.sleep(1)\n"
        "    print('ended well', flush=True)\n"
        "    sys.exit(3)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    found = {}
    for grace in (0.2, 20.0):
        log = tmp_path / f"{grace}.log"
        command = [sys.executable, "-c", ends]
        finished = run(command, log=log, limit=0.7, grace=grace)
        assert finished.timed_out
        found[grace] = finished.exit, log.read_text().split("\n")[1:-1]
    assert found == {0.2: (-signal.SIGKILL, []), 20.0: (3, ["ended well"])}


@pytest.mark.fault("R8.18")
def test_a_group_is_killed_while_its_number_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill, seen = os.killpg, []

    def look(group: int, number: int) -> None:
        seen.append(Path(f"/proc/{group}/stat").exists())
        kill(group, number)

    monkeypatch.setattr("os.killpg", look)
    left = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()'])"
    assert run([sys.executable, "-c", left], log=tmp_path / "log", limit=30).exit == 0
    assert seen == [True]


DAEMON = """
import os, subprocess, sys, time
from pathlib import Path
command = [sys.executable, "-c", "import time; time.sleep(600)"]
daemon = subprocess.Popen(command, start_new_session=True)
Path(sys.argv[1]).write_text(str(daemon.pid))
{ending}
"""


@pytest.mark.fault("E1")
@pytest.mark.parametrize(
    ("ending", "code"),
    [("time.sleep(60)", -signal.SIGTERM), ("sys.exit(3)", 3), ("os.kill(os.getpid(), 9)", -9)],
)
def test_what_a_command_started_in_a_session_of_its_own_ends_with_it(
    tmp_path: Path, ending: str, code: int
) -> None:
    told = tmp_path / "daemon"
    command = [sys.executable, "-c", DAEMON.format(ending=ending), str(told)]
    finished = run(command, log=tmp_path / "log", limit=1.5)
    assert finished.exit == code
    assert not is_running(int(told.read_text()))


@pytest.mark.fault("E2")
def test_a_killed_run_leaves_nothing_behind_that_its_command_started(tmp_path: Path) -> None:
    told = tmp_path / "daemon"
    call = DAEMON.format(ending="time.sleep(60)")
    code = (
        "import sys; from pathlib import Path; from stackproof.base.process import run\n"
        f"run([sys.executable, '-c', {call!r}, {str(told)!r}], log=Path('log'), limit=60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(SOURCE)}
    )
    deadline = time.monotonic() + 20
    while not (told.exists() and told.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    while is_running(int(told.read_text())) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(int(told.read_text()))
