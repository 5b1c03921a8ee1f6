"""The doors that nox has to the audit: what stands behind `--`, what is written, how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, cast

import nox
import pytest
from audit_bench import Desk, matrix_text
from support.index import Fault, Index
from support.wheels import Release
from test_document import DOCUMENT

from stackproof.sessions import audit_rows, matrix_from

OPTIONAL = '\n[rows.more]\nsummary = "M"\ndefault = false\n'


class _FailedError(Exception):
    """The session failed."""


@dataclass
class _Session:
    """As much of a nox session as our doors use."""

    posargs: list[str]
    env: dict[str, Any] = field(default_factory=dict)

    def error(self, message: str) -> NoReturn:
        raise _FailedError(message)


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
    session = _Session(list(posargs), {**dict(desk.place.environ), **env})
    try:
        audit_rows(cast("nox.Session", session), desk.root)
    except _FailedError as error:
        return str(error)
    return ""


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


def test_a_row_or_a_matrix_can_be_named(desk: Desk) -> None:
    assert _audit(desk, "tiny/more") == ""
    assert list(_written(desk)["pairs"]) == ["tiny/more"]
    assert _audit(desk, "tiny", "tiny/more", "tiny/plain") == ""
    assert sorted(_written(desk)["pairs"]) == ["tiny/more", "tiny/plain"]


@pytest.mark.parametrize(
    ("posargs", "said"),
    [
        (["tinny"], "exit 2, could not judge: there is no matrix 'tinny'; did you mean 'tiny'?"),
        (
            ["tiny/pain"],
            "exit 2, could not judge: tiny has no row 'pain'; did you mean 'plain'?",
        ),
        (
            ["--fast"],
            (
                "exit 2, could not judge: unrecognized arguments: --fast; usage: nox -s audit -- "
                "[--document FILE.md] [MATRIX[/ROW] ...]"
            ),
        ),
        (
            ["--document", "none.md"],
            "exit 2, could not judge: none.md: cannot be read (No such file or directory)",
        ),
    ],
)
def test_what_cannot_be_understood_ends_with_exit_2(
    desk: Desk, posargs: list[str], said: str
) -> None:
    assert _audit(desk, *posargs) == said
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


def test_an_index_that_fails_ends_with_exit_2(desk: Desk) -> None:
    desk.index.fail(Fault.SERVER_ERROR)
    assert _audit(desk).startswith("exit 2, could not judge: the package index http://127.0.0.1:")


def test_a_document_is_compared(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    document = desk.root / "letters.md"
    document.write_text(DOCUMENT.replace("| beta | 2.0 |", "| beta | 2.1 |"), encoding="utf-8")
    assert _audit(desk, "--document", str(document)) == "exit 1"
    printed = capsys.readouterr().out
    assert (
        "error    letters.md:7 document: the table lists beta 2.1, the matrix pins 2.0" in printed
    )


def _matrix_from(desk: Desk, *posargs: str) -> str:
    try:
        matrix_from(cast("nox.Session", _Session(list(posargs))), desk.root)
    except _FailedError as error:
        return str(error)
    return ""


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


def test_a_first_matrix_that_would_be_none_is_not_written(desk: Desk) -> None:
    document = desk.root / "letters.md"
    document.write_text(DOCUMENT, encoding="utf-8")
    said = _matrix_from(desk, str(document), "--python", "three")
    assert said.startswith("exit 2, nothing was written: letters.toml: top level, key python: ")
    assert not (desk.root / "matrices" / "letters.toml").exists()
