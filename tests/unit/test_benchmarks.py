"""The benchmarks compare medians, and take nothing for a figure that did not do its work."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.workbench import ROOT

sys.path.insert(0, str(ROOT))

from benchmarks import machines
from benchmarks.__main__ import BrokenError, Figure, main, page, timed
from benchmarks.machines import Search, simulate


def _figures(*walls: float) -> list[Figure]:
    return [Figure(wall=wall, processor=wall / 2) for wall in walls]


def test_the_table_has_the_ratio_of_medians_and_the_goal() -> None:
    text = page({"list": (_figures(1, 9, 2), _figures(4, 4, 4)), "own": (_figures(2), _figures(1))})
    lines = text.splitlines()[-2:]
    assert lines[0].startswith("| list | 2.00 s | 4.00 s | 0.50 | 0.8 met | 1.00 s | 2.00 s | 0.50")
    assert "| 0.85 missed |" in lines[1]


def test_what_fails_is_no_figure_but_what_is_judged_is(tmp_path: Path) -> None:
    judged = "print('aborted: exit 1'); raise SystemExit(1)"
    assert timed([sys.executable, "-c", judged], tmp_path).processor > 0
    with pytest.raises(BrokenError, match="no such thing"):
        timed([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path)


def test_a_measurement_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["lisst", "--before", str(tmp_path)], tmp_path)
    assert "there is no measurement 'lisst'" in capsys.readouterr().err


def test_one_worker_takes_the_sum_and_many_take_the_longest_chain() -> None:
    search = Search("two", {"a": [("here", 2), ("there", 10)], "b": [("there", 5)]}, after=3)
    one, many = simulate(search, 1), simulate(search, 8)
    assert (one.seconds, many.seconds) == (2 + 10 + 5 + 3, 12 + 3)
    assert (one.bound, many.bound) == ("workers (88%)", "a alone (100%)")
    assert one.busy == pytest.approx(15 / 17)


def test_what_the_session_does_itself_is_done_by_its_two_cores() -> None:
    search = Search("four", {name: [("here", 6), ("there", 1)] for name in "abcd"})
    assert simulate(search, 64).seconds == 13
    assert simulate(search, 64).bound == "resolving (92%)"


def test_the_simulation_is_of_all_pins_and_of_fifty_rows() -> None:
    assert (len(machines.FRONTIER.chains), len(machines.MONTH.chains)) == (21, 50)
    lines = machines.page().splitlines()
    assert [line.split("|")[2].strip() for line in lines[2:]] == ["1", "4", "16", "64"] * 2
