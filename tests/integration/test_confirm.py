"""What is unexpected is asked for again: what comes out otherwise is unsteady, and no news."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from junitparser import JUnitXml
from support.checkout import Checkout
from support.index import Index
from support.wheels import Release
from support.workbench import TINY, Bench

from stackproof.ci.conclusion import read_issue_texts
from stackproof.ci.jobs import Jobs, jobs_file
from stackproof.ci.running import run_job
from stackproof.evidence.history.file import read_history
from stackproof.evidence.reports import InReports

#: Fails the first time that it is asked, and says so both times.
FLAKY = '''\
"""A workload whose answers differ."""

from pathlib import Path

import pytest


@pytest.mark.workload("flaky", needs=("alpha",), seconds=0.1, timeout=20)
def test_flaky() -> None:
    was_here = Path({file!r})
    first = not was_here.exists()
    was_here.touch()
    if {inverted}:
        first = not first
    assert not first, "not this time"
'''


def flaky(bench: Bench, *, inverted: bool = False) -> None:
    text = FLAKY.format(file=str(bench.root / "was-here"), inverted=inverted)
    bench.write("tests/stack/workloads/test_flaky.py", text)


def check(verdict: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (item for item in verdict["checks"] if item["id"] == name)
    return dict(found)


@pytest.fixture
def checkout(bench: Bench) -> Checkout:
    return Checkout(bench)


CLAIM = 'checks = ["import:*", "smoke:sum"]'
KNOWN = (
    '\n[[rows.plain.known-failures]]\ncheck = "smoke:flaky"\nreason = "why"\ndate = 2025-01-02\n'
)


def verified(checkout: Checkout, text: str = TINY) -> dict[str, Any]:
    checkout.write_matrix(text)
    checkout.bench.verify(checkout.bench.plan(text=text))
    return checkout.verdict()


def test_what_passes_when_asked_again_is_unsteady(checkout: Checkout) -> None:
    bench = checkout.bench
    flaky(bench)
    text = TINY.replace(CLAIM, 'checks = ["import:*", "smoke:flaky"]')
    first = verified(checkout, text)
    assert (first["verdict"], check(first, "smoke:flaky")["state"]) == ("broken", "new")

    code, lines = checkout.run("confirm", "plain")
    assert code == 1
    assert "exit 2" in lines[-1]
    assert any("tiny/plain UNSTEADY: 9 passed, 1 unsteady" in line for line in lines)
    assert "asked again: of 1 check 0 came out the same, 1 as expected" in lines
    told = checkout.verdict()
    found = check(told, "smoke:flaky")
    assert (told["verdict"], found["state"], found["outcome"]) == ("unsteady", "unsteady", "failed")
    assert "not this time" in found["message"]
    assert found["again"] == {"outcome": "passed", "message": "", "why": None}
    assert (told["counts"]["failed"], told["counts"]["new"]) == (0, 0)
    # It is no proof of what the document says, nor against it.
    assert [claim["state"] for claim in told["claims"]] == ["not provable"]
    # One check alone was asked, and both folders of evidence are there.
    home = bench.root / "reports" / "tiny" / "plain"
    (second,) = (home / "confirmations").glob("[0-9]*/verdict.json")
    asked = json.loads(second.read_text(encoding="utf-8"))["checks"]
    assert [item["id"] for item in asked] == ["smoke:flaky"]
    (entry,) = read_history(bench.root / "reports" / InReports.HISTORY)
    assert (entry.verdict, entry.green, entry.checks["smoke:flaky"]) == (
        "unsteady",
        False,
        "unsteady",
    )
    report = (home / "latest" / "report.md").read_text(encoding="utf-8")
    assert "# UNSTEADY: tiny/plain" in report
    assert "not this time; asked again, passed" in report
    junit = JUnitXml.fromfile(str(home / "latest" / "junit.xml"))
    assert (junit.failures, junit.errors) == (0, 1)
    assert checkout.run("report")[0] == 0
    page = (bench.root / "reports" / "index.html").read_text(encoding="utf-8")
    assert "asked again, passed" in page
    # There is nothing unexpected left to ask.
    assert checkout.run("confirm", "plain")[0] == 1
    assert len([*(home / "confirmations").glob("[0-9]*")]) == 1


BAD = """\
import pytest


@pytest.mark.workload("bad", needs=("alpha",), seconds=0.1, timeout=9)
def test_bad() -> None:
    assert False, "always"
"""


def test_what_fails_again_is_confirmed(checkout: Checkout) -> None:
    checkout.bench.write("tests/stack/workloads/test_bad.py", BAD)
    flaky(checkout.bench)
    verified(checkout)
    code, lines = checkout.run("confirm", "tiny/plain")
    assert (code, "exit 1" in lines[-1]) == (1, True)
    told = checkout.verdict()
    assert told["verdict"] == "broken"
    assert check(told, "smoke:bad")["again"]["outcome"] == "failed"
    assert "always" in check(told, "smoke:bad")["again"]["message"]
    assert "asked again: of 2 checks 1 came out the same, 1 as expected" in lines
    # Beside it, what is unsteady is told for itself.
    assert check(told, "smoke:flaky")["state"] == "unsteady"
    (line,) = (line for line in lines if "tiny/plain BROKEN" in line)
    assert "1 failed (0 expected, 1 unexpected), 1 unsteady" in line
    assert "; unexpected: smoke:bad; unsteady: smoke:flaky " in line


def test_an_expected_failure_that_passes_once_is_unsteady(checkout: Checkout) -> None:
    flaky(checkout.bench, inverted=True)
    first = verified(checkout, TINY + KNOWN)
    assert check(first, "smoke:flaky")["state"] == "fixed"
    code, lines = checkout.run("confirm", "plain")
    assert (code, "exit 2" in lines[-1]) == (1, True)
    told = checkout.verdict()
    assert told["verdict"] == "unsteady"
    assert any("passed; asked again, failed as expected" in line for line in lines)


def test_a_row_with_expected_failures_stays_broken_beside_what_is_unsteady(
    checkout: Checkout,
) -> None:
    checkout.bench.write("tests/stack/workloads/test_bad.py", BAD)
    flaky(checkout.bench)
    verified(checkout, TINY + KNOWN.replace("smoke:flaky", "smoke:bad"))
    code, lines = checkout.run("confirm", "plain")
    assert (code, "exit 2" in lines[-1]) == (1, True)
    told = checkout.verdict()
    assert (told["verdict"], check(told, "smoke:bad")["state"]) == ("broken", "known")
    assert check(told, "smoke:flaky")["state"] == "unsteady"
    (line,) = (line for line in lines if "tiny/plain BROKEN" in line)
    assert "1 failed (1 expected, 0 unexpected), 1 unsteady; unsteady: smoke:flaky in" in line


def test_another_environment_says_nothing_of_the_first(checkout: Checkout, index: Index) -> None:
    flaky(checkout.bench)
    verified(checkout)
    index.add(Release("gamma", "1.2"))  # no pin, and so the newest is taken
    code, lines = checkout.run("confirm", "plain")
    assert (code, "exit 1" in lines[-1]) == (1, True)
    assert check(checkout.verdict(), "smoke:flaky")["state"] == "new"
    latest = checkout.bench.root / "reports" / "tiny" / "plain" / "latest"
    told = json.loads((latest / "confirmation.json").read_text(encoding="utf-8"))
    assert (told["same"], [item["outcome"] for item in told["checks"]]) == (False, ["passed"])
    said = "asked again, and not confirmed by that: the second environment"
    assert [line for line in lines if line.startswith(said) and "gamma 1.1 -> 1.2" in line]
    assert said in (latest / "report.md").read_text(encoding="utf-8")


def test_what_cannot_be_asked_again_stands(checkout: Checkout, index: Index) -> None:
    flaky(checkout.bench)
    before = verified(checkout)
    index.stop()
    code, lines = checkout.run("confirm", "plain")
    assert code == 1
    assert "exit 2" in lines[-1]
    assert checkout.verdict() == before
    latest = checkout.bench.root / "reports" / "tiny" / "plain" / "latest"
    note = "not confirmed, since it could not be asked again: "
    assert note in (latest / "report.md").read_text(encoding="utf-8")
    # What can be asked again later is confirmed.
    index.start()
    checkout.run("confirm", "plain")
    assert check(checkout.verdict(), "smoke:flaky")["state"] == "unsteady"
    assert note not in (latest / "report.md").read_text(encoding="utf-8")


#: Takes a pre-release of gamma, with which beta fails, as a workload does with or without it.
SOON = TINY.replace('summary = "', 'prereleases = ["gamma"]\nsummary = "', 1)
USES = "import gamma\nassert gamma.__version__ < '2', 'gamma is too new'\n__version__ = '1.0'\n"


def test_what_fails_with_pre_releases_is_asked_without_them(
    checkout: Checkout, index: Index
) -> None:
    index.add(
        Release("gamma", "2.0rc1"),
        Release("beta", "1.0", requires=["gamma>=1"], modules={"beta/__init__.py": USES}),
    )
    checkout.bench.write("tests/stack/workloads/test_bad.py", BAD)
    first = verified(checkout, SOON)
    assert (first["prereleases"], first["breaks_soon"]) == ({"gamma": "2.0rc1"}, None)
    code, lines = checkout.run("confirm", "plain")
    # What comes of releases that are yet to be made fails nothing.
    assert code == 0, lines
    told = checkout.verdict()
    assert told["breaks_soon"] == ["import:*", "import:beta"]
    latest = checkout.bench.root / "reports" / "tiny" / "plain" / "latest"
    junit = JUnitXml.fromfile(str(latest / "junit.xml"))
    assert (junit.failures, junit.errors, junit.skipped) == (0, 0, 3)


def test_who_is_exempt_stays_so_without_pre_releases(checkout: Checkout, index: Index) -> None:
    new = datetime.now(timezone.utc) - timedelta(days=2)
    index.add(
        Release("gamma", "2.0rc1"),
        Release(
            "beta", "1.1", requires=["gamma>=1"], modules={"beta/__init__.py": USES}, uploaded=new
        ),
    )
    least = 'min-age = "7d"\nmin-age-exempt = ["beta"]\nprereleases'
    text = SOON.replace('name = "beta"\nversion = "1.0"', 'name = "beta"\nversion = "1.1"')
    verified(checkout, text.replace("prereleases", least, 1))
    code, lines = checkout.run("confirm", "plain")
    assert code == 0, lines
    assert checkout.verdict()["breaks_soon"] == ["import:*", "import:beta"]


def test_a_row_that_never_ran_has_nothing_to_confirm(checkout: Checkout) -> None:
    code, lines = checkout.run("confirm", "plain")
    assert code == 1
    assert "there is no run of tiny/plain to confirm; verify it first" in lines[-1]


def test_an_issue_says_why_nobody_could_confirm_it(checkout: Checkout, index: Index) -> None:
    bench = checkout.bench
    bench.write("matrices/workloads/test_bad.py", BAD)
    assert checkout.run("monthly", "jobs")[0] == 0
    (job,) = Jobs.load(jobs_file(bench.root / "reports"), "list them").jobs
    project = replace(bench.project, environ=checkout.environ)

    def show(text: str) -> None:
        if "tiny/plain BROKEN" in text:  # said last: what is asked again finds no index
            index.stop()

    (end,) = run_job(job, project, show)
    assert end.exit == 1
    assert checkout.run("monthly", "merge")[0] == 0
    (story,) = read_issue_texts(bench.root / "reports")
    assert "Note: not confirmed, since it could not be asked again: the second env" in story.body
    report = bench.root / "reports" / "tiny" / "plain" / "latest" / "report.md"
    assert "not confirmed, since it could not be asked" in report.read_text(encoding="utf-8")


def test_the_scheduled_run_opens_no_issue_for_what_is_unsteady(checkout: Checkout) -> None:
    bench = checkout.bench
    flaky(bench)
    (bench.root / "matrices" / "workloads").mkdir(parents=True)
    source = bench.root / "tests" / "stack" / "workloads" / "test_flaky.py"
    source.rename(bench.root / "matrices" / "workloads" / "test_flaky.py")
    assert checkout.run("monthly", "jobs")[0] == 0
    code, lines = checkout.run("monthly", "run")
    assert (code, "exit 2" in lines[-1]) == (1, True)
    assert any("UNSTEADY" in line for line in lines)
    assert not (bench.root / "reports" / "tiny" / "plain" / "diagnosis.json").exists()
    assert checkout.run("monthly", "merge")[0] == 0
    code, lines = checkout.run("monthly", "news")
    assert (code, (bench.root / "reports" / "news.md").read_text(encoding="utf-8")) == (0, "")
    summary = (bench.root / "reports" / "summary.md").read_text(encoding="utf-8")
    assert "| tiny/plain | UNSTEADY |" in summary
    assert "Unsteady, so no failure yet: `smoke:flaky` failed: " in summary
    end = json.loads(
        (bench.root / "reports" / "monthly" / "verify-tiny-plain.json").read_text(encoding="utf-8")
    )
    assert end["exit"] == 2
