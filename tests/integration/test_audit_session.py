"""The doors that nox has to the audit: what stands behind `--`, what is written, how it ends."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.audit_bench import Desk, matrix_text
from support.documents import DOCUMENT
from support.index import Fault, Index
from support.markup import parse
from support.matrices import PYTHON
from support.sessions import call
from support.wheels import Release

from stackproof.cli import audit, matrix_from
from stackproof.evidence.layout import Project
from stackproof.report.site.page import write_site
from stackproof.report.site.reports_reader import ReportsReader

URL = "http://index"
OPTIONAL = '\n[rows.more]\nsummary = "M"\ndefault = false\n'


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Index(Release("alpha", "1.0"), Release("beta", "2.0")) as index:
        desk = Desk(root=tmp_path, index=index)
        desk.write(
            matrix_text("alpha==1.0", "beta==2.0", stages=(("alpha",), ("beta",))) + OPTIONAL
        )
        yield desk


def _audit(desk: Desk, *posargs: str, **env: str) -> str:
    """Run the session; return the message that it failed with, or nothing."""
    environ = {**desk.place.project.environ, **env}
    return call(audit, Project.at(desk.root, {}), posargs, environ)


def _written(desk: Desk) -> Any:  # noqa: ANN401 - JSON is any object
    return json.loads((desk.root / "reports" / "audit.json").read_text(encoding="utf-8"))


def test_rows_that_run_by_default_are_audited_and_written(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _audit(desk) == ""
    assert list(_written(desk)["pairs"]) == ["tiny/plain"]
    assert (desk.root / "reports" / "audit.md").read_text(encoding="utf-8").startswith("## Audit")
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1].startswith("audit OK: 0 errors, ")
    assert "::" not in printed


def test_a_python_that_is_not_here_is_said(desk: Desk) -> None:
    desk.write(matrix_text("alpha==1.0").replace(f'"{PYTHON}"', '"3.99"'))
    assert _audit(desk) == ""
    assert _written(desk)["notes"] == [
        "Python 3.99 is not on this machine; its rows are judged as on 3.99.0"
    ]


def test_a_row_or_a_matrix_can_be_named(desk: Desk) -> None:
    assert _audit(desk, "tiny/more") == ""
    assert list(_written(desk)["pairs"]) == ["tiny/more"]
    assert _audit(desk, "tiny", "tiny/more", "tiny/plain") == ""
    assert sorted(_written(desk)["pairs"]) == ["tiny/more", "tiny/plain"]


def _of(desk: Desk, matrix: str) -> Any:  # noqa: ANN401 - JSON is any object
    file = desk.root / "reports" / matrix / "audit.json"
    return json.loads(file.read_text(encoding="utf-8"))


def test_what_was_found_of_other_matrices_and_rows_is_kept(desk: Desk) -> None:
    text = matrix_text("alpha==2.0", stages=(("alpha",),))
    (desk.root / "matrices" / "other.toml").write_text(text, encoding="utf-8")
    assert _audit(desk, "tiny/plain") == ""
    first = _of(desk, "tiny")
    assert _audit(desk, "other") == "exit 1"
    assert _of(desk, "tiny") == first
    assert list(_of(desk, "other")["pairs"]) == ["other/plain"]
    assert _audit(desk, "tiny/more") == ""
    both = _of(desk, "tiny")
    assert (sorted(both["pairs"]), both["kept"]) == (
        ["tiny/more", "tiny/plain"],
        {"plain": first["started"]},
    )
    assert {pin["row"] for pin in both["pins"]} == {"plain", "more"}
    assert "- plain: of an earlier audit, " in (desk.root / "reports/tiny/audit.md").read_text()
    # The last audit itself is what it was asked for.
    assert list(_written(desk)["pairs"]) == ["tiny/more"]
    assert _audit(desk, "tiny", "tiny/more") == ""
    assert _of(desk, "tiny")["kept"] == {}


def test_a_row_that_its_matrix_has_no_more_is_not_kept(desk: Desk) -> None:
    assert _audit(desk, "tiny", "tiny/more") == ""
    desk.write(matrix_text("alpha==1.0", "beta==2.0", stages=(("alpha",), ("beta",))))
    assert _audit(desk, "tiny") == ""
    assert (list(_of(desk, "tiny")["pairs"]), _of(desk, "tiny")["kept"]) == (["tiny/plain"], {})


def test_a_korean_page_of_an_audit_says_nothing_in_english(desk: Desk) -> None:
    """Of a pin that is gone, one that conflicts, is yanked, is left out, is old, or is refused."""
    desk.index.add(Release("gamma", "1.0", requires=["alpha>=2"], yanked="broken wheel"))
    desk.index.add(Release("alpha", "2.0"))
    old = (
        '\n[[rows.plain.known-failures]]\ncheck = "version:beta"\nreason = "r"\ndate = 2020-01-01\n'
    )
    desk.write(
        matrix_text(
            "alpha==1.0",
            "beta==9.0",
            "gamma==1.0",
            "gone>=1",
            stages=(("alpha",), ("gamma", "gone")),
            row=old,
        )
    )
    document = desk.root / "letters.md"
    document.write_text(f"{DOCUMENT}\n```bash\npip install -e .\n```\n", encoding="utf-8")
    platform = "aarch64-apple-darwin"
    assert _audit(desk, "tiny", "--document", str(document), "--platform", platform) == "exit 1"
    findings = _written(desk)["findings"]
    assert {item["rule"] for item in findings} >= {
        *("exists", "pairwise", "joint", "expiry", "freshness", "document"),
    }
    assert [item["message"] for item in findings if item["why"] is None] == []
    reader = ReportsReader(reports=desk.root / "reports", matrices=desk.root / "matrices")
    page = parse(write_site(reader, "ko").read_text(encoding="utf-8"))
    shown = page.one("section", aria_labelledby="audit")
    english = [" ".join(item["message"].split()) for item in findings]
    assert [words for words in english if words in shown.text] == []
    lists = [item.text for item in shown.all("li")]
    tables = shown.all("table", class_="cards")
    cells = [row.all("td")[-1].text for table in tables for row in table.one("tbody").all("tr")]
    assert len(cells) >= len(set(english))
    assert [text for text in (*cells, *lists) if not re.search(r"[\uac00-\ud7a3]", text)] == []


def test_the_page_shows_the_audit_of_each_matrix(desk: Desk) -> None:
    text = matrix_text("alpha==2.0", stages=(("alpha",),))
    (desk.root / "matrices" / "other.toml").write_text(text, encoding="utf-8")
    _audit(desk, "other")
    _audit(desk, "tiny")
    reports = desk.root / "reports"
    page = write_site(ReportsReader(reports=reports, matrices=desk.root / "matrices"))
    shown = page.read_text(encoding="utf-8")
    assert "alpha 2.0 was never released" in shown
    for matrix in ("other", "tiny"):
        assert f'href="{matrix}/audit.md"' in shown


@pytest.mark.parametrize(
    ("posargs", "said"),
    [
        (
            ["tinny"],
            "exit 2, could not judge: there is no matrix 'tinny', and no file 'tinny'; did",
        ),
        (
            ["tiny/pain"],
            "exit 2, could not judge: tiny has no row 'pain'; did you mean 'plain'?",
        ),
        (
            ["--fast"],
            "exit 2, could not judge: unrecognized arguments: --fast; usage: nox -s audit -- ",
        ),
        (
            ["--document", "none.md"],
            "exit 2, could not judge: none.md: cannot be read (No such file or directory)",
        ),
        (
            ["--document", "/nonexist"],
            "exit 2, could not judge: /nonexist: cannot be read (No such file or directory)",
        ),
    ],
)
def test_what_cannot_be_understood_ends_with_exit_2(
    desk: Desk, posargs: list[str], said: str
) -> None:
    assert _audit(desk, *posargs).startswith(said)
    assert not (desk.root / "reports").exists()


def test_news_ends_with_exit_1_and_annotations(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.write(matrix_text("alpha==1.1", "beta==2.0"))
    assert _audit(desk, GITHUB_ACTIONS="true") == "exit 1"
    lines = capsys.readouterr().out.splitlines()
    assert (
        "::error file=matrices/tiny.toml,line=10,title=stackproof exists%3A alpha::alpha 1.1 was "
        in ("\n".join(lines))
    )


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.NOT_FOUND, "knows none of alpha, beta; check its address"),
        (
            Fault.SERVER_ERROR,
            "answered 500; try again later, or name another index to the installer",
        ),
        (
            Fault.GARBAGE,
            (
                "does not answer as a package index (its page of PIN lists no file); check its "
                "address, and whether the network wants a login"
            ),
        ),
    ],
)
def test_an_index_that_fails_ends_with_exit_2(desk: Desk, fault: Fault, said: str) -> None:
    desk.index.fail(fault, place="page")
    message = _audit(desk).replace("of alpha lists", "of PIN lists")
    message = message.replace("of beta lists", "of PIN lists").replace(
        f"the package index {URL}", URL
    )
    assert message.replace(desk.index.url, URL).replace("the package index ", "") == (
        f"exit 2, could not judge: {URL} {said}"
    )
    assert not (desk.root / "reports").exists()


def test_an_index_that_is_not_there_ends_with_exit_2(desk: Desk) -> None:
    desk.index.stop()
    assert _audit(desk) == (
        f"exit 2, could not judge: the package index {desk.index.url} cannot be reached "
        "(ConnectionError); check the network, or name another index to the installer"
    )


@pytest.mark.parametrize(
    ("pin", "said"),
    [
        (
            'version = "one"',
            (
                "tiny.toml: [pins number 1 (alpha)], key version: 'one': not a version; write one "
                "exact version such as '2.5.1'"
            ),
        ),
        (
            'name = "al&pha"',
            (
                "tiny.toml: [pins number 1 (al&pha)], key name: 'al&pha': not a distribution name; "
                "use letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"
            ),
        ),
    ],
)
def test_a_matrix_that_is_none_ends_with_exit_2(desk: Desk, pin: str, said: str) -> None:
    text = matrix_text("alpha==1.0", "beta==2.0", stages=(("beta",),))
    old = 'name = "alpha"' if pin.startswith("name") else 'version = "1.0"'
    desk.write(text.replace(old, pin))
    assert _audit(desk) == f"exit 2, could not judge: {said}"


def test_a_row_without_its_constraint_file_does_not_end_the_audit_of_others(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row `more` has another version of the pin that names the file, and nobody has that file."""
    desk.index.add(Release("alpha", "9.0"))
    mirror = desk.root / "mirror"
    (mirror / "constraints-1.0").mkdir(parents=True)
    (mirror / "constraints-1.0" / "all.txt").write_text("beta==2.1\n", encoding="utf-8")
    source = '[constraints.alpha]\nurl = "http://127.0.0.1:9/constraints-{version}/all.txt"\n'
    text = matrix_text(
        "alpha==1.0",
        "beta==2.0",
        stages=(("alpha",), ("beta",)),
        more=f'claims = [{{ text = "in it", checks = ["constraints:beta"] }}]\n{source}'
        'pin = "alpha"',
    ).replace('pins = ["alpha"]', 'pins = ["alpha"]\nconstraints = "alpha"')
    override = '{ pin = "alpha", version = "9.0", reason = "why", date = 2025-01-02 }'
    desk.write(f"{text}{OPTIONAL}overrides = [{override}]\n")
    said = _audit(desk, "tiny/plain", "tiny/more", STACKPROOF_CONSTRAINTS_MIRROR=str(mirror))
    assert said == "exit 2"
    written = _written(desk)
    assert written["trouble"] == [
        (
            "tiny/more: there is no constraint file for alpha 9.0 (mirror source: "
            "constraints-9.0/all.txt does not exist); check the version and the Python version"
        )
    ]
    assert [item["row"] for item in written["joint"]] == ["plain"]
    assert sorted(written["pairs"]) == ["tiny/more", "tiny/plain"]
    assert [(item["row"], item["state"], item["because"]) for item in written["claims"]] == [
        (
            "plain",
            "refuted",
            f"the constraint file of alpha 1.0 for Python {PYTHON} says 2.1, the pin 2.0",
        ),
        ("more", "not provable", "the row's constraint file could not be had"),
    ]
    assert f"could not judge: {written['trouble'][0]}" in capsys.readouterr().out


def test_an_error_that_was_found_counts_whatever_could_not_be_judged(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    source = '[constraints.alpha]\nurl = "http://127.0.0.1:9/{version}.txt"\npin = "alpha"\n'
    text = matrix_text("alpha==1.0", "beta==7.7", stages=(("alpha",), ("beta",)), more=source)
    desk.write(text.replace('pins = ["alpha"]', 'pins = ["alpha"]\nconstraints = "alpha"'))
    mirror = desk.root / "mirror"
    mirror.mkdir()
    assert _audit(desk, STACKPROOF_CONSTRAINTS_MIRROR=str(mirror)) == "exit 1"
    found = _written(desk)
    assert [item["rule"] for item in found["findings"] if item["level"] == "error"] == ["exists"]
    assert len(found["trouble"]) == 1
    printed = capsys.readouterr().out
    assert f"could not judge: {found['trouble'][0]}" in printed
    assert "audit UNEXPECTED: 1 error, " in printed.splitlines()[-1]


def test_a_report_that_cannot_be_written_ends_with_exit_2(desk: Desk) -> None:
    (desk.root / "reports").write_text("in the way", encoding="utf-8")
    said = _audit(desk) or ""
    assert said.startswith("exit 2, could not judge: ")
    assert f"{desk.root / 'reports'} cannot be used (" in said


def test_a_document_is_compared(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    document = desk.root / "letters.md"
    document.write_text(DOCUMENT.replace("| beta | 2.0 |", "| beta | 2.1 |"), encoding="utf-8")
    assert _audit(desk, "--document", str(document)) == "exit 1"
    printed = capsys.readouterr().out
    assert (
        "error    letters.md:7 document: the table lists beta 2.1, the matrix pins 2.0" in printed
    )


def test_a_document_that_is_audited_alone_is_compared_with_itself(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    document = desk.root / "letters.md"
    document.write_text(DOCUMENT.replace("| beta | 2.0 |", "| beta | 2.1 |"), encoding="utf-8")
    assert _audit(desk, "letters.md") == "exit 1"
    printed = capsys.readouterr().out
    assert "letters.md:28: 'beta==2.0' was passed over; the table says 2.1" in printed
    assert (
        "error    letters.md:28 document: this command pins beta to 2.0, but the table says 2.1"
        in printed
    )


def test_a_file_is_audited_with_all_its_rows_and_what_has_no_place_there_is_said(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        '[project]\nname = "p"\ndependencies = ["alpha>=1", "x @ https://example.org/x.whl"]\n'
        '[project.optional-dependencies]\nmore = ["beta"]\n'
    )
    (desk.root / "pyproject.toml").write_text(text, encoding="utf-8")
    _audit(desk, "pyproject.toml")
    written = _written(desk)
    assert sorted(written["pairs"]) == ["pyproject/documented", "pyproject/extra-more"]
    assert [
        (item["file"], item["line"]) for item in written["findings"] if item["rule"] == "document"
    ] == [("pyproject.toml", 3)]
    assert capsys.readouterr().out.startswith("pyproject.toml:3: 'x @ https://example.org/x.whl'")


def _matrix_from(desk: Desk, *posargs: str) -> str:
    return call(matrix_from, Project.at(desk.root, {}), posargs)


def test_a_first_matrix_is_written_and_can_be_audited(desk: Desk) -> None:
    document = desk.root / "letters.md"
    document.write_text(DOCUMENT, encoding="utf-8")
    assert _matrix_from(desk, str(document)) == ""
    assert (desk.root / "matrices" / "letters.toml").is_file()
    again = _matrix_from(desk, str(document))
    assert again == (
        "exit 2, nothing was written: matrices/letters.toml is there already; choose another name "
        "with --name"
    )
    assert _matrix_from(desk, str(document), "--name", "second", "--python", "3.12") == ""


def test_a_first_matrix_is_written_without_a_word_from_libraries(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("markdown_it").setLevel(logging.NOTSET)
    caplog.set_level(logging.DEBUG)  # as nox does, which prints whatever any logger says
    document = desk.root / "letters.md"
    document.write_text(DOCUMENT, encoding="utf-8")
    assert _matrix_from(desk, str(document)) == ""
    assert [record.name for record in caplog.records] == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--python", "three"),
            "argument --python: 'three' is not a Python version such as 3.11",
        ),
        *(
            (
                ("--name", name),
                (
                    f"argument --name: {name!r} is not a name for a matrix; use small letters, "
                    "digits and single hyphens"
                ),
            )
            for name in ("../../escaped", "/escaped", "a/b", "A", "a b", "a.toml", "-", "")
        ),
    ],
)
def test_what_cannot_be_the_name_or_python_of_a_matrix_is_refused(
    desk: Desk, options: tuple[str, str], said: str
) -> None:
    document = desk.root / "letters.md"
    document.write_text(DOCUMENT, encoding="utf-8")
    before = sorted(desk.root.parent.rglob("*.toml"))
    flag, value = options
    message = _matrix_from(desk, str(document), f"{flag}={value}")
    assert message.startswith(f"exit 2, nothing was written: {said}; usage: nox -s matrix-from --")
    assert sorted(desk.root.parent.rglob("*.toml")) == before


def test_a_first_matrix_that_would_be_none_is_not_written(desk: Desk) -> None:
    document = desk.root / "requirements.txt"
    document.write_text("-i ftp://example.org/simple\nalpha==1.0\n", encoding="utf-8")
    said = _matrix_from(desk, str(document))
    assert said.startswith(
        "exit 2, nothing was written: requirements.toml: [indexes.example-org-simple], key url"
    )
    assert not (desk.root / "matrices" / "requirements.toml").exists()
