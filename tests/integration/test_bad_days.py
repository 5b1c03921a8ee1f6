"""Bad days: whatever goes wrong, the run ends, says what happened, and keeps its evidence."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.index import Fault, Index
from support.processes import mentioning, wait_for
from support.wheels import Release
from support.workbench import TINY, Bench, states

from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.verdict import Verdict
from stackproof.run.interruptions import ended_by_signals

_PATIENCE = 60.0

UNSEEN = dict.fromkeys(
    [
        "import:*",
        "import:alpha",
        "import:beta",
        "version:alpha",
        "version:beta",
        "pip-check:*",
    ],
    "skipped",
)


wait_until = partial(wait_for, seconds=_PATIENCE)


def latest(bench: Bench) -> dict[str, Any]:
    """Return the verdict file that scripts read."""
    file = bench.root / "reports" / "tiny" / "plain" / "latest" / "verdict.json"
    verdict: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return verdict


def runs(bench: Bench) -> list[Evidence]:
    """Return the evidence of each run, the oldest first."""
    folders = (bench.root / "reports" / "tiny" / "plain").glob("2*Z")
    return [Evidence(folder) for folder in sorted(folders)]


def temporary(bench: Bench) -> Path:
    """Give what runs from here on a folder of its own for temporary files; return that."""
    places = bench.root / "tmp"
    places.mkdir()
    bench.environ["TMPDIR"] = str(places)
    return places


def assert_unjudged(bench: Bench, verdict: Verdict, trouble: str) -> None:
    """Assert that a run says why it is no verdict, everywhere it should."""
    assert (verdict.verdict, verdict.exit_code, verdict.unexpected) == ("unjudged", 2, ())
    assert verdict.trouble is not None
    assert verdict.trouble.startswith(trouble)
    assert (latest(bench)["verdict"], latest(bench)["trouble"]) == ("unjudged", verdict.trouble)
    folder = runs(bench)[-1].folder
    report = (folder / "report.md").read_text(encoding="utf-8")
    assert report.startswith("# UNJUDGED: tiny/plain\n")
    assert trouble in report
    assert trouble in (folder / "junit.xml").read_text(encoding="utf-8")


# --- the index -------------------------------------------------------------------------------


@pytest.mark.fault("index")
def test_an_index_that_cannot_be_reached_is_no_verdict(bench: Bench, index: Index) -> None:
    index.stop()
    verdict, evidence = bench.verify(bench.plan())
    assert_unjudged(
        bench,
        verdict,
        f"the package index {index.url} cannot be reached (ConnectionError); check the network, "
        "or name another index to the installer",
    )
    assert states(verdict) == {**UNSEEN, "stage:one": "skipped", "stage:two": "skipped"}
    assert (evidence.stages, evidence.run.index) == ((), None)


@pytest.mark.fault("index")
@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.UNAUTHORIZED])
def test_an_index_that_fails_on_the_way_is_no_verdict(
    bench: Bench, index: Index, fault: Fault
) -> None:
    index.fail(fault, "gamma")
    verdict, evidence = bench.verify(bench.plan())
    assert_unjudged(
        bench, verdict, "stage two: the package index did not answer every request, so nothing"
    )
    assert [(stage.name, stage.failure) for stage in evidence.stages] == [
        ("one", None),
        ("two", "index"),
    ]
    # What the index kept from being installed did not fail, and above all is no news.
    assert states(verdict) == {**UNSEEN, "stage:one": "ok", "stage:two": "skipped"}
    assert evidence.freeze == {"alpha": "1.0"}


# --- servers ---------------------------------------------------------------------------------


@pytest.mark.fault("server")
def test_a_server_of_the_users_own_that_does_not_answer_is_no_verdict(bench: Bench) -> None:
    bench.environ["STACKPROOF_REDIS_URL"] = "redis://:s3cret@127.0.0.1:9/0"
    text = TINY.replace("[[pins]]", 'servers = ["redis"]\n\n[[pins]]', 1)
    allowed = '[[allowed-skips]]\ncheck = "smoke:x"\nreason = "none here"\ndate = 2025-01-02\n'
    verdict, evidence = bench.verify(bench.plan(allowed, text=text))
    trouble = "a server of yours cannot be used: STACKPROOF_REDIS_URL=redis://127.0.0.1:9/0: "
    assert_unjudged(bench, verdict, trouble)
    assert [stage.name for stage in evidence.stages] == ["one", "two"]


# --- signals ---------------------------------------------------------------------------------


@pytest.fixture
def hanging(bench: Bench, index: Index) -> Iterator[subprocess.Popen[str]]:
    """Return a run in a process of its own, which hangs in stage two."""
    bench.environ["UV_HTTP_TIMEOUT"] = "60"
    index.fail(Fault.HANG, "beta", place="page")
    run = bench.start(bench.plan(), bench.environment())
    wait_until(lambda: run.poll() is not None or bool(index.requests["simple/beta/"]))
    yield run
    if run.poll() is None:
        run.kill()
    run.communicate()


@pytest.mark.fault("signal")
def test_an_interrupted_run_keeps_what_it_has(bench: Bench, hanging: subprocess.Popen[str]) -> None:
    hanging.send_signal(signal.SIGINT)
    output, _ = hanging.communicate(timeout=_PATIENCE)
    assert hanging.returncode == -signal.SIGINT
    assert output.count("Traceback") == 1
    assert output.endswith("KeyboardInterrupt\n")
    (evidence,) = runs(bench)
    verdict = Verdict.model_validate(latest(bench))
    assert_unjudged(bench, verdict, "interrupted during stage 2 of 2, two")
    assert [stage.name for stage in evidence.stages] == ["one"]
    assert states(verdict) == {**UNSEEN, "stage:one": "ok", "stage:two": "skipped"}
    assert (evidence.folder / "stages" / "02-two.log").is_file()


@pytest.mark.fault("R8.11")
def test_a_verdict_is_written_whatever_signals_come_meanwhile(
    bench: Bench, hanging: subprocess.Popen[str]
) -> None:
    (evidence,) = runs(bench)
    hanging.send_signal(signal.SIGTERM)
    wait_until(lambda: (evidence.folder / "run.json").exists() or hanging.poll() is not None)
    while not (evidence.folder.parent / "latest").exists() and hanging.poll() is None:
        hanging.send_signal(signal.SIGTERM)
    output, _ = hanging.communicate(timeout=_PATIENCE)
    assert latest(bench)["trouble"] == "interrupted during stage 2 of 2, two", output
    assert (evidence.folder / "junit.xml").is_file()


@pytest.mark.fault("signal")
def test_nothing_outlives_an_interrupted_run(bench: Bench, hanging: subprocess.Popen[str]) -> None:
    assert mentioning(str(bench.root / "venv"))
    hanging.send_signal(signal.SIGINT)
    hanging.communicate(timeout=_PATIENCE)
    assert mentioning(str(bench.root / "venv")) == []


@pytest.mark.fault("E2")
def test_a_killed_run_does_not_count(
    bench: Bench, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = temporary(bench)
    monkeypatch.setattr("tempfile.tempdir", str(places))
    index.stop()
    first, _ = bench.verify(bench.plan())
    index.start()
    bench.environ["UV_HTTP_TIMEOUT"] = "60"
    index.fail(Fault.HANG, "beta", place="page")
    run = bench.start(bench.plan(), bench.environment())
    index.forget()
    wait_until(lambda: run.poll() is not None or bool(index.requests["simple/beta/"]))
    run.kill()
    run.communicate()
    index.mend()
    assert run.returncode == -signal.SIGKILL
    killed = runs(bench)[1]
    assert [stage.name for stage in killed.stages] == ["one"]
    assert not (killed.folder / "verdict.json").exists()
    assert latest(bench)["started"] == json.loads(first.model_dump_json())["started"]
    assert (killed.folder / ".room").exists()
    # Neither its lock nor its half-built environment stands in the way of the next run.
    again, _ = bench.verify(bench.plan())
    assert again.exit_code == 0
    # Nor does what it held, and what its installer wrote among temporary files, stay.
    assert not (killed.folder / ".room").exists()
    assert not list(places.iterdir())


@pytest.mark.fault("signal")
def test_a_hangup_that_is_ignored_ends_no_run() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_by_signals():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.fault("another run")
def test_a_second_run_of_a_row_is_refused_and_the_first_unharmed(
    bench: Bench, index: Index, hanging: subprocess.Popen[str]
) -> None:
    with pytest.raises(CannotJudgeError) as caught:
        bench.verify(bench.plan(), bench.root / "venv")
    assert str(caught.value) == (
        "another run of tiny/plain is under way in this checkout, and both would build the same "
        "environment; wait for it to end, or use a second checkout"
    )
    assert len(runs(bench)) == 1
    index.mend()
    output, _ = hanging.communicate(timeout=_PATIENCE)
    assert hanging.returncode == 0, output
    (evidence,) = runs(bench)
    assert latest(bench)["verdict"] == "ok"
    # The index hung up on the first try of stage two.
    assert [(stage.name, stage.tries) for stage in evidence.stages] == [("one", 1), ("two", 2)]


@pytest.mark.fault("another run")
def test_an_environment_that_another_run_replaced_is_not_judged(
    bench: Bench, hanging: subprocess.Popen[str], index: Index
) -> None:
    # As a second `nox -s verify` does: nox makes the environment anew before we are asked.
    bench.environment()
    index.mend()
    output, _ = hanging.communicate(timeout=_PATIENCE)
    assert hanging.returncode == 2, output
    assert latest(bench)["trouble"] == (
        "the environment was replaced by another run of the same row while this one used it"
    )


# --- the suite -------------------------------------------------------------------------------

SLOW = '''\
"""A workload that takes its time."""

import time

import pytest


@pytest.mark.workload("slow", needs=("alpha",), seconds=0.01, timeout=500)
def test_slow() -> None:
    time.sleep(400)
'''
#: Where that prints, below the folder for temporary files.
SLOW_LOG = "stackproof-suite-*/*/smoke-slow/output.log"


@contextmanager
def in_its_suite(bench: Bench, places: Path) -> Iterator[subprocess.Popen[str]]:
    """Give a run in a process of its own whose slow workload has begun, or that has ended."""
    with bench.start(bench.plan(), bench.environment()) as run:
        wait_until(lambda: run.poll() is not None or any(places.glob(SLOW_LOG)))
        yield run


@pytest.mark.fault("signal")
def test_a_run_that_is_killed_in_its_suite_leaves_nothing_behind(bench: Bench) -> None:
    bench.write("tests/stack/workloads/test_sum.py", SLOW)
    places = temporary(bench)
    with in_its_suite(bench, places) as run:
        assert mentioning(str(places))
        run.kill()
        run.communicate()
    # The addresses of servers, with their passwords, lay there too.
    wait_until(lambda: not list(places.iterdir()), seconds=4)
    wait_until(lambda: mentioning(str(bench.root)) == [], seconds=4)
    assert list(places.iterdir()) == []


@pytest.mark.fault("G")
def test_a_home_without_room_for_records_is_told_of_in_a_sentence(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    state.write_text("no folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    verdict, _ = bench.verify(bench.plan())
    assert_unjudged(bench, verdict, "the suite has no folder to work in: could not be started: ")
    assert f"{state / 'stackproof' / 'servers'} cannot be used (Not a directory)" in str(
        verdict.trouble
    )
    assert "File " not in str(verdict.trouble)


@pytest.mark.fault("server")
def test_a_server_that_goes_away_is_no_failure_of_the_stack(bench: Bench) -> None:
    bench.write("tests/stack/workloads/test_sum.py", SLOW.replace("sleep(400)", "sleep(5)"))
    with in_its_suite(bench, temporary(bench)) as run:
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
        (supervisor,) = set(map(int, children)) & set(mentioning("run/servers/supervisor.py"))
        os.kill(supervisor, signal.SIGKILL)
        output, _ = run.communicate()
    assert run.returncode == 2, output
    assert latest(bench)["trouble"] == (
        "the supervisor of folder ended while the suite ran, and what failed then says nothing of "
        "the stack; see servers/folder.log"
    )


@pytest.mark.fault("signal")
def test_a_suite_that_is_killed_keeps_the_checks_so_far(bench: Bench) -> None:
    bench.write("tests/stack/workloads/test_sum.py", SLOW)
    outcome: list[Verdict] = []

    def log() -> Path:
        return runs(bench)[-1].folder / "checks.jsonl"

    def imports_are_done() -> bool:
        done = {check.id for check in runs(bench)[-1].suite.checks} if runs(bench) else set()
        return done >= {"import:alpha", "import:beta"}

    run = threading.Thread(target=lambda: outcome.append(bench.verify(bench.plan())[0]))
    run.start()
    wait_until(imports_are_done)
    # The suite's own process is the first of those that were told of its log.
    os.kill(min(mentioning(f"--report-log\0{log()}")), signal.SIGKILL)
    run.join(_PATIENCE)
    (verdict,) = outcome
    assert_unjudged(
        bench, verdict, "the suite did not run to its end (pytest's exit code: None); see suite.log"
    )
    found = states(verdict)
    assert (found["import:alpha"], found["import:beta"]) == ("ok", "ok")
    assert "smoke:slow" not in found
    wait_until(lambda: mentioning(str(bench.root / "venv")) == [])


@pytest.mark.fault("hang")
def test_a_suite_that_hangs_is_stopped_at_its_limit(bench: Bench) -> None:
    bench.write("tests/stack/workloads/test_sum.py", SLOW)
    bench.suite_limit = 10
    text = TINY.replace('["import:*", "smoke:sum"]', '["import:alpha"]')
    verdict, _ = bench.verify(bench.plan(text=text))
    assert_unjudged(
        bench, verdict, "the suite did not end within its time limit and was stopped after"
    )
    # A check that passed in a run that went wrong is no proof.
    assert states(verdict)["import:alpha"] == "ok"
    assert [claim.state for claim in verdict.claims] == ["not provable"]
    # What guards each check ends it as soon as it sees that the suite has gone.
    wait_until(lambda: mentioning(str(bench.root / "venv")) == [])


# --- files that are not as they should be ----------------------------------------------------


@pytest.mark.fault("C2")
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_metadata_that_a_wheel_smuggles_in_is_no_distribution(
    bench: Bench, index: Index, installer: str
) -> None:
    inside = "smuggler-1.0.data/purelib"
    smuggled = {
        f"{inside}/junk.dist-info/METADATA": "Name: junk\nVersion: 1\n",
        f"{inside}/junk.dist-info/RECORD": "",
        f"{inside}/delta-9.9.dist-info/METADATA": "Name: delta\nVersion: 9.9\n",
    }
    modules = {"smuggler.py": '__version__ = "1.0"\n', **smuggled}
    index.add(Release("smuggler", "1.0", modules=modules))
    text = TINY.replace('"beta"', '"smuggler"')
    verdict, evidence = bench.verify(bench.plan(text=text, installer=installer))
    assert verdict.verdict in ("ok", "broken")
    assert evidence.freeze == {"alpha": "1.0", "smuggler": "1.0"}
    named = [note.partition(" in the env")[0] for note in evidence.run.notes]
    assert {"delta-9.9.dist-info", "junk.dist-info"} <= set(named)


@pytest.mark.fault("file")
def test_a_checkout_without_its_suite_is_no_verdict(bench: Bench) -> None:
    suite = bench.root / "tests" / "stack"
    shutil.rmtree(suite)
    verdict, _ = bench.verify(bench.plan())
    assert_unjudged(bench, verdict, f"{suite}: No such file or directory")
    assert states(verdict)["stage:two"] == "ok"


@pytest.mark.fault("G")
def test_a_folder_in_the_place_of_the_latest_run_is_told_of(bench: Bench) -> None:
    latest_run = bench.root / "reports" / "tiny" / "plain" / "latest"
    latest_run.mkdir(parents=True)
    with pytest.raises(CannotJudgeError) as caught:
        bench.verify(bench.plan())
    (evidence,) = runs(bench)
    assert str(caught.value) == (
        f"{latest_run} is a folder, and must be a link to the newest run: move it away and run "
        f"again; what this run found is in {evidence.folder.name}/verdict.json"
    )
    assert json.loads((evidence.folder / "verdict.json").read_text())["verdict"] == "ok"
    assert not list(latest_run.parent.glob(".latest-*"))
    assert not (evidence.folder / ".room").exists()


def test_reports_in_another_place_are_written_there(bench: Bench, tmp_path: Path) -> None:
    elsewhere = tmp_path / "another disk"
    elsewhere.mkdir()
    (bench.root / "reports").symlink_to(elsewhere)
    verdict, _ = bench.verify(bench.plan())
    assert verdict.verdict == "ok"
    assert (elsewhere / "tiny" / "plain" / "latest" / "verdict.json").is_file()
