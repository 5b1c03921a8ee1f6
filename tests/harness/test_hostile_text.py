"""Text from outside: a hostile matrix file, control characters, and constraint files."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from stackproof.environment.constraints import constraint_lines
from stackproof.errors import MatrixError, Problem
from stackproof.matrix import load_matrix
from stackproof.plan import timestamp
from stackproof.sessions.nox_session import console
from stackproof.templates import markdown_templates
from stackproof.text import plain


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
    said = str(Problem(file="a.toml", where="[pins \x1b[31mx\ny]", message="\u202ewrong"))
    assert said == "a.toml: [pins x y]: wrong"


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
def test_no_markup_of_others_is_live_in_markdown() -> None:
    templates = markdown_templates("stackproof.report")
    text = templates.from_string("{{ said | cell }}").render(
        said="<script>x</script> [a](javascript:b) ![p](http://c)\u202e\x9b2J\x1b"
    )
    assert text == "&lt;script>x&lt;/script> [a]\\(javascript:b) ![p]\\(http://c)"
