"""Checks are started from a common parent, and have nothing of one another."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.processes import mentioning
from support.workbench import ROOT, TINY, Bench, states

TRACES = '''\
"""Two workloads in turn, each of which leaves what it can in its process."""

import json
import os
import os
import random
import sys
import tempfile
from pathlib import Path

import pytest

FOUND = Path("{found}")


def leave_traces(name: str) -> None:
    found = {{
        "alpha": "alpha" in sys.modules,
        "variable": os.environ.get("TRACE"),
        "attribute": getattr(pytest, "trace", None),
        "files": os.listdir(),
        "path": [str(place) in sys.path for place in (Path.cwd(), FOUND)],
        "argv": Path(sys.argv[0]).parts[-2:],
        "temporary": Path(tempfile.gettempdir()).parent == Path.cwd().parent,
        "main": sys.modules["__main__"].__spec__.name,
        "leader": os.getsid(0) == os.getpid(),
    }}
    random_number, place = random.random(), os.getcwd()
    (FOUND / name).write_text(json.dumps([found, random_number, place]))
    import alpha

    os.environ["TRACE"] = pytest.trace = name
    Path(name).touch()


@pytest.mark.workload("first", needs=("alpha",), seconds=2, timeout=20)
def test_first() -> None:
    leave_traces("first")


@pytest.mark.workload("second", needs=("alpha",), seconds=1, timeout=20)
def test_second() -> None:
    leave_traces("second")
'''


def test_a_workload_finds_nothing_that_another_left(bench: Bench) -> None:
    places = bench.root / "found"
    places.mkdir()
    bench.write("tests/stack/workloads/test_sum.py", TRACES.format(found=places))
    bench.environ["PYTHONSAFEPATH"] = "1"
    bench.environ["PYTHONPATH"] = str(places)
    text = TINY.replace('"smoke:sum"', '"smoke:first"')
    verdict, _ = bench.verify(bench.plan(text=text))
    assert verdict.verdict == "ok"
    first, second = (json.loads((places / name).read_text()) for name in ("first", "second"))
    assert (
        first[0]
        == second[0]
        == {
            "alpha": False,
            "variable": None,
            "attribute": None,
            "files": [],
            "path": [True, False],
            "argv": ["pytest", "__main__.py"],
            "temporary": True,
            "main": "pytest.__main__",
            "leader": True,
        }
    )
    assert first[1] != second[1]
    assert first[2] != second[2]


PARENTS = '''\
"""Workloads that end those who started them, or themselves."""

import os
import signal
import time
from pathlib import Path

import pytest
from stack_suite import fork_server


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.workload("server", needs=("alpha",), seconds=3, timeout=20)
def test_server() -> None:
    os.kill(parent(os.getppid()), signal.SIGKILL)
    time.sleep(0.5)


@pytest.mark.workload("signal", needs=("alpha",), seconds=2, timeout=20)
def test_signal() -> None:
    os.kill(os.getpid(), signal.SIGRTMIN + 6)


@pytest.mark.workload("last", needs=("alpha",), seconds=1, timeout=20)
def test_last() -> None:
    pass
'''


def test_a_check_is_judged_by_its_own_end_alone(bench: Bench) -> None:
    bench.write("tests/stack/workloads/test_sum.py", PARENTS)
    verdict, _ = bench.verify(bench.plan(text=TINY.replace('"smoke:sum"', '"smoke:last"')))
    assert {name: state for name, state in states(verdict).items() if state != "ok"} == {
        "smoke:signal": "new",
    }
    assert states(verdict)["smoke:server"] == states(verdict)["smoke:last"] == "ok"
    messages = {check.id: check.message for check in verdict.checks}
    crashed = "the workload's process crashed: ended by"
    assert messages["smoke:signal"].startswith(f"{crashed} signal {signal.SIGRTMIN + 6}")


@pytest.mark.fault("B5")
def test_a_check_whose_guard_is_killed_has_no_answer(bench: Bench) -> None:
    killed = PARENTS.replace("parent(os.getppid())", "os.getppid()").replace("+ 6", "- 0")
    bench.write("tests/stack/workloads/test_sum.py", killed.replace("SIGRTMIN - 0", "SIGCHLD"))
    verdict, _ = bench.verify(bench.plan(text=TINY.replace('"smoke:sum"', '"smoke:last"')))
    assert (verdict.verdict, verdict.unexpected) == ("unjudged", ())
    assert "smoke:server has no answer" in (verdict.trouble or "")
    assert states(verdict)["smoke:last"] == "ok"


def test_a_check_that_cannot_be_started_says_nothing_of_the_stack(bench: Bench) -> None:
    killed = "os.kill(parent(os.getppid()), signal.SIGKILL)"
    gone = f"os.remove(fork_server.__file__); {killed}"
    bench.write("tests/stack/workloads/test_sum.py", PARENTS.replace(killed, gone))
    verdict, _ = bench.verify(bench.plan(text=TINY.replace('"smoke:sum"', '"smoke:last"')))
    assert (verdict.verdict, verdict.exit_code) == ("unjudged", 2)
    assert "no process could be started for a check" in (verdict.trouble or "")


def test_a_check_whose_start_nobody_waits_for_any_more_is_ended(tmp_path: Path) -> None:
    job = {
        "pytest": False,
        "arguments": [sys.executable, "-c", "import time; time.sleep(60)", str(tmp_path)],
        "environ": {},
        "folder": str(tmp_path),
        "limit": 60,
        "output": str(tmp_path / "output.log"),
    }
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "stack_suite.fork_server", str(theirs.fileno())]
    with subprocess.Popen(
        command, cwd=ROOT / "tests" / "stack", stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
    ):
        theirs.close()
        assert ours.makefile("rb").readline() == b"ready\n"
        ours.sendall(json.dumps(job).encode() + b"\n")
        ours.close()  # as when the one who asked is killed
    assert mentioning(str(tmp_path)) == []


#: What a workload may do to its process, as a script may, and what is no failure there.
MEDDLING = {
    "output": "sys.stdout.close()",
    "errors": "sys.stderr.close()",
    "first-output": "sys.__stdout__.close()",
    "another-output": "sys.stdout = io.TextIOWrapper(sys.stdout.buffer); print('x')",
    "same-output": "sys.stdout = io.TextIOWrapper(sys.stdout.detach()); print('x')",
    "no-output": "sys.stdout = None",
    "all-files": "os.closerange(0, 1000)",
    "other-files": "os.closerange(3, 1000)",
    "few-files": "setrlimit(RLIMIT_NOFILE, (0, getrlimit(RLIMIT_NOFILE)[1]))",
    "input": "assert sys.stdin.read() == ''",
    "child": "child = os.fork()\n    assert child and os.waitpid(child, 0)[1] == 256",
    "exit": "child = os.fork() or sys.exit(7)\n    assert os.waitpid(child, 0)[1] == 7 * 256",
}


def workloads(bodies: Mapping[str, str]) -> str:
    """Return a file of workloads by the bodies of their functions."""
    marker = '\n\n@pytest.mark.workload("{}", needs=("alpha",), seconds=1, timeout=20)\n'
    tests = (
        f"{marker.format(name)}def test_{name.replace('-', '_')}():\n    {body}\n"
        for name, body in bodies.items()
    )
    return "import io, os, sys\nfrom resource import *\nimport pytest\n" + "".join(tests)


@pytest.mark.fault("meddling")
def test_a_workload_may_do_as_it_likes_to_its_process(bench: Bench) -> None:
    bench.write("tests/stack/workloads/test_sum.py", workloads({"sum": "pass", **MEDDLING}))
    verdict, _ = bench.verify(bench.plan())
    asked = {name: state for name, state in states(verdict).items() if name.startswith("smoke:")}
    assert asked == dict.fromkeys([f"smoke:{name}" for name in ("sum", *MEDDLING)], "ok")
    assert (verdict.verdict, verdict.trouble) == ("ok", None)


def test_what_a_failing_workload_printed_is_evidence(bench: Bench) -> None:
    bodies = {
        "sum": "pass",
        "fails": "print('to the one'); sys.stderr.write('to the other'); assert False",
        "crashes": "sys.stdout.write('last words'); os.abort()",
    }
    bench.write("tests/stack/workloads/test_sum.py", workloads(bodies))
    verdict, evidence = bench.verify(bench.plan())
    messages = {check.id: check.message for check in verdict.in_state("new")}
    assert sorted(messages) == ["smoke:crashes", "smoke:fails"]
    log = (evidence.folder / "checks.jsonl").read_text(encoding="utf-8")
    for words in ("to the one", "to the other", "last words"):
        assert words in log


#: A workload that writes into the module of a pin, in place; as a person might by hand.
WRITES = """\
import pytest


@pytest.mark.workload("writes", needs=("alpha",), seconds=1, timeout=30)
def test_writes() -> None:
    import alpha

    with open(alpha.__file__, "a", encoding="utf-8") as file:
        file.write("raise ImportError('not what was released')\\n")
"""


def test_what_checks_write_into_installed_files_is_no_verdict_then_or_later(bench: Bench) -> None:
    """An installer that shares files with its cache installs them as they were left."""
    bench.write("tests/stack/workloads/test_added.py", WRITES)
    environment = bench.environment("uv")
    verdict, _ = bench.verify(bench.plan(), environment)
    assert (verdict.verdict, verdict.exit_code) == ("unjudged", 2)
    assert "alpha/__init__.py" in str(verdict.trouble)
    assert "`uv cache clean alpha`" in str(verdict.trouble)
    assert verdict.trouble_why is not None
    bench.write("tests/stack/workloads/test_added.py", "")
    (metadata,) = environment.glob("lib/python3.*/site-packages/alpha-1.0.dist-info/METADATA")
    an_hour_ago = metadata.stat().st_mtime - 3600
    os.utime(metadata, (an_hour_ago, an_hour_ago))
    for place in (environment, None):  # kept, then built anew
        verdict, _ = bench.verify(bench.plan(), place)
        assert verdict.verdict == "unjudged"
        assert "somebody wrote into installed files" in str(verdict.trouble)
