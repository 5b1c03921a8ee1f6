"""How sessions end: in a sentence with an exit code of ours, and never in a traceback."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from pathlib import Path

import pytest
from support.sessions import Arguments, call
from support.sites import Shop

from stackproof import cli
from stackproof.cli.offers import RowChoice
from stackproof.evidence.layout import Project

_DOORS = sorted(set(cli.__all__) - {"write_schemas"})


def run(name: str, root: Path, arguments: Arguments = ()) -> str:
    """Run a session; return the message of its failure, or nothing."""
    door, project = getattr(cli, name), Project.at(root, {})
    if name == "verify":
        choice = RowChoice(file=root / "x.toml", row="x", python=None, default=True)
        return call(lambda session, project: door(session, choice, project), project, arguments)
    return call(door, project, arguments)


@pytest.mark.fault("C5")
@pytest.mark.fault("R8.12")
@pytest.mark.parametrize("name", _DOORS)
def test_what_the_system_refuses_ends_every_session_in_a_sentence(
    name: str, tmp_path: Path
) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "some.file")
    said = run(name, tmp_path, full)
    assert said.startswith("exit 2")
    assert "the disk is full (some.file)" in said


@pytest.mark.fault("E3")
@pytest.mark.parametrize("name", _DOORS)
def test_every_session_ends_by_sigterm_as_by_ctrl_c(name: str, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(name, tmp_path, signal.SIGTERM)


@pytest.mark.fault("C1")
def test_a_candidate_without_words_is_asked_for_one(tmp_path: Path) -> None:
    said = run("candidate", tmp_path)
    assert said.startswith("exit 2, could not judge: name an upgrade to try")


@pytest.mark.fault("C3")
@pytest.mark.parametrize("damage", [b"\xff", b"[1]", b"{}", b'{"format": 1, "stories": [{'])
@pytest.mark.parametrize(
    ("step", "file"),
    [("run", "monthly/jobs.json"), ("news", "monthly/stories.json"), ("news", "issues.json")],
)
def test_a_damaged_record_of_a_monthly_run_is_named(
    tmp_path: Path, step: str, file: str, damage: bytes
) -> None:
    stories = tmp_path / "reports" / "monthly" / "stories.json"
    stories.parent.mkdir(parents=True)
    stories.write_text('{"format": 1, "stories": []}', encoding="utf-8")
    path = tmp_path / "reports" / file
    path.write_bytes(b'{"issues": 1}' if damage == b"{}" else damage)
    said = run("monthly", tmp_path, [step])
    assert said.startswith(f"exit 2: {path} is damaged (")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return a project in which a row has run."""
    shop = Shop(root=tmp_path)
    shop.run()
    return shop


@pytest.mark.fault("C4")
@pytest.mark.parametrize(
    ("name", "in_the_way"),
    [
        ("report", "history.jsonl"),
        ("report", "index.html"),
        ("changes", "history.jsonl"),
        ("document", "tiny/plain/document.md"),
        ("thin", "tiny/plain/.lock"),
    ],
)
def test_a_folder_in_the_place_of_a_file_is_named(shop: Shop, name: str, in_the_way: str) -> None:
    path = shop.reports / in_the_way
    path.unlink(missing_ok=True)
    path.mkdir()
    (path / "x").touch()
    said = run(name, shop.root)
    assert said.startswith("exit 2")
    assert f"{path} cannot be used (Is a directory)" in said


@pytest.mark.fault("C3")
@pytest.mark.parametrize(
    "damage",
    [b"\xff\xfe\x00", b"[1]", b"{}", b"null", b'"' + b"x" * 99, None],
    ids=["no-text", "a-list", "empty", "null", "cut-off", "a-folder"],
)
def test_no_file_of_a_run_that_is_damaged_takes_the_page_with_it(
    shop: Shop, damage: bytes | None
) -> None:
    evidence, _ = shop.run(row="other")
    sound = shop.root / "sound"
    shutil.copytree(evidence.folder, sound)
    for name in sorted(path.name for path in sound.iterdir() if path.is_file()):
        shutil.rmtree(evidence.folder)
        shutil.copytree(sound, evidence.folder)
        path = evidence.folder / name
        path.unlink()
        if damage is None:
            path.mkdir()
        else:
            path.write_bytes(damage)
        (shop.reports / "history.jsonl").unlink(missing_ok=True)
        # Those two are written anew, and a folder in their place is named.
        if damage is not None or name not in ("report.md", "verdict.json"):
            assert (name, run("report", shop.root)) == (name, "")
        assert (name, run("thin", shop.root, ["--keep", "1"])) == (name, "")
    assert "tiny/plain" in (shop.reports / "index.html").read_text(encoding="utf-8")
