"""Stages: what each call changed, above all pins of earlier ones, and what it ran with."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from support.index import Fault, Index, Offers
from support.matrices import row_stage
from support.wheels import Release
from support.workbench import TINY, Bench

from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import drift_between
from stackproof.installers.environment import Environment
from stackproof.installers.failures import cause
from stackproof.installers.pip_check import pip_check
from stackproof.reasons.words import in_words
from stackproof.run.build import Builder

MOVERS = (
    Release("alpha", "0.9"),
    Release("hungry", "1.0", requires=["alpha<1"]),
    Release("eager", "1.0", requires=["alpha>=2", "gamma<1.1"]),
    Release("tired", "1.0", yanked="eats data"),
)


@pytest.fixture(autouse=True)
def more_releases(index: Index) -> None:
    index.add(*MOVERS)


def extra(**stages: str) -> str:
    return "".join(row_stage(name, text) for name, text in stages.items())


def last_stage(bench: Bench, text: str, installer: str = "uv") -> Builder:
    """Return the builder of nothing but the last stage of the tiny matrix with more tables."""
    return bench.last_stage(bench.plan(text, installer=installer))


# --- drift -----------------------------------------------------------------------------------


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_later_stage_that_moves_an_earlier_pin_is_seen(bench: Bench, installer: str) -> None:
    plan = bench.plan(extra(down="hungry==1.0", up="eager==1.0"), installer=installer)
    records = list(bench.builder(plan, bench.environment(installer)).stages())
    assert [(record.name, record.failure) for record in records] == [
        ("one", None),
        ("two", None),
        ("down", None),
        ("up", None),
    ]
    assert [record.drift.model_dump() for record in records] == [
        {"added": {"alpha": (None, "1.0")}, "removed": {}, "upgraded": {}, "downgraded": {}},
        {
            "added": {"beta": (None, "1.0"), "gamma": (None, "1.1")},
            "removed": {},
            "upgraded": {},
            "downgraded": {},
        },
        {
            "added": {"hungry": (None, "1.0")},
            "removed": {},
            "upgraded": {},
            "downgraded": {"alpha": ("1.0", "0.9")},
        },
        {
            "added": {"eager": (None, "1.0")},
            "removed": {},
            "upgraded": {"alpha": ("0.9", "2.0")},
            "downgraded": {"gamma": ("1.1", "1.0")},
        },
    ]
    assert records[3].drift.moved == {"alpha": ("0.9", "2.0"), "gamma": ("1.1", "1.0")}


def test_drift_is_what_differs_between_two_freezes() -> None:
    before = {"gone": "1", "same": "1", "up": "1.9", "down": "1.10", "odd": "2004d?"}
    after = {"new": "1", "same": "1", "up": "1.10", "down": "1.9", "odd": "1"}
    drift = drift_between(before, after)
    assert drift.model_dump() == {
        "added": {"new": (None, "1")},
        "removed": {"gone": ("1", None)},
        "upgraded": {"odd": ("2004d?", "1"), "up": ("1.9", "1.10")},
        "downgraded": {"down": ("1.10", "1.9")},
    }
    assert drift.moved.keys() == {"gone", "odd", "up", "down"}
    assert drift_between(after, after).moved == {}


# --- records ---------------------------------------------------------------------------------


def test_a_record_tells_what_ran(bench: Bench) -> None:
    before = datetime.now(timezone.utc)
    venv = bench.environment()
    record = next(bench.builder(bench.plan(), venv).stages())
    assert record.command[1:] == (
        "pip",
        "install",
        "--python",
        str(venv / "bin/python"),
        "alpha==1.0",
    )
    assert (record.name, record.exit, record.log) == ("one", 0, "stages/01-one.log")
    assert before <= record.started <= datetime.now(timezone.utc)
    log = (bench.root / "built" / record.log).read_text(encoding="utf-8").splitlines()
    assert log[0] == f"$ {' '.join(record.command)}"
    assert log[-1] == " + alpha==1.0"


def test_records_are_kept_in_the_form_that_scripts_depend_on(bench: Bench) -> None:
    evidence = Evidence(bench.root)
    records = list(bench.builder(bench.plan(), bench.environment()).stages())
    evidence.write_stages(records)
    written = json.loads((bench.root / "stages.json").read_text(encoding="utf-8"))
    assert [stage["name"] for stage in written] == ["one", "two"]
    assert written[1].keys() >= {"name", "command", "exit", "seconds", "log", "drift"}
    assert written[1]["drift"] == {
        "added": {"beta": [None, "1.0"], "gamma": [None, "1.1"]},
        "removed": {},
        "upgraded": {},
        "downgraded": {},
    }
    assert evidence.stages == tuple(records)


def test_nothing_runs_after_a_stage_that_failed(bench: Bench, index: Index) -> None:
    plan = bench.plan(extra(bad="alhpa==1.0", after="hungry==1.0"))
    records = list(bench.builder(plan, bench.environment()).stages())
    assert [(record.name, record.failure) for record in records] == [
        ("one", None),
        ("two", None),
        ("bad", "refused"),
    ]
    assert index.requests["simple/hungry/"] == 0


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_yanked_release_is_noted(bench: Bench, installer: str) -> None:
    builder = last_stage(bench, extra(tired="tired==1.0"), installer)
    assert [record.failure for record in builder.stages()] == [None]
    assert "eats data" in builder.notes[-1]
    assert {note.partition(":")[0] for note in builder.notes} == {"stage tired"}
    assert len(builder.notes) == {"uv": 1, "pip": 2}[installer]


@pytest.mark.fault("4")
@pytest.mark.parametrize("installer", ["uv", "pip"])
@pytest.mark.parametrize("requirement", ["radio==1.0", "wire>=1,<1.5"])
def test_a_yank_that_stood_in_the_way_is_named_with_its_reason(
    bench: Bench, index: Index, installer: str, requirement: str
) -> None:
    index.add(
        Release("radio", "1.0", requires=["wire==1.0.*"]),
        Release("wire", "0.9", yanked="too old"),
        Release("wire", "1.0", yanked="too short"),
        Release("wire", "2.0"),
    )
    (record,) = last_stage(bench, extra(tired=requirement), installer).stages()
    assert record.failure == "refused"
    why = in_words(cause(record.message))
    assert "wire 1.0 was yanked (too short)" in why
    assert "0.9" not in why


# --- constraints and indexes -----------------------------------------------------------------

CONSTRAINED = """
[constraints.alpha]
url = "{url}"
pin = "alpha"

[[rows.plain.stages]]
name = "held"
step = "none"
requirements = ["gamma>=1"]
constraints = "alpha"
reason = "why"
date = 2025-01-02
"""


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_stage_obeys_its_constraint_file(bench: Bench, index: Index, installer: str) -> None:
    url = index.put("constraints-1.0/constraints.txt", b"gamma==1.0\n")
    builder = last_stage(bench, CONSTRAINED.format(url=url), installer)
    (record,) = builder.stages()
    assert record.drift.added == {"gamma": (None, "1.0")}
    # The file itself is part of the evidence, not only its address.
    kept = bench.root / "built" / "constraints-alpha.txt"
    assert record.command[-2:] == ("--constraint", str(kept))
    assert kept.read_bytes() == b"gamma==1.0\n"
    assert [used.source for used in builder.constraints] == ["published"]


HELD = """
[[rows.plain.stages]]
name = "held"
step = "none"
requirements = ["hungry>=1"]
held-to = ["alpha!=0.9.*", "alpha!=1.*; python_version < '3'", "gamma==1.0"]
reason = "why"
date = 2025-01-02
"""


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_what_a_stage_is_held_to_binds_and_asks_for_nothing(
    bench: Bench, index: Index, installer: str
) -> None:
    index.add(Release("alpha", "0.8"))
    builder = last_stage(bench, HELD, installer)
    (record,) = builder.stages()
    assert record.drift.added == {"hungry": (None, "1.0"), "alpha": (None, "0.8")}
    kept = bench.root / "built" / "held-to-held.txt"
    assert record.command[-2:] == ("--constraint", str(kept))
    assert kept.read_text(encoding="utf-8").splitlines()[0] == "alpha!=0.9.*"


def test_a_stage_held_to_what_its_pin_is_not_says_so(bench: Bench) -> None:
    held = TINY.replace('pins = ["alpha"]', 'pins = ["alpha"]\nheld-to = ["alpha<1"]', 1)
    assert held != TINY
    verdict, _ = bench.verify(bench.plan(text=held))
    (stage,) = verdict.in_state("new")
    said = in_words(cause(stage.message))
    assert said == "alpha 1.0 is asked for and alpha<1 is asked for"


@pytest.mark.fault("constraints")
def test_a_stage_without_its_constraint_file_does_not_run(bench: Bench, index: Index) -> None:
    url = index.url.replace("/simple/", "/texts/constraints-1.0/none.txt")
    builder = last_stage(bench, CONSTRAINED.format(url=url))
    with pytest.raises(CannotJudgeError, match=r"^there is no constraint file for alpha 1\.0 "):
        list(builder.stages())
    assert index.requests["simple/gamma/"] == 0


NEAR = """
[indexes.near]
url = "{url}"
upload-times = true

[[rows.plain.stages]]
name = "near"
step = "none"
requirements = ["gamma>=1"]
index = "near"
reason = "why"
date = 2025-01-02
"""


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_stage_installs_from_its_own_index(bench: Bench, installer: str) -> None:
    with Index(Release("gamma", "7.0")) as near:
        builder = last_stage(bench, NEAR.format(url=near.url), installer)
        (record,) = builder.stages()
    assert record.drift.added == {"gamma": (None, "7.0")}
    assert builder.notes == []


@pytest.mark.fault("index")
def test_the_default_index_serves_where_a_stage_cannot_reach_its_own(bench: Bench) -> None:
    with Index(Release("gamma", "7.0")) as near:
        near.stop()
        builder = last_stage(bench, NEAR.format(url=near.url))
        (record,) = builder.stages()
    assert record.drift.added == {"gamma": (None, "1.1")}
    assert near.url not in record.command
    assert builder.notes == [
        (
            f"stage near: the default index serves, since the package index {near.url} cannot be "
            "reached (ConnectionError); check the network, or name another index to the installer"
        )
    ]


def test_what_a_stage_index_does_not_have_is_not_taken_from_another(bench: Bench) -> None:
    with Index(Release("omega", "1.0")) as near:
        builder = last_stage(bench, NEAR.format(url=near.url))
        (record,) = builder.stages()
    assert (record.failure, record.drift.added, builder.notes) == ("refused", {}, [])


# --- before the first stage ------------------------------------------------------------------


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_the_index_is_asked_first(bench: Bench, index: Index, installer: str) -> None:
    builder = bench.builder(bench.plan(installer=installer), bench.environment(installer))
    assert builder.prepare() == index.url
    assert index.requests["simple/alpha/"] == 1


@pytest.mark.fault("index")
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault.SERVER_ERROR, "answered 500; try again later, or name another index"),
        (
            Fault.UNAUTHORIZED,
            (
                "asks for a user and password that it accepts (401); give them by a netrc file, in "
                "the index's address, or by UV_INDEX_<NAME>_USERNAME and _PASSWORD"
            ),
        ),
        (Fault.GARBAGE, "does not answer as a package index (its page of alpha lists no file)"),
    ],
)
def test_a_dead_index_is_not_taken_for_a_broken_stack(
    bench: Bench, index: Index, fault: Fault, told: str
) -> None:
    index.fail(fault)
    with pytest.raises(CannotJudgeError) as caught:
        bench.builder(bench.plan(), bench.environment()).prepare()
    assert f"{index.url} {told}" in str(caught.value)


def test_a_project_that_the_index_does_not_know_is_an_answer(bench: Bench, index: Index) -> None:
    index.fail(Fault.NOT_FOUND, "alpha")
    assert bench.builder(bench.plan(), bench.environment()).prepare() == index.url


def test_a_cut_off_needs_upload_times(bench: Bench) -> None:
    with Index(*MOVERS, offers=Offers(upload_times=False)) as timeless:
        bench.environ["UV_DEFAULT_INDEX"] = timeless.url
        april = datetime(2025, 4, 1, tzinfo=timezone.utc)
        with pytest.raises(CannotJudgeError) as caught:
            bench.builder(bench.plan(as_of=april), bench.environment()).prepare()
        assert bench.builder(bench.plan(), bench.environment()).prepare() == timeless.url
    assert str(caught.value) == (
        f"the package index {timeless.url} does not say when files were uploaded, so no cut-off "
        "date can be kept; use an index with upload times (PEP 700), or build without a date"
    )


@pytest.mark.fault("file")
def test_a_folder_that_is_no_environment_is_told_of(bench: Bench) -> None:
    (bench.root / "venv").mkdir()
    with pytest.raises(CannotJudgeError, match=r"^the environment at .* has no working Python: "):
        Environment.at(bench.root / "venv", "uv")


# --- pip check -------------------------------------------------------------------------------


@pytest.mark.fault("file")
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_metadata_that_cannot_be_read_hides_behind_no_known_conflict(
    bench: Bench, installer: str
) -> None:
    environment = Environment.at(bench.environment(installer), installer)
    put_in(environment, "torn", "nothing (???)")
    put_in(environment, "lonely", "nowhere>=2")
    found = pip_check(environment, bench.root / "pip-check.txt", bench.environ)
    assert (found.exit, [*found.complaints]) == (1, ["lonely", "torn"])


def put_in(environment: Environment, name: str, requires: str) -> None:
    """Leave the metadata of a distribution in an environment, as an installer never would."""
    folder = environment.libraries[0] / f"{name}-1.0.dist-info"
    folder.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: {requires}\n"
    (folder / "METADATA").write_text(metadata, encoding="utf-8")
    (folder / "WHEEL").write_text("Wheel-Version: 1.0\nTag: py3-none-any\n", encoding="utf-8")
