"""Nothing that a supervisor started outlives the run, whoever is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest
from support.processes import SOURCES, is_running, wait_for

from stackproof.run.servers import running
from stackproof.run.servers.info import ServerError
from stackproof.run.servers.orphans import FOLDER_PREFIX, clear_orphans
from stackproof.run.servers.supervising import Supervisor, Supervisors, Task
from stackproof.run.servers.supervisor import started

SERVER = (
    "import pathlib, os, time; pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(600)"
)
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SERVER}"
# The process that the supervisor started tells of another, in a session of its own, and ends.
FORKING = f"""
import os, pathlib, time
child = os.fork()
if child == 0:
    os.setsid()
    {SERVER}
while not pathlib.Path("pid").exists():
    time.sleep(0.01)
print(child)
"""

OWNER = """
import sys, time
from pathlib import Path
from stackproof.run.servers.supervising import Supervisors, Task

folder = Path(sys.argv[1])
task = Task(folder=folder, environment={}, serve=[sys.executable, "-c", sys.argv[2]])
supervisor = Supervisors().start(task, log=folder.with_suffix(".log"))
print(supervisor.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of this test's own records."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "stackproof" / "servers"


@pytest.fixture
def supervisors() -> Iterator[Supervisors]:
    with closing(Supervisors()) as supervisors:
        yield supervisors


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / f"{FOLDER_PREFIX}toy"


@pytest.fixture
def start(supervisors: Supervisors, folder: Path) -> Callable[..., Supervisor]:
    """Return a function that starts a supervisor of a toy server."""

    def start(*, serve: str = SERVER, grace: float = 5, **options: object) -> Supervisor:
        task = Task(
            folder=folder,
            environment={"LC_ALL": "C"},
            serve=[sys.executable, "-c", serve],
            grace=grace,
            **options,  # type: ignore[arg-type]
        )
        return supervisors.start(task, log=folder.with_suffix(".log"))

    return start


def server_pid(folder: Path) -> int:
    file = folder / "pid"
    wait_for(lambda: file.exists() and file.read_text())
    return int(file.read_text())


def test_server_and_folder_end_with_the_run(
    start: Callable[..., Supervisor], supervisors: Supervisors, folder: Path, state: Path
) -> None:
    supervisor = start(files={"settings/a.conf": "x = 1"})
    pid = server_pid(folder)
    assert (folder / "settings" / "a.conf").read_text() == "x = 1"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert supervisor.is_alive()
    [record] = state.glob("*.json")
    assert json.loads(record.read_text())["process"] == {"pid": pid, "started": started(pid)}
    supervisors.close()
    assert not supervisor.is_alive()
    assert not is_running(pid)
    assert not folder.exists()
    assert list(state.iterdir()) == []


def test_end_of_server_ends_its_supervisor(start: Callable[..., Supervisor], folder: Path) -> None:
    supervisor = start(serve="import sys; sys.exit('no such luck')")
    wait_for(lambda: not supervisor.is_alive())
    assert supervisor.said() == "no such luck\n"
    assert not folder.exists()


def test_failed_setup_starts_no_server(start: Callable[..., Supervisor]) -> None:
    fail = [sys.executable, "-c", "import sys; sys.exit('cannot prepare')"]
    never = [sys.executable, "-c", "print('went on')"]
    supervisor = start(setup=[fail, never], serve="print('served')")
    wait_for(lambda: not supervisor.is_alive())
    assert supervisor.said() == "cannot prepare\n"


def test_order_to_stop_reaches_a_setup(
    start: Callable[..., Supervisor], supervisors: Supervisors, folder: Path
) -> None:
    supervisor = start(setup=[[sys.executable, "-c", SERVER]], serve="print('served')")
    pid = server_pid(folder)
    supervisors.close()
    assert not is_running(pid)
    assert supervisor.said() == ""


def test_stubborn_server_is_killed(
    start: Callable[..., Supervisor], supervisors: Supervisors, folder: Path
) -> None:
    start(serve=STUBBORN, grace=0.2)
    pid = server_pid(folder)
    supervisors.close()
    assert not is_running(pid)


def test_process_in_a_session_of_its_own_is_found(
    start: Callable[..., Supervisor], folder: Path
) -> None:
    supervisor = start(serve=FORKING)
    wait_for(lambda: not supervisor.is_alive())
    assert not is_running(int(supervisor.said()))
    assert not folder.exists()


def test_log_of_keeper_is_its_own_part(start: Callable[..., Supervisor], folder: Path) -> None:
    folder.with_suffix(".log").write_text("what was there before\n")
    supervisor = start(serve="print('hello')")
    wait_for(lambda: not supervisor.is_alive())
    assert supervisor.said() == "hello\n"
    assert folder.with_suffix(".log").read_text() == "what was there before\nhello\n"


def test_commands_at_the_end_run_without_a_server(supervisors: Supervisors, folder: Path) -> None:
    note = folder.with_suffix(".note")
    script = "import os, sys; open(sys.argv[1], 'a').write(os.environ['SECRET'])"
    command = [sys.executable, "-c", script, str(note)]
    task = Task(
        folder=folder,
        environment={"SECRET": "s3cret"},
        leave=[["/no/such/program"], command],
    )
    supervisor = supervisors.start(task, log=folder.with_suffix(".log"))
    wait_for(folder.exists)
    assert supervisor.is_alive()
    assert "s3cret" not in Path(f"/proc/{supervisor.pid}/cmdline").read_text()
    assert not note.exists()
    supervisors.close()
    assert note.read_text() == "s3cret"
    assert supervisor.said() == "cannot clean up: No such file or directory\n"


def test_trees_are_linked_into_the_folder(
    start: Callable[..., Supervisor], folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "wheel" / "bin").mkdir(parents=True)
    (tmp_path / "wheel" / "bin" / "program").write_text("code")
    start(trees={"copy/bin": tmp_path / "wheel" / "bin"})
    server_pid(folder)
    assert (folder / "copy" / "bin" / "program").samefile(tmp_path / "wheel" / "bin" / "program")


def test_no_keeper_starts_when_the_run_has_ended(
    start: Callable[..., Supervisor], supervisors: Supervisors, folder: Path
) -> None:
    supervisors.close()
    with pytest.raises(ServerError, match="the run ended before the server was started"):
        start()
    assert not folder.exists()


@pytest.fixture
def owner(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Return the process of a run, and the supervisor of the server that it has started."""
    command = [sys.executable, "-c", dedent(OWNER), str(folder), SERVER]
    environ = os.environ | {"PYTHONPATH": str(SOURCES)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)
    with process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        process.kill()


@pytest.mark.fault("signal")
@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killed_run_leaves_nothing(
    owner: tuple[subprocess.Popen[str], int], folder: Path, state: Path, signum: signal.Signals
) -> None:
    run, supervisor = owner
    pid = server_pid(folder)
    run.send_signal(signum)
    run.wait()
    wait_for(lambda: not is_running(supervisor))
    assert not is_running(pid)
    assert not folder.exists()
    assert list(state.iterdir()) == []


def test_signal_to_the_keeper_ends_its_server(
    start: Callable[..., Supervisor], folder: Path
) -> None:
    supervisor = start()
    pid = server_pid(folder)
    os.kill(supervisor.pid, signal.SIGTERM)
    wait_for(lambda: not supervisor.is_alive())
    assert not is_running(pid)
    assert not folder.exists()


@pytest.mark.fault("signal")
@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a process of its parent's end"
)
def test_server_ends_with_a_killed_keeper_and_the_next_run_removes_its_folder(
    start: Callable[..., Supervisor], folder: Path, state: Path
) -> None:
    supervisor = start()
    pid = server_pid(folder)
    os.kill(supervisor.pid, signal.SIGKILL)
    wait_for(lambda: not is_running(pid))
    assert folder.exists()
    clear_orphans()
    assert not folder.exists()
    assert list(state.iterdir()) == []


@pytest.mark.fault("signal")
def test_next_run_kills_a_server_that_outlived_its_supervisor(
    start: Callable[..., Supervisor], folder: Path
) -> None:
    supervisor = start(serve=STUBBORN)
    pid = server_pid(folder)
    os.kill(supervisor.pid, signal.SIGKILL)
    wait_for(lambda: not supervisor.is_alive())
    assert is_running(pid)
    clear_orphans()
    wait_for(lambda: not is_running(pid))
    assert not folder.exists()


def test_next_run_leaves_a_living_keeper_alone(
    start: Callable[..., Supervisor], folder: Path, state: Path
) -> None:
    start()
    pid = server_pid(folder)
    clear_orphans()
    assert is_running(pid)
    assert len(list(state.glob("*.json"))) == 1


@pytest.mark.parametrize("stale", ["started", "boot"])
def test_next_run_spares_another_process_of_the_same_number(
    start: Callable[..., Supervisor],
    folder: Path,
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    stale: str,
) -> None:
    supervisor = start(serve=STUBBORN)
    pid = server_pid(folder)
    os.kill(supervisor.pid, signal.SIGKILL)
    wait_for(lambda: not supervisor.is_alive())
    [record] = state.glob("*.json")
    facts = json.loads(record.read_text())
    if stale == "started":
        facts["process"]["started"] -= 1
    else:
        facts["boot"] = "another"
    record.write_text(json.dumps(facts))
    killed: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(os, "killpg", lambda group, _: killed.append(group))
        clear_orphans()
    assert killed == []
    assert not record.exists()
    os.kill(pid, signal.SIGKILL)


def test_every_run_clears_away_first(
    start: Callable[..., Supervisor], folder: Path, tmp_path: Path
) -> None:
    supervisor = start()
    server_pid(folder)
    os.kill(supervisor.pid, signal.SIGKILL)
    wait_for(lambda: not supervisor.is_alive())
    with running([], logs=tmp_path / "logs", environ={}) as servers:
        assert servers == {}
        assert not folder.exists()


def test_next_run_removes_a_record_that_was_cut_off(state: Path) -> None:
    state.mkdir(parents=True)
    record = state / f"{os.uname().nodename}-0.json"
    record.write_text('{"folder": "/tm')
    clear_orphans()
    assert not record.exists()


def test_next_run_removes_no_folder_but_a_servers(state: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    state.mkdir(parents=True)
    facts = {"folder": str(tmp_path / "home"), "boot": None, "process": None}
    record = state / f"{os.uname().nodename}-0.json"
    record.write_text(json.dumps(facts))
    clear_orphans()
    assert (tmp_path / "home").exists()
    assert not record.exists()
