"""Trials that ask first what they reach, and what comes of all that they leave out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.checkout import Checkout
from support.index import Index
from support.matrices import matrix, pin, stage
from support.wheels import Release
from support.workbench import Bench

STACK = matrix(
    "Lamps",
    pin("engine", area="1", role="moves"),
    pin("lamp", area="2", role="shines"),
    pin("wire", area="2", role="connects"),
    stage("all", "engine", "lamp", "wire", step="One."),
    row="verified",
    summary="Works.",
)
RELEASES = (
    Release("engine", "1.0"),
    Release("engine", "2.0"),
    Release("lamp", "1.0"),
    Release("lamp", "2.0", modules={"lamp/__init__.py": "raise ImportError('the bulb is out')\n"}),
    Release("wire", "1.0", modules={"wire/__init__.py": "import lamp\n__version__ = '1.0'\n"}),
)
ENGINE = """\
import pytest


@pytest.mark.workload("moves", needs=("engine",), seconds=0.1, timeout=20)
def test_moves() -> None:
    import engine
"""
#: Reads what is installed in a way that nobody hears of: from a list that another process keeps.
CHEAT = """\
import pytest


@pytest.mark.workload("cheats", needs=("lamp",), seconds=0.1, timeout=20)
def test_cheats() -> None:
    import os, sys
    places = [place for place in sys.path if place.endswith("site-packages")]
    names = [name for place in places for name in os.listdir(place)]
    assert "engine-1.0.dist-info" in names
"""


@pytest.fixture
def checkout(bench: Bench, index: Index) -> Checkout:
    index.add(*RELEASES)
    made = Checkout(bench)
    made.write_matrix(STACK, name="lamps")
    (bench.root / "matrices" / "tiny.toml").unlink()
    (bench.root / "tests" / "stack" / "workloads" / "test_sum.py").unlink()
    bench.write("tests/stack/workloads/test_moves.py", ENGINE)
    return made


#: Takes its time with the release that breaks everything else, so that it cannot answer first.
SLOW = """\
import pytest


@pytest.mark.workload("shines", needs=("lamp",), seconds=0.1, timeout=60)
def test_shines() -> None:
    import time
    from importlib.metadata import version
    if version("lamp") == "2.0":
        time.sleep(40)
"""
ALONE = matrix(
    "Lamps",
    pin("lamp", area="2", role="shines"),
    stage("all", "lamp", step="One."),
    row="verified",
    summary="Works.",
)


def home(checkout: Checkout, requested: str) -> Path:
    row = checkout.bench.root / "reports" / "candidates" / f"lamps-verified-{requested}"
    return row / "latest"


def trial(checkout: Checkout, requested: str, of: str = "verdict") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (home(checkout, requested) / f"{of}.json").read_text("utf-8")
    )
    return found


def test_a_first_look_tells_what_an_upgrade_reaches_and_goes_on(checkout: Checkout) -> None:
    code, lines = checkout.run("candidate", "engine==2.0", "--first-look")
    assert code == 0, lines
    (first,) = (line for line in lines if line.startswith("first look, after "))
    assert first.endswith(" passed")
    (told,) = (line for line in lines if line.startswith("first look: "))
    assert lines.index(first) < lines.index(told)
    # Links wait for the trial.
    links = next(number for number, line in enumerate(lines) if line.startswith("links "))
    assert lines.index(told) < links
    # Its import, its version and its workload; what imports all comes with the rest.
    assert told.startswith("first look: 3 of 3 affected checks pass after ")
    assert told.endswith("; 5 other ones to go")
    found = trial(checkout, "engine-2.0")
    # The verdict is that of the whole suite.
    assert found["counts"]["passed"] == 10
    assert found["reach"] == {"asked": 3, "left_out": 4, "disagreements": []}
    before = trial(checkout, "engine-2.0")["checks"]
    assert checkout.run("candidate", "engine==2.0")[0] == 0
    assert [item["id"] for item in trial(checkout, "engine-2.0")["checks"]] == [
        item["id"] for item in before
    ]


def test_what_breaks_is_told_at_once(checkout: Checkout) -> None:
    code, lines = checkout.run("candidate", "lamp==2.0", "--first-look")
    assert code == 1
    soon = [line for line in lines if line.endswith(": import:lamp failed, and passed before")]
    told = next(number for number, line in enumerate(lines) if line.startswith("first look: "))
    assert lines.index(soon[0]) < told
    assert lines[told].startswith("first look: 2 of 4 affected checks pass after ")
    assert any("the bulb is out" in line for line in lines[told + 1 : told + 5])
    assert trial(checkout, "lamp-2.0")["counts"]["failed"] == 3


def test_a_frontier_ends_a_trial_with_what_it_breaks(checkout: Checkout) -> None:
    code, lines = checkout.run("frontier", "lamp", "engine")
    assert code == 0, lines
    home = checkout.bench.root / "reports" / "candidates"
    plans = {
        path.parents[1].name.removeprefix("lamps-verified-"): json.loads(path.read_text("utf-8"))
        for path in home.glob("*/latest/plan.json")
    }
    # lamp 2.0 breaks what it reaches, and is asked nothing else; engine 2.0 passes the whole suite.
    assert "smoke:moves" not in plans["lamp-2.0"]["only"]
    assert "import:lamp" in plans["lamp-2.0"]["only"]
    assert plans["engine-2.0"]["only"] == []
    assert any("lamp 1.0: " in line and "the bulb is out" in line for line in lines)
    assert "of what 1 whole trial did not reach, 0 of 4 checks answered otherwise" in lines
    before = sorted((checkout.bench.root / "reports").rglob("verdict.json"))
    assert checkout.run("frontier", "lamp", "engine")[0] == 0
    # Nothing is tried twice.
    assert sorted((checkout.bench.root / "reports").rglob("verdict.json")) == before


@pytest.mark.parametrize("stack", [STACK, ALONE], ids=["reaches-some", "reaches-all"])
def test_one_break_ends_a_trial_of_a_frontier(checkout: Checkout, stack: str) -> None:
    checkout.write_matrix(stack, name="lamps")
    checkout.bench.write("tests/stack/workloads/test_shines.py", SLOW)
    assert checkout.run("frontier", "lamp")[0] == 0
    found, run = trial(checkout, "lamp-2.0"), trial(checkout, "lamp-2.0", "run")
    assert (found["verdict"], found["untold"], run["suite_exit"]) == ("broken", None, None)
    outcomes = {check["id"]: check["outcome"] for check in found["checks"]}
    assert outcomes[run["settled_by"]] == "failed"
    assert outcomes["stage:all"] == outcomes["pip-check:*"] == "passed"
    # The workload that takes the longest of what is reached had no time to answer.
    assert "smoke:shines" not in outcomes
    assert sorted(trial(checkout, "lamp-2.0", "plan")["only"]) == sorted(outcomes)
    loaded = trial(checkout, "lamp-2.0", "loaded")["checks"]
    assert run["settled_by"] in loaded


def test_what_the_build_breaks_ends_a_trial_of_a_frontier(checkout: Checkout, index: Index) -> None:
    # Together they go with plug 1.0, and stage by stage with none.
    index.add(
        Release("wire", "1.5", requires=["plug"]),
        Release("wire", "2.0", requires=["plug"]),
        Release("plug", "1.0"),
        Release("plug", "2.0", requires=["lamp>=1.5"]),
    )
    wire_first = stage("one", "wire", step="One.") + stage("two", "engine", "lamp", step="Two.")
    one = stage("all", "engine", "lamp", "wire", step="One.")
    stack = STACK.replace(one, wire_first).replace(
        "[[pins]]", 'servers = ["grafana"]\n\n[[pins]]', 1
    )
    checkout.write_matrix(stack, name="lamps")
    code, lines = checkout.run("frontier", "wire")
    assert code == 0, lines
    (told,) = (line for line in lines if "wire 1.0: " in line)
    assert "pip-check:*: " in told
    assert "lamp>=1.5" in told
    # The complaint of one distribution says the same, and is not told again.
    assert "pip-check:plug" not in told
    assert trial(checkout, "wire-2.0", "run")["settled_by"] == "pip-check:*"
    asked = {check["kind"] for check in trial(checkout, "wire-2.0")["checks"]}
    assert asked == {"stage", "pip-check"}
    # A trial, and a probe for the step below it: on a row with servers, too, none is made twice.
    before = sorted((checkout.bench.root / "reports").rglob("verdict.json"))
    assert checkout.run("frontier", "wire")[0] == 0
    assert sorted((checkout.bench.root / "reports").rglob("verdict.json")) == before


def test_samples_are_asked_every_check(checkout: Checkout) -> None:
    code, lines = checkout.run("frontier", "lamp", "--sample", "1")
    assert code == 0, lines
    assert trial(checkout, "lamp-2.0")["reach"]["disagreements"] == []
    assert trial(checkout, "lamp-2.0")["reach"]["left_out"] > 0
    assert any(line.startswith("of what 1 whole trial did not reach, 0 of ") for line in lines)


def test_what_no_record_foresaw_is_named(checkout: Checkout) -> None:
    checkout.bench.write("tests/stack/workloads/test_cheats.py", CHEAT)
    code, lines = checkout.run("candidate", "engine==2.0", "--first-look")
    # The whole suite decides: what the first look left out is a regression all the same.
    assert code == 1
    found = trial(checkout, "engine-2.0")
    assert found["comparison"]["regressions"] == ["smoke:cheats"]
    assert [item["check"] for item in found["reach"]["disagreements"]] == ["smoke:cheats"]
    said = "no record of what it loads foresaw this: smoke:cheats: failed, "
    assert any(said in line for line in lines)
    code, lines = checkout.run("frontier", "engine")
    assert code == 1
    assert "a first look would have left out what answers otherwise: smoke:cheats" in lines[-1]
    assert "exit 2" in lines[-1]


def test_another_python_reaches_everything(checkout: Checkout) -> None:
    code, lines = checkout.run("candidate", "--python", "3.12", "--first-look")
    assert not [line for line in lines if line.startswith("first look")]
    assert code in (0, 1)
