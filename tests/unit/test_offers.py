"""The rows that nox offers are those of the matrices as they are now, whatever was kept of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.workbench import ROOT, TINY

from stackproof.cli.offers import rows


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with one matrix, beside a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "tiny.toml").write_text(TINY, encoding="utf-8")
    return tmp_path


def _names(folder: Path) -> list[str]:
    return [str(choice) for choice in rows(folder)]


def test_what_is_kept_of_a_matrix_serves_until_it_changes(folder: Path) -> None:
    first = rows(folder)
    assert rows(folder) == first
    file = folder / "tiny.toml"
    file.write_text(f'{TINY}\n[rows.more]\nsummary = "One more."\n', encoding="utf-8")
    assert _names(folder) == [*map(str, first), "tiny/more"]
    file.write_text(TINY.replace('pins = ["beta"]', 'pins = ["betta"]'), encoding="utf-8")
    (bad,) = rows(folder)
    assert "there is no pin 'betta'" in bad.problems


def test_what_is_kept_may_be_damaged(folder: Path) -> None:
    first = rows(folder)
    kept = list((folder / "cache").rglob("*.json"))
    assert kept
    for text in ("", "[]", '{"seen": 1}'):
        for file in kept:
            file.write_text(text, encoding="utf-8")
        assert rows(folder) == first


def test_a_listing_of_known_rows_loads_no_library_that_judges(folder: Path) -> None:
    rows(folder)
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); "
        f"import stackproof; stackproof.register(root={str(folder)!r}, matrices='.'); "
        "sys.exit('pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
