"""A command ends with its parent, even one that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stackproof.process import run

PARENT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from stackproof.process import run
code = "import os, time, pathlib as p; p.Path('child').write_text(str(os.getpid()))"
run([sys.executable, "-c", code + "; time.sleep(60)"], log=Path("log"), limit=60, cwd=Path.cwd())
"""
SOURCE = Path(__file__).parents[2] / "src"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's kernel keeps this promise")
def test_a_killed_run_leaves_no_command_behind(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(SOURCE)], cwd=tmp_path)
    told = tmp_path / "child"
    while not (told.exists() and told.read_text()):
        assert parent.poll() is None
        time.sleep(0.02)
    child = int(told.read_text())
    assert _alive(child)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(child)


def test_a_command_that_cannot_be_started_says_so(tmp_path: Path) -> None:
    finished = run(["/no/such/command"], log=tmp_path / "log", limit=10)
    assert (finished.exit, finished.timed_out) == (1, False)
    assert (tmp_path / "log").read_text() == (
        "error: /no/such/command cannot be started: No such file or directory\n"
    )
