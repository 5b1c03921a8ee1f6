"""Repairs that ask back by themselves, and leave out by a bound what broke the row."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.desk import AS_OF, BAD_DAY
from support.index import Index
from support.matrices import matrix, pin, stage
from support.sessions import call
from support.wheels import Release
from support.workbench import Bench

from stackproof import cli
from stackproof.evidence.folder import Evidence
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import load_matrix

OLD = {"lamps/__init__.py": "def shine():\n    return 'bright'\n"}
NEW = {"lamps/__init__.py": "def glow():\n    return 'bright'\n"}
USES = {"phone/__init__.py": "from lamps import shine\n"}
SAID = "ImportError: cannot import name 'shine' from 'lamps'"


def repair(bench: Bench, *options: str, more: str = "") -> tuple[str, dict[str, Any]]:
    """Return how the session ends, and what was written; `more` are keys of the stage."""
    (bench.root / "tests/stack/workloads/test_sum.py").unlink(missing_ok=True)
    one = stage("one", "phone", step="Install phone.")
    text = matrix("Tiny", pin("phone"), f"{one.rstrip()}\n{more}\n")
    bench.write("matrices/tiny.toml", text)
    words = ("plain", "--as-of", AS_OF, *options)
    ended = call(cli.repair, bench.project, words, bench.environ)
    file = bench.root / "reports/tiny/plain/repair.json"
    return ended, json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture
def dark(bench: Bench, index: Index) -> Bench:
    index.add(
        Release("phone", "1.0", requires=["lamps"], modules=USES),
        Release("lamps", "1.0", modules=OLD),
        Release("lamps", "1.4", modules=OLD),
        # What it brings along has nothing to do with what is broken.
        Release("lamps", "2.0", requires=["bulbs>=1"], modules=NEW, uploaded=BAD_DAY),
        Release("bulbs", "1.0"),
        Release("lamps", "2.1", modules=NEW, uploaded=BAD_DAY.replace(day=9)),
    )
    return bench


def test_no_timeline_is_needed_for_a_bound_and_the_newest_version_in_it(dark: Bench) -> None:
    ended, found = repair(dark, "--write")
    assert (ended, found["found"], found["confirmed"], found["minimal"]) == ("", True, True, True)
    (lamps,) = found["pins"]
    assert (lamps["name"], lamps["range"], lamps["version"]) == ("lamps", "<2", "1.4")
    assert lamps["mends"] == ["import:*", "import:phone"]
    assert lamps["because"] == (
        f"lamps 2.0, uploaded 2025-03-02T10:00:00Z, replaces 1.4; import:*, import:phone: {SAID}"
    )
    assert found["builds"] == 7
    # The broken row, and what is found: that the bound comes to the very same needs no suite.
    probes = Evidence.runs(dark.root / "reports/tiny/plain/probes")
    assert [evidence.plan.only for evidence in probes].count(()) == 2
    plan = make_plan(
        load_matrix(dark.root / "matrices/tiny.toml"), name="tiny", row="plain-repaired"
    )
    assert plan.stages[-1].requirements == ("lamps<2",)
    assert dark.verify(plan)[0].verdict == "ok"


def test_exact_pins_are_those_that_are_known_to_go_together(dark: Bench) -> None:
    ended, found = repair(dark, "--exact")
    assert ended == "exit 1"
    assert found["pins"] == []
    assert found["builds"] == 1


def test_a_build_dependency_is_told_as_a_build_constraint(bench: Bench, index: Index) -> None:
    picky = "import tool\nif tool.__version__ == '3.0':\n    raise SystemExit('no old_api')\n"
    index.add(
        Release("tool", "1.0"),
        Release("tool", "3.0", uploaded=BAD_DAY),
        Release("phone", "1.0", form="sdist", build_requires=["tool"], build_code=picky),
    )
    ended, found = repair(bench)
    assert (ended, found["found"], found["pins"]) == ("", True, [])
    assert found["build_constraints"] == ["tool<3"]
    assert found["builds"] == 3


def test_a_repair_stays_within_what_a_stage_is_held_to(dark: Bench) -> None:
    ended, found = repair(dark, more='held-to = ["lamps!=1.4"]')
    (lamps,) = found["pins"]
    assert (ended, lamps["range"], lamps["version"]) == ("", "<2", "1.0")
