"""A disk without room, whoever filled it: no verdict on the stack, and the disk is named."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.index import Index
from support.wheels import Release
from support.workbench import ROOT, WORKLOAD, Bench, states

_ON_A_SMALL_DISK = """
import subprocess, sys
from pathlib import Path
place, kept, size, *command = sys.argv[1:]
Path(place).mkdir()
options = ["-t", "tmpfs", "-o", f"size={size}k", "tmpfs", place]
subprocess.run(["mount", *options], check=True)
code = subprocess.run(command).returncode
subprocess.run(["cp", "-a", place, kept], check=True)
sys.exit(code)
"""


_UNSHARE = shutil.which("unshare") or ""


@pytest.fixture(scope="session")
def small_disks() -> None:
    """Skip where this machine lets nobody mount a disk of his own."""
    if not _UNSHARE:
        pytest.skip("there is no unshare, so no small disk can be mounted")
    tried = subprocess.run([_UNSHARE, "-rm", "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"no small disk can be mounted: {tried.stderr.strip()}")


def on_a_small_disk(bench: Bench, kilobytes: int, place: str = "reports") -> tuple[int, str, Path]:
    """Verify with a folder on a disk of so many kB; return exit code, output, the row's reports."""
    kept = bench.root / "kept"
    command = bench.verify_command(bench.plan(), bench.environment())
    script = [sys.executable, "-c", _ON_A_SMALL_DISK, str(bench.root / place)]
    done = subprocess.run(
        [_UNSHARE, "-rm", *script, str(kept), str(kilobytes), *command],
        env=bench.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    reports = kept if place == "reports" else bench.root / "reports"
    return done.returncode, done.stdout + done.stderr, reports / "tiny" / "plain"


@pytest.mark.fault("disk")
@pytest.mark.usefixtures("small_disks")
@pytest.mark.parametrize("kilobytes", [800, 1064])
def test_a_full_disk_is_no_verdict(bench: Bench, kilobytes: int) -> None:
    code, output, home = on_a_small_disk(bench, kilobytes)
    assert (code, "Traceback" in output) == (2, False), output
    (folder,) = home.glob("2*Z")
    verdict = json.loads((home / "latest" / "verdict.json").read_text(encoding="utf-8"))
    assert verdict["verdict"] == "unjudged"
    assert verdict["trouble"].startswith("the disk is full (")
    assert json.loads((folder / "plan.json").read_text(encoding="utf-8"))["row"] == "plain"
    assert (folder / "stages.json").exists() is (kilobytes > 1030)
    assert not (folder / ".room").exists()


@pytest.mark.fault("disk")
@pytest.mark.usefixtures("small_disks")
def test_a_disk_without_any_room_is_told_of(bench: Bench) -> None:
    code, output, _ = on_a_small_disk(bench, 4)
    assert (code, "the disk is full (" in output) == (1, True)
    assert "CannotJudgeError: the disk is full (" in output.splitlines()[-1]


@pytest.mark.fault("disk")
@pytest.mark.usefixtures("small_disks")
def test_a_disk_with_room_enough_is_used_up_by_nobody(bench: Bench) -> None:
    code, output, home = on_a_small_disk(bench, 2000)
    assert code == 0, output
    assert not list(home.rglob(".room"))


FILLS = """

@pytest.mark.workload("fills", needs=("alpha",), seconds=1, timeout=30)
def test_fills() -> None:
    with open("much", "wb") as file:
        while True:
            file.write(bytes(1 << 16))


@pytest.mark.workload("goes-on", needs=("alpha",), seconds=2, timeout=30)
def test_goes_on() -> None:
    pass
"""


@pytest.mark.fault("D2")
@pytest.mark.usefixtures("small_disks")
def test_a_workload_that_fills_the_disk_ends_alone_and_the_disk_is_named(bench: Bench) -> None:
    bench.write("tests/stack/workloads/test_sum.py", WORKLOAD + FILLS)
    bench.environ["TMPDIR"] = str(bench.root / "small")
    code, output, home = on_a_small_disk(bench, 6000, "small")
    verdict = json.loads((home / "latest" / "verdict.json").read_text(encoding="utf-8"))
    found = {check["id"]: check["state"] for check in verdict["checks"]}
    assert (code, verdict["verdict"], "Traceback" in output) == (2, "unjudged", False), output
    assert "smoke:fills has no answer: the disk is full" in verdict["trouble"]
    assert found["import:alpha"] == "ok"
    # Side by side with the other one, it may meet the full disk itself.
    assert found.get("smoke:goes-on") == "ok" or "smoke:goes-on has no answer" in verdict["trouble"]


@pytest.mark.fault("G")
@pytest.mark.usefixtures("small_disks")
def test_test_tools_that_do_not_fit_on_the_disk_are_no_verdict(bench: Bench) -> None:
    bench.environ["XDG_CACHE_HOME"] = str(bench.root / "small")
    code, output, home = on_a_small_disk(bench, 1000, "small")
    verdict = json.loads((home / "latest" / "verdict.json").read_text(encoding="utf-8"))
    assert (code, verdict["verdict"], "Traceback" in output) == (2, "unjudged", False), output
    assert "the test tools (" in verdict["trouble"]
    assert "the disk is full" in verdict["trouble"]


#: The one dies of the full disk, and its words are lost; by then the other's files are gone.
WORDLESS = """

import os
import time
from pathlib import Path


def wait_until(done) -> None:
    while not done():
        time.sleep(0.01)


@pytest.mark.workload("fills", needs=("alpha",), seconds=9, timeout=50)
def test_fills() -> None:
    waiting = Path.cwd().parents[1] / "smoke-dies" / "work" / "waiting"
    wait_until(waiting.exists)
    with open("much", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 12))
        except OSError:
            wait_until(lambda: not waiting.exists())
            raise


@pytest.mark.workload("dies", needs=("alpha",), seconds=8, timeout=50)
def test_dies() -> None:
    filler = Path.cwd().parents[1] / "smoke-fills"
    wait_until(filler.exists)
    file = os.open("waiting", os.O_CREAT | os.O_WRONLY)
    while True:
        try:
            os.write(file, b"x")
            time.sleep(0.01)
        except OSError:
            break
    os.remove("waiting")
    wait_until(lambda: not filler.exists())
    os._exit(1)
"""


@pytest.mark.fault("disk")
@pytest.mark.usefixtures("small_disks")
def test_a_disk_that_was_full_while_a_check_ran_may_be_why_it_failed(bench: Bench) -> None:
    bench.write("tests/stack/workloads/test_sum.py", WORKLOAD + WORDLESS)
    bench.environ["TMPDIR"] = str(bench.root / "small")
    code, output, home = on_a_small_disk(bench, 6000, "small")
    verdict = json.loads((home / "latest" / "verdict.json").read_text(encoding="utf-8"))
    assert (code, verdict["verdict"]) == (2, "unjudged"), output
    assert "smoke:dies has no answer: the disk is full" in verdict["trouble"]


#: What a system says of a disk that a neighbour filled and emptied, in several mouths.
SAID = """

import atexit
import errno
import os
import subprocess
import sys


@pytest.mark.workload("raises", needs=("alpha",), seconds=1, timeout=30)
def test_raises() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "x")


@pytest.mark.workload("quota", needs=("alpha",), seconds=1, timeout=30)
def test_quota() -> None:
    try:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), "x")
    except OSError as error:
        raise RuntimeError("the store is not usable") from error


@pytest.mark.workload("other-language", needs=("alpha",), seconds=1, timeout=30)
def test_other_language() -> None:
    raise OSError(errno.ENOSPC, "Auf dem Datentraeger ist kein Platz mehr", "x")


@pytest.mark.workload("server", needs=("alpha",), seconds=1, timeout=30)
def test_server() -> None:
    words = "write failed: No space left on device (os error 28)"
    subprocess.run([sys.executable, "-c", f"import sys; sys.exit({words!r})"])
    raise AssertionError("not ready after 5 s")


@pytest.mark.workload("ends", needs=("alpha",), seconds=1, timeout=30)
def test_ends() -> None:
    @atexit.register
    def end() -> None:
        os.write(2, b"OSError: [Errno 28] No space left on device")
        os._exit(3)
"""


@pytest.mark.fault("disk")
def test_a_workload_that_fails_for_a_full_disk_by_its_own_words_has_no_answer(bench: Bench) -> None:
    bench.write("tests/stack/workloads/test_sum.py", WORKLOAD + SAID)
    verdict, _ = bench.verify(bench.plan())
    assert (verdict.verdict, verdict.exit_code, verdict.unexpected) == ("unjudged", 2, ())
    unanswered = re.findall("smoke:(.*) has no answer: the disk is full", str(verdict.trouble))
    assert sorted(unanswered) == ["ends", "other-language", "quota", "raises", "server"]
    assert states(verdict)["smoke:sum"] == "ok"


@pytest.mark.fault("disk")
def test_an_import_that_fails_for_a_full_disk_has_no_answer(bench: Bench, index: Index) -> None:
    source = "import errno, os\nraise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), 'cache')\n"
    index.add(Release("beta", "1.0", requires=["gamma>=1"], modules={"beta.py": source}))
    verdict, _ = bench.verify(bench.plan())
    assert (verdict.verdict, verdict.exit_code, verdict.unexpected) == ("unjudged", 2, ())
    for check in ("import:beta", "import:*"):
        assert f"{check} has no answer: the disk is full" in str(verdict.trouble)
        assert states(verdict)[check] == "skipped"
    assert states(verdict)["import:alpha"] == "ok"


@pytest.mark.fault("disk")
@pytest.mark.usefixtures("small_disks")
def test_an_import_that_meets_a_full_disk_has_no_answer(bench: Bench, index: Index) -> None:
    source = """
import os
try:
    with open("much", "wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 12))
except OSError:
    raise ImportError("no cache could be written") from None
"""
    index.add(Release("beta", "1.0", requires=["gamma>=1"], modules={"beta.py": source}))
    bench.environ["TMPDIR"] = str(bench.root / "small")
    code, output, home = on_a_small_disk(bench, 6000, "small")
    verdict = json.loads((home / "latest" / "verdict.json").read_text(encoding="utf-8"))
    assert (code, verdict["verdict"], "Traceback" in output) == (2, "unjudged", False), output
    assert "the disk is full" in verdict["trouble"]


COMMAND = """
[[commands]]
name = "unit"
run = ["python", "-c", "{body}"]
timeout = 60
"""


@pytest.mark.fault("disk")
def test_a_command_that_fails_for_a_full_disk_has_no_answer(bench: Bench) -> None:
    body = "raise OSError(28, 'No space left on device')"
    verdict, _ = bench.verify(bench.plan(COMMAND.format(body=body)))
    assert (verdict.verdict, verdict.exit_code, verdict.unexpected) == ("unjudged", 2, ())
    assert "command 'unit' has no answer: the disk is full" in str(verdict.trouble)
    assert states(verdict)["import:alpha"] == "ok"
