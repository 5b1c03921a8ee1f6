"""The matrix: what a file may say, and what its reader is told where it may not."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from support.matrix_cases import CASES, FAILURE, FULL, OVERRIDE, changed
from support.workbench import ROOT, toml

from stackproof.errors import MatrixError
from stackproof.matrix.files import find_matrices
from stackproof.matrix.load import load_matrix, parse_matrix


def problems(data: dict[str, Any]) -> list[str]:
    """Return every problem that a matrix is refused for, as its user reads it."""
    with pytest.raises(MatrixError) as caught:
        parse_matrix(data, file="full.toml")
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", CASES)
def test_the_user_is_told(name: str) -> None:
    wrong = CASES[name]
    assert problems(changed(**wrong.changes)) == list(wrong.problems)


def test_a_row_below_a_broken_one_is_not_blamed() -> None:
    data = changed(rows__mended__base="bass", rows__again__overrides=[OVERRIDE])
    assert problems(data) == [
        "full.toml: [rows.mended], key base: there is no row 'bass'; did you mean 'base'?"
    ]


def test_all_wrong_values_of_a_file_are_told_together() -> None:
    data = changed(
        pins__0__version="latest",
        pins__0__verison=["1.0"],
        pins__1__reason="not a key of a pin",
        stages__1__requirements=["delta"],
        groups__greek=["alpha", "Beta"],
        constraints__beta__pin=7,
        rows__mended__overrides=[{**OVERRIDE, "date": "today"}],
        rows__base__known_failures=[{**FAILURE, "check": "import:alhpa", "reason": ""}],
    )
    assert problems(data) == [
        (
            "full.toml: [groups], key greek number 2: 'Beta': write the name in its normal "
            "form, 'beta'"
        ),
        ("full.toml: [constraints.beta], key pin: 7 is of the wrong type; write text in quotes"),
        (
            "full.toml: [pins number 1 (alpha)], key version: 'latest': not a version; write "
            "one exact version such as '2.5.1'"
        ),
        (
            "full.toml: [pins number 1 (alpha)], key verison: unknown key 'verison'; did you "
            "mean 'version'?"
        ),
        (
            "full.toml: [pins number 2 (beta)], key reason: unknown key 'reason'; did you "
            "mean 'version' or 'area'?"
        ),
        (
            "full.toml: [stages number 2 (two)], key requirements number 1: 'delta': says no "
            "version; write 'delta==<version>', or name a pin in 'pins'"
        ),
        (
            "full.toml: [rows.base.known-failures number 1 (import:alhpa)], key reason: must "
            "not be empty"
        ),
        (
            "full.toml: [rows.mended.overrides number 1 (alpha)], key date: 'today': not a "
            "date; write one such as 2025-04-01, without quotes"
        ),
    ]


def test_all_wrong_references_of_a_file_are_told_together() -> None:
    data = changed(
        stages__0__pins=["alhpa"],
        stages__1__index="far",
        rows__mended__overrides=[{**OVERRIDE, "pin": "alfa"}],
        rows__again__base="mend",
        rows__base__known_failures=[{**FAILURE, "check": "import:alhpa"}],
    )
    assert problems(data) == [
        (
            "full.toml: [stages number 1 (one)], key pins number 1: there is no pin 'alhpa'; "
            "did you mean 'alpha'?"
        ),
        ("full.toml: [stages number 2 (two)], key index: there is no index 'far'; there are near"),
        (
            "full.toml: [rows.base.known-failures number 1 (import:alhpa)], key check: there "
            "is no pin 'alhpa'; did you mean 'alpha'?"
        ),
        (
            "full.toml: [rows.mended.overrides number 1 (alfa)], key pin: overrides a pin "
            "that is not there: 'alfa'; did you mean 'alpha'?"
        ),
        ("full.toml: [rows.again], key base: there is no row 'mend'; did you mean 'mended'?"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        # The names that are wrong here are the ones that other parts of the file refer to: no more
        # can be said of those parts.
        {"pins__0__name": "alpha!"},
        {"rows__Base row": {"summary": "x"}},
        {"indexes": "near"},
        {"stages__0": "one"},
        {"rows__base": "x"},
    ],
)
def test_what_rests_on_a_wrong_name_is_not_judged(changes: dict[str, object]) -> None:
    assert len(problems(changed(**changes))) == 1


def test_a_matrix_may_say_all_this() -> None:
    matrix = parse_matrix(changed(), file="full.toml")
    assert [pin.name for pin in matrix.pins] == ["alpha", "beta"]
    assert matrix.pin("beta").extras == ("fast",)
    assert matrix.rows["mended"].as_of == datetime(2025, 4, 1, tzinfo=timezone.utc)
    assert [row.summary for row in matrix.lineage("again")] == [
        "As the document says.",
        "Mended.",
        "Mended again.",
    ]
    assert (matrix.rows["base"].default, matrix.rows["mended"].default) == (True, False)


def test_there_is_no_pin_of_another_name() -> None:
    with pytest.raises(KeyError, match=r"^'omega'$"):
        parse_matrix(changed(), file="full.toml").pin("omega")


def test_the_matrix_of_this_project_is_valid() -> None:
    matrices = find_matrices(ROOT / "matrices")
    assert {name: len(load_matrix(file).pins) for name, file in matrices.items()} == {
        "mlops": 21,
        "rhoai-workbench": 18,
        "tfx": 11,
    }


# --- files -----------------------------------------------------------------------------------


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "full.toml").write_text(FULL, encoding="utf-8")
    assert load_matrix(tmp_path / "full.toml") == parse_matrix(toml(FULL), file="full.toml")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"format = ", "is not TOML ("),
        (b'title = "\xe4"', "is not UTF-8 text ('utf-8' codec can't decode byte 0xe4 in position"),
        (b"a = 1\na = 2", "is not TOML ("),
    ],
)
def test_a_file_that_cannot_be_read(content: bytes | None, told: str, tmp_path: Path) -> None:
    file = tmp_path / "full.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(MatrixError) as caught:
        load_matrix(file)
    # What is in the brackets is Python's own, and differs by its version.
    assert str(caught.value).startswith(f"full.toml: the file: {told}")
    assert len(caught.value.problems) == 1


def test_a_file_with_problems_is_named_in_each(tmp_path: Path) -> None:
    text = FULL.replace('index = "near"', 'index = "far"').replace('base = "base"', 'base = "b"')
    (tmp_path / "other.toml").write_text(text, encoding="utf-8")
    with pytest.raises(MatrixError) as caught:
        load_matrix(tmp_path / "other.toml")
    assert str(caught.value).splitlines() == [
        "other.toml: [stages number 1 (one)], key index: there is no index 'far'; there are near",
        "other.toml: [rows.mended], key base: there is no row 'b'; there are again, base, mended",
    ]


def test_matrices_are_found_by_name(tmp_path: Path) -> None:
    for name in ("b.toml", "a.toml", "a.txt"):
        (tmp_path / name).touch()
    assert list(find_matrices(tmp_path).items()) == [
        ("a", tmp_path / "a.toml"),
        ("b", tmp_path / "b.toml"),
    ]
