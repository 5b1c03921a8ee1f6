"""The doors that nox has to timeline, repair and lock: options, what is written, how it ends."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.engines import overlapping
from support.matrices import matrix, pin, stage
from support.sessions import Door, call
from support.workbench import TINY, Bench

from stackproof import cli

SINCE, UNTIL = "2025-02-01T00:00:00Z", "2025-06-01T00:00:00Z"
DATES = ("--since", SINCE, "--until", UNTIL)
BROKEN = """
import pytest


@pytest.mark.workload("sum", needs=("alpha",), seconds=0.1, timeout=60)
def test_sum() -> None:
    raise AssertionError("no")
"""


@pytest.fixture
def tiny(bench: Bench) -> Bench:
    bench.write("matrices/tiny.toml", TINY)
    return bench


def run(door: Door, bench: Bench, *posargs: str) -> str:
    """Run a session; return the message that it failed with, or nothing."""
    return call(door, bench.project, posargs, bench.environ)


def written(bench: Bench, name: str) -> Any:  # noqa: ANN401 - JSON is any object
    file = bench.root / "reports" / "tiny" / "plain" / name
    return json.loads(file.read_text(encoding="utf-8"))


def test_a_timeline_is_written_and_told(tiny: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    checks = ("--check", "pip-check:beta", "--samples", "0")
    assert run(cli.timeline, tiny, "plain", *DATES, *checks) == ""
    found = written(tiny, "timeline.json")
    assert (found["format"], found["since"], found["until"]) == (1, SINCE, UNTIL)
    assert [(item["id"], item["state"]) for item in found["checks"]] == [
        ("pip-check:beta", "always-worked")
    ]
    assert (found["buildable_since"], found["builds"], found["built"]) == (SINCE, 2, 2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "timeline: reports/tiny/plain/timeline.md"
    page = (tiny.root / "reports/tiny/plain/timeline.md").read_text(encoding="utf-8")
    assert "| `pip-check:beta` | " in page


def test_samples_side_by_side_lead_to_the_same_timeline(tiny: Bench, tmp_path: Path) -> None:
    asked = (*DATES, "--check", "import:beta", "--samples", "3")
    found = []
    for at_once in ("1", "3"):
        assert run(cli.timeline, tiny, "plain", *asked, "--side-by-side", at_once) == ""
        found.append(written(tiny, "timeline.json"))
        probes = tiny.root / "reports" / "tiny" / "plain" / "probes"
        assert (overlapping([probes]) > 1) == (at_once == "3")
        shutil.move(tiny.root / "reports", tmp_path / f"reports-{at_once}")
    assert found[0] == found[1]
    assert len(found[0]["checks"][0]["asked"]) == 5


def test_runs_of_one_day_have_their_default_beginning_in_common(tiny: Bench) -> None:
    checks = ("--check", "pip-check:beta", "--samples", "0")
    found = []
    for hour in (9, 17):
        until = f"2025-06-01T{hour:02}:00:00Z"
        assert run(cli.timeline, tiny, "plain", "--until", until, *checks) == ""
        found.append(written(tiny, "timeline.json"))
    assert [item["since"] for item in found] == ["2020-01-01T01:00:00Z"] * 2
    # The later end alone is another one.
    assert [(item["builds"], item["built"]) for item in found] == [(2, 2), (2, 1)]


def test_a_timeline_goes_back_to_the_birth_of_the_row_and_no_further(
    tiny: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a range its first release counts, and where any version will do the first of all."""
    text = matrix(
        "Tiny",
        pin("alpha", among=">=2"),
        pin("beta", among=""),
        stage("one", "alpha", "beta", step="Install both."),
    )
    tiny.write("matrices/tiny.toml", text)
    said = ("--until", "2025-06-01", "--check", "pip-check:beta", "--samples", "0")
    assert run(cli.timeline, tiny, "plain", *said) == ""
    found = written(tiny, "timeline.json")
    assert (found["born"], found["since"]) == ("2025-03-02T00:00:00Z", "2025-03-02T01:00:00Z")
    assert (found["until"], found["buildable_since"]) == (UNTIL, found["since"])
    lines = capsys.readouterr().out.splitlines()
    assert f"2025-06-01 is read as its first moment, {UNTIL}" in lines
    birth = "asked back to the row's birth: its youngest pin was uploaded 2025-03-02T00:00:00Z"
    assert birth in lines


def test_a_row_that_was_born_later_has_no_timeline(tiny: Bench) -> None:
    said = run(cli.timeline, tiny, "plain", "--until", "2020-01-01")
    assert said == (
        "exit 2, could not judge: the row was born 2020-01-01T00:00:00Z, when its youngest pin was "
        "uploaded: there is nothing to ask of it before 2020-01-01T00:00:00Z"
    )


@pytest.mark.parametrize(
    ("posargs", "message"),
    [
        (
            ("plain", "--since", UNTIL, "--until", SINCE),
            f"--since {UNTIL} is not before {SINCE}",
        ),
        (("plain", "--samples", "many"), "argument --samples: 'many' is not a number up to 50"),
        (("plain", "--since", "May"), "argument --since: 'May' is neither a UTC timestamp"),
        (("plane",), "there is no row 'plane'; "),
        (("plain", *DATES, "--check", "import:beto"), "the row has no check 'import:beto'; "),
    ],
)
def test_what_no_timeline_can_be_made_of_is_told(
    tiny: Bench, posargs: tuple[str, ...], message: str
) -> None:
    said = run(cli.timeline, tiny, *posargs)
    assert said.startswith(f"exit 2, could not judge: {message}")
    assert not (tiny.root / "reports").exists()


def test_a_row_that_is_whole_needs_no_repair(
    tiny: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(cli.repair, tiny, "plain", "--as-of", UNTIL) == ""
    found = written(tiny, "repair.json")
    assert (found["found"], found["failing"], found["pins"]) == (True, [], [])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "repair: reports/tiny/plain/repair.md"
    before = (tiny.root / "matrices/tiny.toml").read_text(encoding="utf-8")
    assert run(cli.repair, tiny, "plain", "--as-of", UNTIL, "--write") == ""
    assert (tiny.root / "matrices/tiny.toml").read_text(encoding="utf-8") == before


def test_a_row_without_a_repair_fails_the_session_and_nothing_is_written(
    tiny: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.write("tests/stack/workloads/test_sum.py", BROKEN)
    before = (tiny.root / "matrices/tiny.toml").read_text(encoding="utf-8")
    for option in ((), ("--write",), ("--in-place",)):
        assert run(cli.repair, tiny, "plain", "--as-of", UNTIL, *option) == "exit 1"
        found = written(tiny, "repair.json")
        assert (found["found"], found["unmended"]) == (False, ["smoke:sum"])
        lines = capsys.readouterr().out.splitlines()
        told = ["there is no repair to write; nothing was written"] if option else []
        end = ["repair: reports/tiny/plain/repair.md", *told]
        assert lines[-len(end) :] == end
        assert lines[-len(end) - 1].startswith("tiny/plain NOT REPAIRED")
        assert (tiny.root / "matrices/tiny.toml").read_text(encoding="utf-8") == before


OVERRIDE = """
[[rows.plain.overrides]]
pin = "alpha"
version = "1.3"
reason = "somebody's mistake"
date = 2025-01-01
"""


def test_a_repair_is_written_into_a_row_that_overrides_the_pin(tiny: Bench) -> None:
    tiny.write("matrices/tiny.toml", TINY + OVERRIDE)
    assert run(cli.repair, tiny, "plain", "--as-of", UNTIL, "--in-place") == ""
    text = (tiny.root / "matrices/tiny.toml").read_text(encoding="utf-8")
    assert text.count("[[rows.plain.overrides]]") == 1
    assert 'version = "1.0"\nreason = "1.3 ' in text


REPAIRED = """
[[rows.plain.stages]]
name = "repair"
step = "none"
requirements = ["gamma==1.0"]
reason = "mended"
date = 2025-01-01
"""


@pytest.mark.parametrize(
    ("option", "there", "message"),
    [
        (
            "--write",
            '[rows.plain-repaired]\nsummary = "Mended."\nbase = "plain"\n',
            "tiny.toml has a row 'plain-repaired' already; nothing written",
        ),
        (
            "--in-place",
            REPAIRED,
            "tiny.toml: plain is repaired already; nothing written",
        ),
    ],
)
def test_where_a_repair_stands_already_none_is_searched_for(
    tiny: Bench, option: str, there: str, message: str
) -> None:
    tiny.write("matrices/tiny.toml", f"{TINY}\n{there}")
    said = run(cli.repair, tiny, "plain", "--as-of", UNTIL, option)
    assert said == f"exit 2, could not judge: {message}"
    assert not (tiny.root / "reports").exists()


def test_both_ways_to_write_exclude_each_other(tiny: Bench) -> None:
    said = run(cli.repair, tiny, "plain", "--write", "--in-place")
    assert "argument --in-place: not allowed with argument --write" in said


def test_a_lock_is_written_and_told(tiny: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(cli.lock, tiny, "plain", "--as-of", UNTIL) == ""
    found = written(tiny, "lock.json")
    assert (found["as_of"], found["distributions"]) == (UNTIL, 3)
    lines = capsys.readouterr().out.splitlines()
    home = "reports/tiny/plain"
    assert lines[-4:-2] == [
        f"sha256 {found['files'][name]}  {home}/{name}"
        for name in ("pylock.toml", "requirements.txt")
    ]
    assert lines[-2].startswith("tiny/plain LOCKED: ")
    assert lines[-1] == (
        f"install: uv pip sync {home}/pylock.toml, or "
        f"pip install --no-deps --require-hashes -r {home}/requirements.txt"
    )


def test_what_is_broken_is_not_locked(tiny: Bench) -> None:
    tiny.write("tests/stack/workloads/test_sum.py", BROKEN)
    said = run(cli.lock, tiny, "plain", "--as-of", UNTIL)
    assert said.startswith("exit 2, could not judge: no lock was written: the run ")
