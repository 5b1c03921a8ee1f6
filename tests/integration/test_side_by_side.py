"""Searches whose plans are carried out side by side on this machine."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from support.checkout import Checkout
from support.engines import AS_OF, FRONTIER, engines, overlapping, table
from support.kept_reports import KeptReports
from support.processes import mentioning, wait_for
from support.workbench import Bench

#: A check that does not end by itself, and leaves word that it began.
HANGS = """\
import time
from importlib.metadata import version
from pathlib import Path

import pytest


@pytest.mark.workload("hang", needs=("lamp",), seconds=0.1, timeout=600)
def test_hang() -> None:
    versions = version("engine"), version("lamp")
    if versions != ("1.0", "1.0"):
        Path({folder!r}, "-".join(versions)).touch()
        time.sleep(600)
"""


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
    assert (overlapping(checkout) > 1) == (at_once != "1")
    pins = [line.partition(" of 3, ")[2].split()[0] for line in lines if " of 3, " in line]
    assert pins == list(FRONTIER)


def test_candidates_are_tried_side_by_side_and_told_in_order(checkout: Checkout) -> None:
    asked = ("lamp==1.1", "vision==2.0", "--as-of", AS_OF, "--side-by-side", "2")
    code, lines = checkout.run("candidate", *asked)
    assert code == 1, lines
    told = [line for line in lines if line.startswith(("lamp==", "vision==", "engine=="))]
    assert [line.partition(":")[0] for line in told[:2]] == ["lamp==1.1", "vision==2.0"], lines
    homes = checkout.bench.root / "reports" / "candidates"
    assert all(len(list(home.glob("[0-9]*"))) == 1 for home in homes.iterdir())


def test_an_interrupted_search_leaves_nothing_at_work_and_keeps_what_it_has(
    checkout: Checkout, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    begun.mkdir()
    checkout.bench.write("tests/stack/workloads/test_hang.py", HANGS.format(folder=str(begun)))
    arguments = ("lamp", "vision", "--as-of", AS_OF, "--side-by-side", "2")
    running = checkout.start("-s", "frontier", "--", *arguments)
    wait_for(lambda: len(list(begun.iterdir())) == 2, seconds=120)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=60)
    assert running.returncode != 0
    assert "  stopped" in output
    wait_for(lambda: not mentioning(str(checkout.bench.root)), seconds=5)
    runs = (checkout.bench.root / "reports").rglob("[0-9]*/run.json")
    troubles = [json.loads(file.read_text("utf-8"))["trouble"] for file in runs]
    assert sorted(filter(None, troubles)) == ["interrupted during suite"] * 2
