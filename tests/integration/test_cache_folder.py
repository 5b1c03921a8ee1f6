"""The user's cache in every state that it can be in: an audit ends all the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Timer

import pytest
from support.audit_bench import Desk, matrix_text
from support.index import Index
from support.wheels import Release

from stackproof.base import cache_folder
from stackproof.base.cache_folder import DATABASE, reliable_folder
from stackproof.index.web import Web

MATRIX = matrix_text("alpha==1.0")
DAMAGED = "the cache of index pages was damaged; it is kept as http.sqlite.damaged"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Index(Release("alpha", "1.0")) as index:
        yield Desk(root=tmp_path, index=index)


def _garbage(database: Path) -> None:
    database.write_bytes(b"no database at all\n" * 400)


def _cut(database: Path) -> None:
    database.write_bytes(database.read_bytes()[:5000])


def _overwritten(database: Path) -> None:
    content = bytearray(database.read_bytes())
    content[4096:4600] = b"\xff" * 504
    database.write_bytes(content)


@pytest.mark.fault("file")
@pytest.mark.parametrize("damage", [_garbage, _cut, _overwritten])
def test_a_damaged_cache_is_set_aside_and_made_anew(
    desk: Desk, damage: Callable[[Path], None]
) -> None:
    sound = desk.audit(MATRIX)
    assert sound.notes == ()
    database = desk.place.cache / DATABASE
    damage(database)
    damaged = database.read_bytes()
    found = desk.audit(MATRIX)
    assert found.notes == (DAMAGED,)
    assert found.findings == sound.findings
    assert database.with_name("http.sqlite.damaged").read_bytes() == damaged
    assert desk.audit(MATRIX).notes == ()


@pytest.mark.fault("file")
def test_answers_that_cannot_be_read_back_are_asked_for_again(desk: Desk) -> None:
    desk.audit(MATRIX)
    with closing(sqlite3.connect(desk.place.cache / DATABASE)) as connection, connection:
        changed = connection.execute("UPDATE responses SET value = ?", (b"\x80\x04garbage",))
        assert changed.rowcount == 1
    desk.index.forget()
    found = desk.audit(MATRIX)
    assert (found.exit_code, found.index.cached_since) == (0, None)
    assert desk.index.requests["simple/alpha/"] == 1


@pytest.mark.fault("file")
@pytest.mark.parametrize("damaged", [b'{"cut', b"", b"{}", b"[]", b"null"])
def test_damaged_computed_values_are_computed_again(desk: Desk, damaged: bytes) -> None:
    sound = desk.audit(MATRIX)
    files = sorted((desk.place.cache / "answers").rglob("*.json"))
    assert len(files) > 2
    for file in files:
        file.write_bytes(damaged)
    found = desk.audit(MATRIX)
    assert (found.findings, found.joint, found.pairs) == (sound.findings, sound.joint, sound.pairs)


@pytest.mark.fault("file")
@pytest.mark.parametrize("way", ["cache", "cache/deeper"])
def test_a_cache_folder_that_cannot_be_had_is_done_without(desk: Desk, way: str) -> None:
    (desk.root / way.partition("/")[0]).write_text("a file", encoding="utf-8")
    home = desk.root / way
    with ExitStack() as lasting:
        folder, (note,) = reliable_folder(home, lasting)
        assert folder.is_dir()
        assert note.startswith(f"the cache folder {home} cannot be used (")
        assert note.endswith("); nothing is kept")
    assert not folder.exists()
    found = desk.audit(MATRIX)
    assert found.exit_code == 0
    assert len(found.notes) == 1


@pytest.mark.fault("file")
def test_a_cache_that_another_process_holds_is_done_without(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_folder, "_WAIT_SECONDS", 0.1)
    desk.audit(MATRIX)
    database = desk.place.cache / DATABASE
    with closing(sqlite3.connect(database, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        found = desk.audit(MATRIX)
    assert found.notes == (
        f"the cache folder {desk.place.cache} cannot be used (database is locked); nothing is kept",
    )
    assert found.exit_code == 0


def test_a_cache_that_refuses_for_the_moment_is_asked_again(tmp_path: Path) -> None:
    """SQLite gives up on a locked database after 5 s, and what locks it here lets it go then."""
    with Index(Release("alpha", "1.0"), Release("beta", "1.0")) as index, ExitStack() as lasting:
        web = Web(tmp_path, (5, 5))
        lasting.callback(web.close)
        assert web.ask(f"{index.url}alpha/", index.url, refresh=False) is not None
        other = sqlite3.connect(tmp_path / DATABASE, check_same_thread=False, isolation_level=None)
        lasting.callback(other.close)
        other.execute("BEGIN EXCLUSIVE")
        release = Timer(6.5, other.rollback)
        release.start()
        lasting.callback(release.join)
        assert web.ask(f"{index.url}beta/", index.url, refresh=False) is not None
