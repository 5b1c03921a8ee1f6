"""The doors that nox has to the reports: what stands behind `--`, what is written, how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.sessions import Door, call
from support.sites import Shop

from stackproof.cli import document, report
from stackproof.evidence.history.file import read_history
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InReports


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return a project that nothing has run in."""
    return Shop(root=tmp_path)


def run(door: Door, shop: Shop, *posargs: str) -> str:
    """Go through a door; return the message of its failure, or nothing."""
    return call(door, Project.at(shop.root, {}), posargs)


def test_a_report_is_made_of_evidence_that_no_history_knew(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence, _ = shop.run()
    shop.run(row="other")
    assert run(report, shop, "--lang", "ko") == ""
    assert capsys.readouterr().out.splitlines() == [
        "2 runs were not in the history yet",
        "report: reports/index.html",
    ]
    history = read_history(shop.reports / InReports.HISTORY)
    assert sorted(entry.name for entry in history) == ["tiny/other", "tiny/plain"]
    assert '<html lang="ko">' in (shop.reports / "index.html").read_text(encoding="utf-8")
    assert (evidence.folder.parent / "badge.json").is_file()
    assert run(report, shop) == ""
    assert capsys.readouterr().out.splitlines() == ["report: reports/index.html"]
    assert '<html lang="en">' in (shop.reports / "index.html").read_text(encoding="utf-8")


def test_a_language_that_we_do_not_have_is_refused(shop: Shop) -> None:
    failure = run(report, shop, "--lang", "fr")
    assert failure is not None
    assert failure.startswith("exit 2, could not judge: argument --lang: invalid choice: 'fr'")


def test_the_document_is_written_of_every_row_that_has_run(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.run()
    shop.run(row="other")
    assert run(document, shop) == ""
    assert capsys.readouterr().out.splitlines() == [
        "tiny/plain: reports/tiny/plain/document.md",
        "tiny/other: reports/tiny/other/document.md",
    ]
    text = (shop.reports / "tiny" / "other" / "document.md").read_text(encoding="utf-8")
    assert text.startswith("# Tiny\n\nRow `tiny/other`, executed 2025-04-01T12:30:15Z with uv ")


@pytest.mark.parametrize("name", ["other", "tiny/other"])
def test_the_document_is_written_of_the_row_that_is_named(shop: Shop, name: str) -> None:
    shop.run()
    shop.run(row="other")
    assert run(document, shop, name, "--lang", "ko") == ""
    assert not (shop.reports / "tiny" / "plain" / "document.md").exists()
    text = (shop.reports / "tiny" / "other" / "document.md").read_text(encoding="utf-8")
    assert "`tiny/other` 행을 2025-04-01T12:30:15Z에 uv로" in text


def test_a_row_without_evidence_has_no_document(shop: Shop) -> None:
    assert run(document, shop) == (
        "exit 2, could not judge: no row has run yet; run `nox -s verify` first"
    )
    shop.run()
    assert run(document, shop, "plan") == (
        "exit 2, could not judge: there is no evidence of a row 'plan'; there are tiny/plain"
    )


def test_a_document_that_is_not_there_is_said_to_be_so(shop: Shop) -> None:
    shop.run()
    failure = run(document, shop, "--document", str(shop.root / "missing.md"))
    assert failure is not None
    assert "missing.md: cannot be read" in failure
