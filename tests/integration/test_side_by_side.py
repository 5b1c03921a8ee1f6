"""Searches whose plans are carried out side by side on this machine."""

from __future__ import annotations

import json
import signal

import pytest
from support.checkout import Checkout
from support.engines import AS_OF, FRONTIER, HANGING, builds, engines, overlapping, table
from support.kept_reports import KeptReports
from support.processes import mentioning, wait_for
from support.workbench import Bench


@pytest.fixture
def checkout(bench: Bench, kept_reports: KeptReports) -> Checkout:
    return engines(bench, kept_reports)


@pytest.mark.parametrize("at_once", [pytest.param("1", marks=pytest.mark.slow), "3"])
def test_a_frontier_is_the_same_however_many_builds_go_on_at_a_time(
    checkout: Checkout, at_once: str
) -> None:
    code, lines = checkout.run("frontier", "--as-of", AS_OF, "--side-by-side", at_once)
    assert code == 0, "\n".join(lines)
    assert table(checkout) == FRONTIER
    assert (overlapping(builds(checkout)) > 1) == (at_once != "1")
    pins = [line.partition(" of 3, ")[2].split()[0] for line in lines if " of 3, " in line]
    assert pins == list(FRONTIER)


def test_candidates_are_tried_side_by_side_and_told_in_order(checkout: Checkout) -> None:
    asked = ("engine==2.5", "lamp==1.1", "--as-of", AS_OF, "--side-by-side", "3")
    code, lines = checkout.run("candidate", *asked)
    assert code == 0, lines
    told = [line for line in lines if line.startswith(("engine==", "lamp=="))]
    assert [line.partition(": ")[0] for line in told] == [
        "engine==2.5",
        "engine==2.5 with vision==2.0",
        "lamp==1.1",
        "engine==2.5 lamp==1.1 with vision==2.0",
        # A group that fails comes last, since who is to blame may take more trials.
        "engine==2.5 lamp==1.1",
    ], lines
    assert overlapping(builds(checkout)) > 1


@pytest.mark.fault("machines")
@pytest.mark.slow
def test_an_interrupted_search_leaves_nothing_at_work_and_keeps_what_it_has(
    checkout: Checkout,
) -> None:
    checkout.bench.index.add(*HANGING)
    reports = checkout.bench.root / "reports"
    arguments = ("lamp", "vision", "--as-of", AS_OF, "--side-by-side", "2")
    running = checkout.start("-s", "frontier", "--", *arguments)
    wait_for(lambda: len(list(reports.glob("candidates/*/*/suite.log"))) == 2, seconds=120)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=60)
    assert running.returncode != 0
    assert output.count("  stopped") == 2
    wait_for(lambda: not mentioning(str(checkout.bench.root)), seconds=5)
    ends = [
        json.loads(file.read_text("utf-8")) for file in reports.glob("candidates/*/2*/run.json")
    ]
    assert [end["trouble"] for end in ends] == ["interrupted during suite"] * 2
