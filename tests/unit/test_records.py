"""Files that are written whole or not at all, and temporary folders that do not stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import SOURCES, wait_for

from stackproof.base.records import write_atomically
from stackproof.base.temporary import temporary_folder


@pytest.mark.fault("R8.15")
def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for mode in (0o600, 0o664):
        file.touch()
        file.chmod(mode)
        write_atomically(file, "new")
        assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", mode)


@pytest.mark.fault("R8.15")
def test_a_new_file_is_for_whom_the_user_wants_it_to_be(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", "new")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


@pytest.mark.fault("R8.15")
def test_a_file_that_is_a_link_is_written_where_the_link_leads(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "matrix.toml"
    link = tmp_path / "matrix.toml"
    link.symlink_to(target)
    for text in ("first", "second"):
        write_atomically(link, text)
        assert (link.is_symlink(), target.read_text()) == (True, text)
    assert [path.name for path in target.parent.iterdir()] == ["matrix.toml"]


@pytest.mark.fault("R8.15")
def test_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def look(handle: int) -> None:
        synced.append(max(path.name for path in tmp_path.iterdir()))
        fsync(handle)

    monkeypatch.setattr("os.fsync", look)
    write_atomically(tmp_path / "file", "text")
    aside, named = synced
    assert (aside.startswith(".stackproof-"), named) == (True, "file")


def test_what_cannot_be_written_leaves_the_old_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(file, "half a letter: \ud800")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert file.read_text() == "old"


_HOLD = """
import sys, time
from stackproof.base.temporary import temporary_folder
with temporary_folder("test") as folder:
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.mark.fault("E2")
def test_a_temporary_folder_of_a_process_that_was_killed_goes_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environ = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(SOURCES)}
    command = [sys.executable, "-c", _HOLD]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as holder:
        wait_for(lambda: list(tmp_path.glob("*/.in-use")))
        (held,) = tmp_path.iterdir()
        with temporary_folder("test") as mine:
            assert sorted(tmp_path.iterdir()) == sorted([held, mine])
        assert list(tmp_path.iterdir()) == [held]
        holder.send_signal(signal.SIGKILL)
    with temporary_folder("test") as mine:
        assert list(tmp_path.iterdir()) == [mine]
    assert not list(tmp_path.iterdir())
