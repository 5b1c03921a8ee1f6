"""The plan: a row resolved to data, the same each time, and nothing but what the row says."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from support.matrix_cases import FAILURE, OVERRIDE, changed
from support.workbench import ROOT

from stackproof.base.times import full_hour
from stackproof.errors import StackproofError
from stackproof.evidence.prereleases import taken
from stackproof.experiments.planner import Planner
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import parse_matrix
from stackproof.matrix.plan import Plan

APRIL = datetime(2025, 4, 1, tzinfo=timezone.utc)
EXTRA = {"name": "more", "step": "none", "reason": "why", "date": date(2025, 1, 2)}


def plan(row: str = "base", **changes: object) -> Plan:
    """Plan a row of the full matrix with some values changed."""
    return make_plan(parse_matrix(changed(**changes), file="full.toml"), name="full", row=row)


def arguments(planned: Plan) -> dict[str, list[str]]:
    return {stage.name: list(stage.arguments) for stage in planned.stages}


def test_a_row_as_the_document_has_it() -> None:
    planned = plan()
    assert (planned.matrix, planned.row, planned.python) == ("full", "base", "3.11")
    assert [(pin.name, pin.version, pin.documented) for pin in planned.pins] == [
        ("alpha", "1.0", "1.0"),
        ("beta", "2.0", "2.0"),
    ]
    assert arguments(planned) == {
        "one": ["alpha==1.0", "--default-index", "https://near.example/simple"],
        "two": [
            "beta[fast]==2.0",
            "delta>=1,<2",
            "--constraint",
            "https://beta.example/constraints-2.0/constraints-3.11.txt",
        ],
    }
    assert planned.checks == (
        "stage:one",
        "stage:two",
        "import:alpha",
        "import:beta",
        "import:*",
        "version:alpha",
        "version:beta",
        "pip-check:*",
    )
    assert [claim.model_dump() for claim in planned.claims] == [
        {"pin": None, "text": "all import", "checks": ("import:*", "pairwise:alpha:beta")},
        {"pin": "alpha", "text": "works", "checks": ("import:alpha",)},
    ]
    assert [failure.model_dump() for failure in planned.known_failures] == [
        {
            "check": "import:beta",
            "says": None,
            "reason": "why",
            "date": "2025-01-02",
            "until": None,
        }
    ]
    assert (planned.as_of, planned.notes, planned.servers) == (None, (), ("redis",))
    assert planned.groups == {"greek": ("alpha", "beta")}


def test_there_is_no_plan_of_a_row_that_is_not_there() -> None:
    with pytest.raises(StackproofError) as caught:
        plan("bass")
    assert str(caught.value) == "matrix 'full' has no row 'bass'; did you mean 'base'?"


# --- the same each time ----------------------------------------------------------------------

_PRINT = """
import sys
from support.matrix_cases import FULL
from stackproof.matrix.load import parse_matrix
from stackproof.base.json_text import to_json
from stackproof.evidence.prereleases import taken
from stackproof.installers.planning import make_plan
from support.workbench import toml
plan = make_plan(parse_matrix(toml(FULL), file="full.toml"), name="full", row="again")
sys.stdout.write(to_json(plan.to_data()) + plan.fingerprint)
"""


def test_a_plan_is_the_same_in_every_process() -> None:
    def printed(seed: str) -> str:
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
        environ = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        return subprocess.check_output([sys.executable, "-c", _PRINT], env=environ, text=True)

    first = printed("1")
    assert printed("2") == first
    assert first.endswith(plan("again").fingerprint)


def test_making_a_plan_changes_nothing() -> None:
    matrix = parse_matrix(changed(), file="full.toml")
    before = matrix.model_dump_json()
    first = make_plan(matrix, name="full", row="again")
    assert make_plan(matrix, name="full", row="again") == first
    assert matrix.model_dump_json() == before


def test_a_plan_is_read_back_as_it_was_written() -> None:
    planned = make_plan(
        parse_matrix(changed(), file="full.toml"), name="full", row="again", as_of=APRIL
    )
    again = Plan.model_validate(planned.to_data())
    assert again == planned
    assert again.fingerprint == planned.fingerprint
    assert planned.to_data()["as_of"] == "2025-04-01T00:00:00Z"


# --- the fingerprint -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Other"},
        {"document": "other.md"},
        {"claims": []},
        {"pins__0__claims": []},
        {"pins__0__area": "third"},
        {"pins__0__role": "numbers"},
        {"stages__0__step": "other words"},
        {"rows__base__summary": "Other."},
        {"rows__base__known_failures": [FAILURE]},
        {"rows__base__default": False},
        {"rows__mended__overrides": []},
        {"indexes__far": {"url": "https://far.example", "upload-times": True}},
    ],
)
def test_words_do_not_change_the_fingerprint(changes: dict[str, Any]) -> None:
    assert plan(**changes).fingerprint == plan().fingerprint


def test_reasons_do_not_change_the_fingerprint() -> None:
    def mended(reason: str) -> Plan:
        override = {**OVERRIDE, "reason": reason}
        stage = {**EXTRA, "requirements": ["gamma==1"], "reasons": {"gamma": reason}}
        return plan(
            "mended",
            rows__mended__overrides=[override],
            rows__mended__stages=[{**stage, "reason": reason}],
        )

    assert mended("one").fingerprint == mended("another").fingerprint
    assert mended("one") != mended("another")


@pytest.mark.parametrize(
    "changes",
    [
        {"python": "3.12"},
        {"pins__0__version": "1.1"},
        {"pins__1__extras": []},
        {"pins__0__imports": ["alpha.more"]},
        {"indexes__near__url": "https://far.example/simple"},
        {"constraints__beta__url": "https://other.example/{version}/{python}.txt"},
        {"rows__base__overrides": [OVERRIDE]},
        {"rows__base__python": "3.12"},
        {"rows__base__as_of": APRIL},
        {"rows__base__stages": [{**EXTRA, "requirements": ["gamma==1"]}]},
        {"stages__0": {"name": "zero", "step": "none", "requirements": ["gamma==1"]}},
    ],
)
def test_what_is_built_changes_the_fingerprint(changes: dict[str, Any]) -> None:
    assert plan(**changes).fingerprint != plan().fingerprint


def test_the_installer_and_the_cut_off_change_the_fingerprint() -> None:
    matrix = parse_matrix(changed(), file="full.toml")
    plans = [
        make_plan(matrix, name="full", row="base", installer=installer, as_of=as_of)
        for installer in ("uv", "pip")
        for as_of in (None, APRIL)
    ]
    assert len({planned.fingerprint for planned in plans}) == 4


# --- what a row adds -------------------------------------------------------------------------


def test_a_row_inherits_python_overrides_and_stages_alone() -> None:
    planned = plan("again", rows__mended__known_failures=[FAILURE])
    assert planned.python == "3.12"
    assert {pin.name: (pin.version, pin.documented, pin.reason) for pin in planned.pins} == {
        "alpha": ("1.0", "1.0", None),
        "beta": ("2.1", "2.0", "why"),
    }
    assert [stage.name for stage in planned.stages] == ["one", "mend", "two"]
    assert planned.as_of is None
    assert planned.known_failures == ()
    assert "stage:mend" in planned.checks


def test_a_row_has_its_own_cut_off_and_known_failures() -> None:
    planned = plan("mended", rows__mended__known_failures=[FAILURE])
    assert planned.as_of == APRIL
    assert [failure.check for failure in planned.known_failures] == ["import:alpha"]


def test_the_nearest_row_of_a_line_wins() -> None:
    planned = plan(
        "again",
        rows__again__overrides=[{**OVERRIDE, "pin": "beta", "version": "3.0"}],
        rows__again__python="3.13",
    )
    assert planned.python == "3.13"
    assert {pin.name: pin.version for pin in planned.pins} == {"alpha": "1.0", "beta": "3.0"}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (None, ["one", "mend", "two", "more"]),
        ("one", ["one", "more", "mend", "two"]),
        ("mend", ["one", "mend", "more", "two"]),
        ("two", ["one", "mend", "two", "more"]),
    ],
)
def test_an_extra_stage_stands_where_it_says(after: str | None, expected: list[str]) -> None:
    stage = {**EXTRA, "requirements": ["gamma==1"]}
    if after is not None:
        stage["after"] = after
    planned = plan("again", rows__again__stages=[stage])
    assert [item.name for item in planned.stages] == expected


GAMMA = {"requirement": "gamma<2", "reason": "2 has no shine", "date": date(2025, 1, 2)}


def test_what_a_row_adds_is_resolved_with_its_one_stage() -> None:
    alone = [{"name": "one", "step": "x", "pins": ["alpha"], "index": "near"}]
    planned = plan("base", stages=alone, rows__base__additions=[GAMMA])
    near = ["--default-index", "https://near.example/simple"]
    assert arguments(planned) == {"one": ["alpha==1.0", "gamma<2", *near]}
    assert planned.stages[0].reasons == {"gamma": "2 has no shine"}


def test_what_a_row_adds_to_several_stages_is_installed_last() -> None:
    planned = plan("again", rows__mended__additions=[GAMMA])
    assert [stage.name for stage in planned.stages] == ["one", "mend", "two", "asked-for"]
    last = planned.stages[-1]
    assert (last.arguments, last.reasons) == (("gamma<2",), {"gamma": "2 has no shine"})
    assert "gamma" not in planned.stages[0].reasons


def test_pins_stand_in_the_order_in_which_they_are_installed() -> None:
    stages = [
        {"name": "one", "step": "x", "pins": ["beta"]},
        {"name": "two", "step": "x", "pins": ["beta"]},
    ]
    assert [pin.name for pin in plan("base", stages=stages).pins] == ["beta", "alpha"]


def test_constraints_go_by_the_version_and_the_python_of_the_row() -> None:
    constraints = plan("again").stages[2].constraints
    assert constraints is not None
    assert constraints.model_dump() == {
        "name": "beta",
        "subject": "beta",
        "version": "2.1",
        "url": "https://beta.example/constraints-2.1/constraints-3.12.txt",
    }


@pytest.mark.parametrize(
    ("installer", "index_option", "cut_off_option"),
    [
        ("uv", "--default-index", "--exclude-newer"),
        ("pip", "--index-url", "--uploaded-prior-to"),
    ],
)
def test_each_installer_is_told_in_its_own_words(
    installer: str, index_option: str, cut_off_option: str
) -> None:
    matrix = parse_matrix(changed(indexes__near__upload_times=True), file="full.toml")
    planned = make_plan(matrix, name="full", row="mended", installer=installer)
    cut_off = [cut_off_option, "2025-04-01T00:00:00Z"]
    constraints = "https://beta.example/constraints-2.1/constraints-3.12.txt"
    assert arguments(planned) == {
        "one": ["alpha==1.0", index_option, "https://near.example/simple", *cut_off],
        "mend": ["gamma==1.0", *cut_off],
        "two": ["beta[fast]==2.1", "delta>=1,<2", "--constraint", constraints, *cut_off],
    }


@pytest.mark.parametrize(
    ("installer", "let_in", "told"),
    [
        ("uv", ["delta"], "--prerelease-package=delta=allow"),
        ("uv", "all", "--prerelease=allow"),
        ("pip", ["delta"], "--all-releases=delta"),
        ("pip", "all", "--all-releases=:all:"),
    ],
)
def test_pre_releases_are_let_in_by_each_installer(
    installer: str, let_in: object, told: str
) -> None:
    matrix = parse_matrix(changed(rows__base__prereleases=let_in), file="full.toml")
    planned = make_plan(matrix, name="full", row="base", installer=installer)
    assert {stage.arguments[-1] for stage in planned.stages} == {told}
    assert planned.lets_in("delta")
    assert planned.lets_in("alpha") is (let_in == "all")


def test_the_least_age_of_releases_is_a_cut_off_at_a_full_hour() -> None:
    row: dict[str, object] = {
        "rows__base__min_age": "7d",
        "rows__base__min_age_exempt": ["delta"],
    }
    matrix = parse_matrix(changed(**row), file="full.toml")
    planned = make_plan(matrix, name="full", row="base")
    asked = full_hour(datetime.now(timezone.utc) - timedelta(days=7))
    assert planned.as_of in (asked, asked - timedelta(hours=1))
    assert (planned.cut_off_of("alpha"), planned.cut_off_of("delta")) == (planned.as_of, None)
    assert "--exclude-newer-package=delta=false" in arguments(planned)["two"]
    # What another cut-off asks for is the past as it was, of every distribution.
    assert make_plan(matrix, name="full", row="base", as_of=APRIL).exempt == ()
    with pytest.raises(StackproofError, match="pip knows no cut-off that leaves delta out"):
        make_plan(matrix, name="full", row="base", installer="pip")


def test_who_is_exempt_stays_so_as_of_each_moment_of_a_search() -> None:
    """Its pin at any time; what has no version as on the day whose cut-off that moment was."""
    row: dict[str, object] = {
        "rows__base__min_age": "7d",
        "rows__base__min_age_exempt": ["alpha", "delta"],
    }
    matrix = parse_matrix(changed(**row), file="full.toml")
    planner = Planner(matrix=matrix, name="full", row="base")
    planned = planner.at(APRIL)
    assert (planned.exempt, planned.cut_off_of("gamma")) == (("alpha", "delta"), APRIL)
    last = "--exclude-newer-package=delta=2025-04-08T01:00:00Z"
    assert {stage.arguments[-1] for stage in planned.stages} == {last}
    assert "--exclude-newer-package=alpha=false" in arguments(planned)["one"]
    assert planner.trial({}).exempt == ("alpha", "delta")
    as_of = replace(planner, as_of=APRIL)
    assert (as_of.base().exempt, as_of.trial({}).exempt) == ((), ())
    moved = replace(as_of, own_cut_off=True)
    assert (moved.base(), moved.trial({}).exempt) == (planned, planned.exempt)


def test_an_index_without_upload_times_gives_way_to_the_default_one_at_a_cut_off() -> None:
    matrix = parse_matrix(changed(), file="full.toml")
    planned = make_plan(matrix, name="full", row="base", as_of=APRIL)
    assert arguments(planned)["one"] == ["alpha==1.0", "--exclude-newer", "2025-04-01T00:00:00Z"]
    assert planned.stages[0].index is None
    assert planned.notes == (
        (
            "stage one: index near publishes no upload times, so with a cut-off date the default "
            "index serves in its place"
        ),
    )


def test_the_command_line_wins_over_the_row() -> None:
    matrix = parse_matrix(changed(), file="full.toml")
    may = datetime(2025, 5, 1, tzinfo=timezone.utc)
    planned = make_plan(matrix, name="full", row="mended", python="3.10", as_of=may)
    assert (planned.python, planned.as_of) == ("3.10", may)
    assert arguments(planned)["mend"][-1] == "2025-05-01T00:00:00Z"


@pytest.mark.fault("R8.16")
def test_what_is_new_in_a_plan_counts_for_what_is_built() -> None:
    class Newer(Plan):
        platform: str

    planned = plan()
    here, there = (
        Newer(**dict(planned), platform=platform).build_fingerprint for platform in ("a", "b")
    )
    assert here != there
    asked = {"only": ("import:*",), "row": "other", "requested": ("alpha==2.0",), "title": "T"}
    assert planned.model_copy(update=asked).build_fingerprint == planned.build_fingerprint
    pip = planned.model_copy(update={"installer": "pip"})
    assert pip.build_fingerprint != planned.build_fingerprint


def test_a_row_installs_a_stage_from_an_index_of_its_own() -> None:
    planned = plan(rows__base__indexes={"two": "near"})
    assert {stage.index for stage in planned.stages} == {"https://near.example/simple"}
    assert plan().stages[1].index is None


def test_the_pre_releases_that_were_taken_are_those_that_no_pin_names() -> None:
    planned = plan(rows__base__prereleases=["alpha", "gamma", "delta"])
    freeze = {"alpha": "1.0rc1", "gamma": "2.0.dev1", "delta": "1.0", "other": "3.0b1"}
    assert taken(planned, freeze) == {"gamma": "2.0.dev1"}
