"""A frontier in several jobs, each with reports of its own, as CI engines fan it out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.checkout import Checkout
from support.engines import AS_OF, FRONTIER, engines, table
from support.kept_reports import KeptReports
from support.workbench import Bench

from stackproof.cli import frontier_jobs


@pytest.fixture
def checkout(bench: Bench, kept_reports: KeptReports) -> Checkout:
    return engines(bench, kept_reports)


def built(reports: Path) -> set[str]:
    """Return the builds of trials and probes, by when they were made."""
    files = (*reports.glob("candidates/*/2*/run.json"), *reports.glob("*/*/probes/2*/run.json"))
    return {file.parent.name for file in files}


@pytest.mark.slow
def test_jobs_find_apart_what_one_session_finds(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, artifacts = tmp_path / "output", tmp_path / "artifacts"
    reports = checkout.bench.root / "reports"
    monkeypatch.setattr(frontier_jobs, "MOST_JOBS", 2)
    checkout.bench.environ["GITHUB_OUTPUT"] = str(output)
    code, lines = checkout.run("frontier", "--as-of", AS_OF, "--jobs")
    assert code == 0
    jobs = json.loads("\n".join(lines))
    assert [job["session"] for job in jobs] == ["frontier(engine,vision)", "frontier(lamp)"]
    told = dict(line.split("=", 1) for line in output.read_text("utf-8").splitlines())
    assert json.loads(told["jobs"])[1] == {"id": "002", "only": "lamp"}
    assert (told["row"], told["as-of"]) == ("engines/verified", AS_OF)
    # Each job has a machine of its own; the row's own run is given to all, to keep this short.
    first = shutil.copytree(reports, tmp_path / "first", symlinks=True)
    for job in jobs:
        code, lines = checkout.run("frontier", *job["arguments"])
        assert code == 0, lines
        assert not list((reports / "engines" / "verified").glob("frontier-named.*"))
        shutil.move(reports, artifacts / f"evidence-{job['id']}")
        shutil.copytree(first, reports, symlinks=True)
    brought = {name for job in artifacts.iterdir() for name in built(job)}
    assert len(brought) == 4
    assert not built(reports)
    code, lines = checkout.run("frontier", "--as-of", AS_OF, "--merge", str(artifacts))
    assert code == 0, lines
    assert table(checkout) == FRONTIER
    # What was not brought is all together.
    assert brought < built(reports)
    assert len(built(reports)) == 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--only", "lamp", "engine"), "--only does one job; leave out what is for all of them"),
        (("--only", "lump"), "the row has no pin 'lump'; did you mean 'lamp'?"),
        (("--merge", "nowhere"), "and nowhere is none"),
    ],
)
def test_what_no_job_can_be_made_of_is_told(
    checkout: Checkout, arguments: tuple[str, ...], words: str
) -> None:
    code, lines = checkout.run("frontier", *arguments)
    assert code == 1
    assert words in lines[-1]
