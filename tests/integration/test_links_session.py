"""The door that nox has to links: a row or a file goes in, a page and one line come out."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from support.links_bench import checker_wheel, mark
from support.matrices import matrix, pin, stage
from support.sessions import call
from support.wheels import Release
from support.workbench import Bench

from stackproof.cli import candidate, links
from stackproof.evidence.links import Links

BORN = datetime(2024, 3, 1, tzinfo=timezone.utc)
LATER = datetime(2025, 3, 1, tzinfo=timezone.utc)
TEXT = matrix("Tiny", pin("app"), stage("one", "app", step="Install app."))


@pytest.fixture
def checkout(bench: Bench, pytestconfig: pytest.Config) -> Bench:
    assert pytestconfig.cache is not None
    bench.index.add_wheels(checker_wheel(pytestconfig.cache.mkdir("test-tools")))
    bench.index.add(
        Release("calls", "1.0", modules={"calls.py": "def f(a, b=1): ...\n"}),
        Release("calls", "2.0", modules={"calls.py": "def f(a): ...\n"}, uploaded=LATER),
        Release(
            "app",
            "1.0",
            requires=["calls"],
            modules={"app.py": "import calls\n\ndef go():\n    calls.f(1, b=2)\n"},
            uploaded=BORN,
        ),
    )
    bench.write("matrices/tiny.toml", TEXT)
    return bench


def _ask(checkout: Bench, *posargs: str, **environ: str) -> str:
    return call(links, checkout.project, posargs, {**checkout.environ, **environ})


def test_a_row_is_looked_at_without_building_it(
    checkout: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _ask(checkout, "tiny/plain") == ""
    home = checkout.root / "reports" / "tiny" / "plain"
    found = Links.model_validate(json.loads((home / "links.json").read_text(encoding="utf-8")))
    (suspect,) = found.suspects
    assert (suspect.check, suspect.line, suspect.target.name) == ("link:app", 4, "calls.f")
    assert "calls 1.0, of the day of app 1.0, did" in (home / "links.md").read_text("utf-8")
    *_, closing, page = capsys.readouterr().out.splitlines()
    assert closing.startswith("tiny/plain: 1 suspect link; 1 file of 1 distribution in ")
    assert page == "links: reports/tiny/plain/links.md"
    assert not (home / "latest").exists()


def test_a_file_is_looked_at_as_a_row_of_its_own(checkout: Bench) -> None:
    checkout.write("requirements.txt", "app==1.0\ncalls<2\n")
    assert _ask(checkout, "requirements.txt") == ""
    home = checkout.root / "reports" / "requirements"
    (file,) = home.glob("*/links.json")
    found = Links.model_validate(json.loads(file.read_text(encoding="utf-8")))
    assert (found.findings, found.read) == ((), {"app": "1.0", "calls": "1.0"})


def test_nothing_is_built_to_learn_what_there_is(checkout: Bench, tmp_path: Path) -> None:
    """Of a source distribution the build would leave a mark, to tell its metadata too."""
    built = tmp_path / "built"
    checkout.index.add(
        Release(
            "sourced",
            "1.0",
            requires=["calls"],
            form="plain-sdist",
            build_code=mark(built),
            modules={"sourced.py": "import calls\n\ndef go():\n    calls.f(1, b=2)\n"},
            uploaded=BORN,
        ),
        Release("ranged", "1.0", uploaded=BORN),
        Release("ranged", "2.0", form="sdist", build_code=mark(built), uploaded=LATER),
    )
    checkout.write("requirements.txt", "sourced==1.0\nranged\n")
    assert _ask(checkout, "requirements.txt") == ""
    (file,) = (checkout.root / "reports" / "requirements").glob("*/links.json")
    found = Links.model_validate_json(file.read_text(encoding="utf-8"))
    assert [item.file for item in found.suspects] == ["sourced.py"]
    assert found.read == {"calls": "2.0", "ranged": "1.0", "sourced": "1.0"}
    checkout.write("requirements.txt", "ranged==2.0\n")
    _ask(checkout, "requirements.txt")
    assert not built.exists()


def test_a_row_as_of_a_day_is_looked_at_as_it_was(checkout: Bench) -> None:
    assert _ask(checkout, "tiny/plain", "--as-of", "2024-06-01") == ""
    file = checkout.root / "reports" / "tiny" / "plain" / "links.json"
    assert json.loads(file.read_text(encoding="utf-8"))["findings"] == []


def test_suspects_are_annotations_in_a_workflow(
    checkout: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _ask(checkout, "tiny/plain", GITHUB_ACTIONS="true") == ""
    assert "::warning title=suspect link of app::app 1.0 passes 'b' to calls.f" in (
        capsys.readouterr().out
    )


def test_what_cannot_be_resolved_ends_in_a_sentence(checkout: Bench) -> None:
    checkout.write("requirements.txt", "app==1.0\ncalls==3.0\n")
    assert "stage app cannot be resolved: there is no calls 3.0" in _ask(
        checkout, "requirements.txt"
    )


def test_a_row_that_is_not_there_is_named(checkout: Bench) -> None:
    assert "there is no row" in _ask(checkout, "tiny/none")
    assert not Path(checkout.root / "reports").exists()


def test_an_upgrade_is_looked_at_beside_the_row_as_it_is(
    checkout: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """The row has a suspect of its own, which the upgrade does not bring."""
    checkout.index.add(
        Release("other", "1.0", modules={"other.py": "def g(): ...\n"}),
        Release("other", "2.0", modules={"other.py": "def h(): ...\n"}, uploaded=LATER),
        Release(
            "both",
            "1.0",
            modules={"both.py": "import calls, other\n\ncalls.f(1, b=2)\nother.g()\n"},
            requires=["calls", "other"],
            uploaded=BORN,
        ),
    )
    text = matrix(
        "Tiny",
        pin("both"),
        pin("other"),
        pin("calls", "2.0"),
        stage("one", "both", "other", "calls", step="Install both."),
    )
    checkout.write("matrices/two.toml", text)
    assert _ask(checkout, "two/plain", "other==2.0") == ""
    file = checkout.root / "reports" / "two" / "plain" / "links.json"
    found = Links.model_validate(json.loads(file.read_text(encoding="utf-8")))
    assert [item.target.name for item in found.suspects] == ["other.g"]
    assert "1 suspect link that two/plain has too" in capsys.readouterr().out


@pytest.mark.parametrize("other", ["tiny/plain@2024-06-01", "@2024-06-01"])
def test_a_row_is_compared_with_itself_as_of_a_day(checkout: Bench, other: str) -> None:
    assert _ask(checkout, "tiny/plain", "--against", other) == ""
    file = checkout.root / "reports" / "tiny" / "plain" / "links.json"
    found = Links.model_validate(json.loads(file.read_text(encoding="utf-8")))
    assert [item.target.name for item in found.suspects] == ["calls.f"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("tiny/plain", "calls==2.0"), "tiny/plain has no pin calls"),
        (("tiny/plain", "app>=2"), "'app>=2' is no upgrade to try"),
        (("tiny/plain", "app==latest"), "names no version"),
        (("tiny/plain", "tiny/other"), "name one row or file"),
        (("tiny/plain", "--against", "tiny/plain@soon"), "neither a UTC timestamp"),
        (("none.txt",), "there is no file none.txt; as a row: there is no row 'none.txt'"),
    ],
)
def test_what_cannot_be_asked_is_told(
    checkout: Bench, words: tuple[str, ...], message: str
) -> None:
    assert message in _ask(checkout, *words)


def test_help_is_told_and_no_mistake(checkout: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        _ask(checkout, "--help")
    assert ended.value.code == 0
    assert "--against [[MATRIX/]ROW][@2025-04-01]" in capsys.readouterr().out


def test_a_candidate_is_told_what_it_would_break_before_it_is_built(
    checkout: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """No check asks what the upgrade breaks: it is safe, and suspect."""
    text = matrix(
        "Tiny", pin("app"), pin("calls"), stage("one", "app", "calls", step="Install both.")
    )
    checkout.write("matrices/tiny.toml", text)
    assert (
        call(candidate, checkout.project, ("calls==2.0", "--row", "plain"), checkout.environ) == ""
    )
    said = capsys.readouterr().out
    before, _, after = said.partition("links of calls==2.0: 1 suspect link more than the row has")
    assert "app 1.0 passes 'b' to calls.f" in after
    assert "SAFE" not in before.upper()
    (kept,) = checkout.root.glob("reports/candidates/*/links.json")
    assert len(Links.model_validate_json(kept.read_text(encoding="utf-8")).suspects) == 1
    assert "calls==2.0: safe" in after


def test_what_is_only_added_is_named_with_its_links(
    checkout: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.write(
        "matrices/tiny.toml", matrix("Tiny", pin("app"), stage("one", "app", step="Install it."))
    )
    words = ("--with", "calls==1.0", "--row", "plain")
    assert call(candidate, checkout.project, words, checkout.environ) == ""
    said = capsys.readouterr().out
    assert "links of calls==1.0: no suspect links more than the row has" in said


def test_a_candidate_does_not_wait_for_links_that_take_long(
    checkout: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stackproof.cli.candidate_links._SECONDS", 0)
    text = matrix(
        "Tiny", pin("app"), pin("calls"), stage("one", "app", "calls", step="Install both.")
    )
    checkout.write("matrices/tiny.toml", text)
    words = ("calls==2.0", "--row", "plain")
    assert call(candidate, checkout.project, words, checkout.environ) == ""
    said = capsys.readouterr().out
    assert "links were not looked at: it takes longer than 0 s; `" in said
    assert "suspect" not in said
    assert "calls==2.0: safe" in said
