"""Which files count of those that a team's own commands may read."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackproof.evidence import own_files
from stackproof.evidence.own_files import held_by


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a repository with what counts and what does not."""
    for name in (
        *("check", "data/table.csv", ".settings/limits", "docs/guide.md"),
        *(".git/HEAD", ".nox/one/x.py", "own.egg-info/PKG-INFO", "reports/row/verdict.json"),
        *("env/pyvenv.cfg", "env/x.py", "cache/CACHEDIR.TAG", "cache/x.py"),
        *(".coverage", ".coverage.host.1", "x.pyc", "__pycache__/x.py"),
    ):
        file = tmp_path / "here" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name, encoding="utf-8")
    return tmp_path / "here"


def counted(root: Path) -> dict[str, str]:
    return held_by(root, [root / "reports"])


def test_all_counts_but_what_tools_keep_for_themselves(root: Path) -> None:
    assert list(counted(root)) == [".settings/limits", "check", "data/table.csv", "docs/guide.md"]


def test_what_lies_behind_a_link_counts_unless_it_leads_back(root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "limits").write_text("8", encoding="utf-8")
    (root / "data" / "far").symlink_to(outside)
    (root / "data" / "self").symlink_to(root / "data")
    (root / "data" / "up").symlink_to(root.parent)
    (root / "data" / "lost").symlink_to(root / "nowhere")
    before = counted(root)
    assert [name for name in before if name.startswith("data/")] == [
        "data/far/limits",
        "data/table.csv",
    ]
    (outside / "limits").write_text("9", encoding="utf-8")
    assert counted(root)["data/far/limits"] != before["data/far/limits"]


def test_a_large_file_is_known_by_its_size_and_time(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_files, "_MOST_READ", 5)
    table = root / "data" / "table.csv"
    before = counted(root)
    assert before["data/table.csv"].startswith(f"{table.stat().st_size} ")
    assert not before["check"].startswith("5 ")
    table.write_text("another", encoding="utf-8")
    assert counted(root)["data/table.csv"] != before["data/table.csv"]
