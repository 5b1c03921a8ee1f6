"""What is written of a grid, and how it compares with a published one."""

from __future__ import annotations

from datetime import datetime, timezone
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from stackproof.errors import StackproofError
from stackproof.metadata.grid.making import compare
from stackproof.metadata.grid.published import read_published
from stackproof.metadata.grid.record import Axis, Cell, Demand, Grid, Proof, Sampling
from stackproof.report.grid import html_page, markdown_page, markdown_table, print_grid, rst_table

AXES = (Axis(name="host", versions=("2.2.4", "2.10.0")), Axis(name="guest", versions=("1", "2")))
CLASH = (Demand(by="host 2.2.4", on="x", range="<2"), Demand(by="guest 2", on="x", range=">=2"))


def _cell(one: str, other: str, state: str, reason: str, **more: object) -> Cell:
    data = {"versions": (one, other), "state": state, "reason": reason, "how": "resolution"}
    return Cell.model_validate(data | more)


CELLS = (
    _cell("2.2.4", "1", "compatible", "both resolve"),
    _cell("2.2.4", "2", "conflict", "host 2.2.4 requires x<2 | <b>", demands=CLASH),
    _cell("2.10.0", "1", "unknown", "out of time"),
    _cell("2.10.0", "2", "compatible", "both resolve"),
)


def _grid(**more: object) -> Grid:
    data = {
        "axes": AXES,
        "python": "3.10",
        "as_of": datetime(2025, 8, 1, tzinfo=timezone.utc),
        "row": None,
        "held": (),
        "builds": True,
        "started": datetime(2026, 1, 1, tzinfo=timezone.utc),
        "seconds": 1.5,
        "notes": (),
        "sampling": Sampling(unresolved=4, checked=3, disagreed=()),
        "cells": CELLS,
    }
    return Grid.model_validate(data | more)


MARKDOWN = """\
| host / guest | 1 | 2 |
| --- | :-: | :-: |
| 2.2.4 |  | x |
| 2.10.0 | ? |  |
"""

RST = """\
+--------------+---+---+
| host / guest | 1 | 2 |
+==============+===+===+
| 2.2.4        |   | x |
+--------------+---+---+
| 2.10.0       | ? |   |
+--------------+---+---+
"""


SIMPLE = """\
======  = ===
host    1 2
======  = ===
2.2.4       x
2.10.0  ?
======  = ===
"""

BARE = """\
host | 1 | 2
---|:-:|:-:
2.2.4 | | x
2.10.0 | ? | ✓
"""


def test_tables_are_ready_to_paste() -> None:
    assert markdown_table(_grid()) == MARKDOWN
    assert rst_table(_grid()) == RST


WRAPPED = RST.replace(
    "| 2.2.4        |   | x |", "| host         |   | x |\n| 2.2.4        |   |   |"
)


@pytest.mark.parametrize("text", [MARKDOWN, RST, SIMPLE, BARE, WRAPPED])
def test_what_is_written_can_be_read_as_a_published_grid(tmp_path: Path, text: str) -> None:
    file = tmp_path / "published"
    file.write_text(f"Title\n\n{text}\nMore.\n", encoding="utf-8")
    published = read_published(file, AXES)
    assert published == {cell.versions: cell.state for cell in CELLS}
    assert compare(CELLS, published) == []


def test_rows_and_columns_may_be_the_other_way_round(tmp_path: Path) -> None:
    file = tmp_path / "published.md"
    file.write_text("|g|2.10|v2.2|\n|-|-|-|\n|**1**|✅|❌|\n|9|x|x|\n", encoding="utf-8")
    published = read_published(file, AXES)
    assert published == {("2.10.0", "1"): "compatible", ("2.2.4", "1"): "conflict"}
    (found,) = compare(CELLS, published)
    assert (found.versions, found.published, found.found) == (
        ("2.2.4", "1"),
        "conflict",
        "compatible",
    )


def test_a_label_means_itself_before_what_it_begins(tmp_path: Path) -> None:
    axes = (Axis(name="a", versions=("2.2.0", "2.2.4")), Axis(name="b", versions=("1",)))
    file = tmp_path / "published.md"
    file.write_text("||1|\n|-|-|\n|2.2|x|\n", encoding="utf-8")
    assert read_published(file, axes) == {("2.2.0", "1"): "conflict"}
    file.write_text("||1|\n|-|-|\n|2|x|\n", encoding="utf-8")
    assert sorted(read_published(file, axes)) == [("2.2.0", "1"), ("2.2.4", "1")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no table", "no table has versions of host and guest as its rows and columns"),
        ("|a|7|\n|-|-|\n|8|x|\n", "no table has versions of host and guest"),
        ("|a|1|\n|-|-|\n|2.2|maybe|\n", "'maybe' in its table is no mark that is known"),
        (
            "|a|1|\n|-|-|\n|2.2.4|x|\n\n|a|1|\n|-|-|\n|2.2| |\n",
            "its tables contradict each other for 2.2.4/1",
        ),
    ],
)
def test_a_published_grid_must_be_understood(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "published.md"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StackproofError, match=message):
        read_published(file, AXES)
    with pytest.raises(StackproofError, match="cannot be read"):
        read_published(tmp_path / "none.md", AXES)


def test_where_either_is_unknown_nothing_differs() -> None:
    assert compare(CELLS, {("2.10.0", "1"): "conflict", ("2.2.4", "2"): "unknown"}) == []


def test_the_page_opens_a_reason_in_each_cell_and_trusts_nobody() -> None:
    page = html_page(_grid())
    assert page.count("<details>") == 4
    assert "host 2.2.4 requires x&lt;2 | &lt;b&gt;" in page
    assert '<td class="unknown"><details><summary aria-label="2.10.0 with 1: unknown">?' in page
    assert "<script" not in page


def test_the_markdown_page_says_why() -> None:
    page = markdown_page(_grid(against="theirs.md", compared=3, notes=("a note",)))
    assert "# host × guest, Python 3.10 as of 2025-08-01: 2 compatible, 1 conflict" in page  # noqa: RUF001
    assert MARKDOWN in page
    assert "| 2.2.4 | 2 | conflict | host 2.2.4 requires x&lt;2 \\| &lt;b> |" in page
    assert "3 cells are in both; 0 differ." in page
    assert "- a note" in page


def test_what_was_refuted_by_installing_is_marked() -> None:
    proof = Proof(outcome="failed", message="import:guest: no module", evidence="e")
    refuted = CELLS[0].model_copy(update={"proof": proof})
    grid = _grid(cells=(refuted, *CELLS[1:]))
    assert "| 2.2.4 | ! | x |" in markdown_table(grid)
    assert "compatible | both resolve; installed: failed, import:guest: no module |" in (
        markdown_page(grid)
    )
    assert grid.exit_code == 1
    page = html_page(grid)
    assert 'class="refuted"><details><summary aria-label="2.2.4 with 1: compatible, failed ' in page


def test_what_could_not_be_proved_by_installing_is_not_known() -> None:
    proof = Proof(outcome="unjudged", message="the disk is full", evidence="e")
    unproved = CELLS[0].model_copy(update={"proof": proof})
    grid = _grid(cells=(unproved, *CELLS[1:]))
    assert "| 2.2.4 | ? | x |" in markdown_table(grid)
    assert "1 unknown; installed: 1 unjudged" in markdown_page(grid)
    assert grid.exit_code == 2
    proved = CELLS[3].model_copy(
        update={"proof": Proof(outcome="passed", message="", evidence="e")}
    )
    assert _grid(cells=(unproved, *CELLS[1:3], proved)).exit_code == 0


def test_the_terminal_says_each_reason_once() -> None:
    output = StringIO()
    more = _cell("2.10.0", "1", "conflict", CELLS[1].reason)
    cells = (*CELLS[:2], more, CELLS[3])
    print_grid(_grid(cells=cells), Path("reports/grid.html"), Console(file=output, width=200))
    lines = output.getvalue().splitlines()
    assert "x 2.2.4/2, 2.10.0/1: host 2.2.4 requires x<2 | <b>" in lines
    assert lines[-1] == (
        "host × guest, Python 3.10 as of 2025-08-01: 2 compatible, 2 conflict, "  # noqa: RUF001
        "0 unknown in 1.5 s; report: reports/grid.html"
    )


@pytest.mark.parametrize(
    ("states", "code"), [(("compatible", "conflict"), 0), (("unknown", "unknown"), 2)]
)
def test_a_grid_of_nothing_but_question_marks_judges_nothing(
    states: tuple[str, str], code: int
) -> None:
    cells = [_cell("1", str(number), state, "r") for number, state in enumerate(states)]
    assert _grid(cells=cells).exit_code == code


def test_what_contradicts_is_news() -> None:
    differs = compare(CELLS, {("2.2.4", "1"): "conflict"})
    assert _grid(differences=differs).exit_code == 1
    sampling = Sampling(unresolved=4, checked=3, disagreed=(("1", "1"),))
    assert _grid(sampling=sampling).exit_code == 1
