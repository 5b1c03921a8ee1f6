"""Text from outside: a hostile matrix file, control characters, and constraint files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.audit_bench import Desk, matrix_text
from support.index import Index
from support.sites import MATRIX, Shop
from support.wheels import Release

from stackproof.base.templates import markdown_templates, tamed
from stackproof.base.text import plain
from stackproof.base.times import timestamp
from stackproof.cli.nox_session import console
from stackproof.cli.offers import rows
from stackproof.errors import MatrixError
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.experiments.repair.record import Repair, Tried
from stackproof.experiments.timeline.record import Timeline
from stackproof.index.constraints.published import constraint_lines
from stackproof.matrix.load import load_matrix
from stackproof.metadata.grid.record import Axis, Cell, Difference, Grid, Proof, Sampling
from stackproof.report.audit import section
from stackproof.report.candidate import trial_markdown
from stackproof.report.document import document_markdown
from stackproof.report.forms import Form
from stackproof.report.grid import html_page, markdown_page
from stackproof.report.repair import repair_markdown
from stackproof.report.site.reports_reader import ReportsReader
from stackproof.report.timeline import timeline_markdown

#: What acts on a terminal or turns text round, and markup that would act on a page.
EVIL = "<script>evil</script> [a](javascript:evil) | \x1b[31m\x9b2J\u202e."


@pytest.mark.fault("C6")
@pytest.mark.parametrize("value", ["[" * 100_000, "9" * 5000], ids=["deep", "long"])
def test_a_hostile_matrix_file_is_named(tmp_path: Path, value: str) -> None:
    file = tmp_path / "evil.toml"
    file.write_text(f"x = {value}", encoding="utf-8")
    with pytest.raises(MatrixError) as caught:
        load_matrix(file)
    (problem,) = caught.value.problems
    assert (problem.file, problem.where) == ("evil.toml", "the file")


@pytest.mark.fault("F")
def test_text_of_others_is_made_plain() -> None:
    evil = "a\x1b[31mb\x9b2Jc\x85\u202ed\u2066e\x1b]0;f\x07"
    assert plain(evil) == "abcde]0;f"
    assert plain("한국어 é ✅\n") == "한국어 é ✅\n"


@pytest.mark.fault("F")
def test_what_is_wrong_with_a_matrix_is_told_in_plain_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = '"\\u001b[31mx\\ny\\u202e" = 1\n"""\\u009b""" = 2\n'
    (tmp_path / "evil.toml").write_text(evil, encoding="utf-8")
    (choice,) = rows(tmp_path)
    printed = capsys.readouterr().err
    assert printed.splitlines() == choice.problems.splitlines()
    assert "evil.toml" in printed
    assert not {"\x1b", "\x9b", "\u202e"} & set(printed)


@pytest.mark.fault("F")
@pytest.mark.parametrize("name", ["evil\x1b[31m", "evil\nverify(all)", "evil\u202e", "evil\udcff"])
def test_a_matrix_file_whose_name_acts_on_a_terminal_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / f"{name}.toml").write_text(MATRIX, encoding="utf-8")
    (choice,) = rows(tmp_path)
    printed = capsys.readouterr().err
    assert "its name has characters that act on a terminal; rename the file" in printed
    # nox itself prints what a session is called.
    assert f"{choice}{printed.rstrip()}".isprintable()


@pytest.mark.fault("R8.5")
@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"alpha>=1,<2\nbeta<3\n", ["alpha", "beta"]),
        (b"# all\r\n-i https://example.org\r\nalpha==1 \\\r\n  --hash=sha256:0\r\n", ["alpha"]),
        (b"\xef\xbb\xbfalpha==1  # why\nbeta\n", ["alpha", "beta"]),
        (b"<html>\n<script>\nif (a == b)\nx==1\n</script>", []),
        (b"Please log in\ntoken==1\n", []),
        (b"", []),
        (b"# nothing\n", []),
        (b"\xff\xfe", []),
    ],
)
def test_a_constraint_file_is_known_by_every_line(content: bytes, names: list[str]) -> None:
    assert [line.name for line in constraint_lines(content)] == names


@pytest.mark.fault("R8.24")
def test_a_timestamp_is_in_utc() -> None:
    seoul = timezone(timedelta(hours=9))
    assert timestamp(datetime(2025, 4, 1, tzinfo=seoul)) == "2025-03-31T15:00:00Z"


@pytest.mark.fault("F")
def test_what_a_session_prints_and_ends_with_acts_on_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console().print("why: \x9b31m\x1b[31mred\u202e", markup=False)
    assert capsys.readouterr().out == "why: red\n"


@pytest.mark.fault("F")
@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("| **a** `b<2` [c](https://d) [e](#f) x<br>y<br/> <sup>1</sup> |", None),
        ("| [a](docs/b.md) <https://c> 1 < 2 ![d](e.png) |", None),
        ("<img src=x onerror=e> <b onclick=e>", "&lt;img src=x onerror=e> &lt;b onclick=e>"),
        ("[a]( javascript:b) [c](DATA:d)", "[a]\\( javascript:b) [c]\\(DATA:d)"),
        ("<!-- a --> </script> <javascript:x>", "&lt;!-- a --> &lt;/script> &lt;javascript:x>"),
    ],
)
def test_a_line_of_a_document_keeps_the_markup_that_does_nothing(
    line: str, shown: str | None
) -> None:
    assert tamed(line) == (line if shown is None else shown)


@pytest.mark.fault("F")
def test_no_markup_of_others_is_live_in_markdown() -> None:
    templates = markdown_templates("stackproof.report")
    text = templates.from_string("{{ said | cell }}").render(
        said="<script>x</script> [a](javascript:b) ![p](http://c)\u202e\x9b2J\x1b"
    )
    assert text == "&lt;script>x&lt;/script> [a]\\(javascript:b) ![p]\\(http://c)"


def _evil_run(root: Path) -> Mapping[str, str]:
    text = MATRIX
    for key in ("title", "summary", "reason", "area", "role", "text"):
        text = re.sub(rf'\b{key} = "[^"]*"', lambda m: f'{m[0][:-1]} {_toml(EVIL)}"', text)
    shop = Shop(root=root)
    (shop.matrices / "tiny.toml").write_text(text, encoding="utf-8")
    said = {"version:alpha": ("failed", EVIL), "smoke:sum": ("failed", EVIL)}
    shop.run(said, known=True, complaints={"beta": (EVIL,)})
    shop.run(said, row="other", trouble=EVIL)
    shop.page()
    store = ReportsReader(reports=shop.reports, matrices=shop.matrices)
    (row,) = (row for row in store.rows()[0] if row.plan.row == "plain")
    page = document_markdown(row, ("alpha", "beta"), None, reports=shop.reports, lang="en")
    return {"document.md": page} | {
        str(file): file.read_text(encoding="utf-8")
        for file in sorted(root.rglob("*"))
        if file.suffix in (".html", ".md", ".svg", ".xml")
    }


def _toml(text: str) -> str:
    return json.dumps(text)[1:-1]


def _evil_audit(root: Path) -> Mapping[str, str]:
    with Index(Release("alpha", "1.0", yanked=EVIL), Release("beta", "2.0")) as index:
        text = matrix_text("alpha==1.0", "beta==2.0")
        return {"audit.md": section(Desk(root=root, index=index).audit(text))}


def _evil_trial(root: Path) -> Mapping[str, str]:
    _, verdict = Shop(root=root).run({"smoke:sum": ("failed", EVIL)})
    trial = TrialVerdict(
        **dict(verdict),
        base_row="plain",
        requested=(EVIL,),
        resolvable=False,
        reason=EVIL,
        baseline=None,
        comparison=None,
        moved={},
        pins_moved=(),
        companions=(EVIL,),
        guilty=(EVIL,),
        conflict=EVIL,
    )
    return {"trial.md": trial_markdown(trial)}


def _evil_repair(_: Path) -> Mapping[str, str]:
    repair = Repair(
        matrix="tiny",
        row="plain",
        as_of="2025-06-01T00:00:00Z",
        found=False,
        failing=("smoke:sum",),
        unmended=("smoke:sum",),
        tried=(Tried(check="smoke:sum", message=EVIL, sources=(EVIL,)),),
        pins=(),
        confirmed=False,
        minimal=False,
        removals=(),
        remedies=(),
        builds=1,
        built=1,
        notes=(EVIL,),
        toml="",
    )
    return {"repair.md": repair_markdown(repair)}


def _evil_timeline(_: Path) -> Mapping[str, str]:
    timeline = Timeline(
        matrix="tiny",
        row="plain",
        since="2025-01-01T00:00:00Z",
        until="2025-06-01T00:00:00Z",
        buildable_since=None,
        builds=1,
        built=1,
        checks=(),
        notes=(EVIL,),
    )
    return {"timeline.md": timeline_markdown(timeline)}


def _evil_grid(_: Path) -> Mapping[str, str]:
    cells = tuple(
        Cell(
            versions=(one, "1"),
            state="conflict",
            reason=EVIL,
            how="resolution",
            proof=Proof(outcome="failed", message=EVIL, evidence=EVIL),
        )
        for one in ("1", "2")
    )
    grid = Grid(
        axes=(Axis(name="alpha", versions=("1", "2")), Axis(name="beta", versions=("1",))),
        python="3.11",
        as_of=None,
        row=EVIL,
        held=("alpha>=1",),
        builds=False,
        started=datetime.now(timezone.utc),
        seconds=1.0,
        notes=(EVIL,),
        sampling=Sampling(unresolved=0, checked=0, disagreed=()),
        cells=cells,
        against=EVIL,
        compared=1,
        differences=(
            Difference(versions=("1", "1"), published="unknown", found="conflict", reason=EVIL),
        ),
    )
    return {"grid.md": markdown_page(grid), "grid.html": html_page(grid)}


def _evil_document(root: Path) -> Mapping[str, str]:
    """Return the table of a document that is hostile itself."""
    shop = Shop(root=root)
    shop.run()
    (row,) = ReportsReader(reports=shop.reports, matrices=shop.matrices).rows()[0]
    form = Form(lines=("| package | evil |", "|---|---|", f"| alpha | {EVIL} |"), pins={2: "alpha"})
    page = document_markdown(
        row, ("alpha", "beta"), None, reports=shop.reports, lang="en", form=form
    )
    return {"document.md": page}


@pytest.mark.fault("F")
@pytest.mark.parametrize(
    "reports",
    [
        _evil_run,
        _evil_audit,
        _evil_trial,
        _evil_repair,
        _evil_timeline,
        _evil_grid,
        _evil_document,
    ],
)
def test_no_report_has_anything_of_others_that_acts(
    tmp_path: Path, reports: Callable[[Path], Mapping[str, str]]
) -> None:
    written = reports(tmp_path)
    assert any("evil" in text for text in written.values())
    for file, text in written.items():
        assert not re.search("[\x1b\x9b\u202e]", text), file
        outside = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.DOTALL | re.MULTILINE)
        assert "<script>evil" not in outside, file
        assert not file.endswith(".md") or "](javascript:" not in outside, file
