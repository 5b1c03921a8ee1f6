"""The verdict: what a failure is, and what could not be told."""

from __future__ import annotations

import json
from contextlib import ExitStack
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from support.evidences import evidence_of, suite_line, tiny_plan
from support.workbench import states

from stackproof.base.progress import Progress
from stackproof.evidence.answers import answered_checks
from stackproof.evidence.layout import Project
from stackproof.evidence.records import ConstraintsUsed
from stackproof.evidence.verdict import Verdict, judge
from stackproof.report.terminal import headline, print_verdict
from stackproof.run.course import Course
from stackproof.run.listening import Listener

COMPLAINT = {"beta": ("beta 1.0 requires gamma>=2",)}


def lines(**said: tuple[str, str]) -> list[str]:
    """Return what a suite says of the tiny stack's checks, all passed but those in `said`.

    That maps subjects of import checks to (outcome, message).
    """
    inside = [check for check in tiny_plan().checks if check.startswith(("import:", "version:"))]
    answers = {f"import:{subject}": answer for subject, answer in said.items()}
    return [suite_line(check, *answers.get(check, ("passed", ""))) for check in inside]


# --- a failure is a failure ------------------------------------------------------------------


@pytest.mark.fault("2")
def test_a_row_with_a_failure_is_broken_whatever_was_skipped(tmp_path: Path) -> None:
    skip = suite_line("smoke:scrape", "skipped", "no server today")
    failed = lines(alpha=("failed", "import alpha: no"))
    verdict = judge(evidence_of(tmp_path, *failed, skip))
    assert (verdict.verdict, verdict.trouble, verdict.exit_code) == ("broken", None, 1)
    assert "smoke:scrape (no server today)" in str(verdict.untold)
    assert [check.id for check in verdict.in_state("new")] == ["import:alpha"]
    assert verdict.settled


def test_a_row_without_a_failure_is_unjudged_where_something_was_skipped(tmp_path: Path) -> None:
    skip = suite_line("smoke:scrape", "skipped", "no server today")
    verdict = judge(evidence_of(tmp_path, *lines(), skip))
    assert (verdict.verdict, verdict.untold, verdict.exit_code) == ("unjudged", None, 2)
    assert "smoke:scrape" in str(verdict.trouble)


KNOWN = """
[[rows.plain.known-failures]]
check = "import:alpha"
reason = "an old story"
date = 2025-01-02
"""


def test_what_could_not_be_told_ends_no_session_well(tmp_path: Path) -> None:
    failed = lines(alpha=("failed", "import alpha: no"))
    verdict = judge(evidence_of(tmp_path, *failed, known=KNOWN))
    assert (verdict.verdict, verdict.exit_code) == ("broken", 0)
    skip = suite_line("smoke:scrape", "skipped", "no server today")
    verdict = judge(evidence_of(tmp_path, *failed, skip, known=KNOWN))
    assert (verdict.verdict, verdict.exit_code) == ("broken", 2)


# --- where a run does not come to its end ----------------------------------------------------


@pytest.mark.parametrize("exit_code", [None, 2, 3])
def test_a_failure_in_a_suite_that_did_not_end_is_none_of_the_stack(
    tmp_path: Path, exit_code: int | None
) -> None:
    failed = lines(alpha=("failed", "no space left on device"))
    verdict = judge(evidence_of(tmp_path, *failed, exit_code=exit_code))
    assert (verdict.verdict, verdict.settled) == ("unjudged", False)
    assert states(verdict)["import:alpha"] == "skipped"


def test_what_a_complete_build_answered_counts_whatever_befell_the_suite(tmp_path: Path) -> None:
    failed = lines(alpha=("failed", "interrupted"))
    ended = partial(evidence_of, tmp_path, *failed, complaints=COMPLAINT, exit_code=None)
    verdict = judge(ended(built=True, trouble="took too long"))
    assert (verdict.verdict, verdict.untold) == ("broken", "took too long")
    assert {check.id for check in verdict.unexpected} == {"pip-check:*", "pip-check:beta"}
    assert not verdict.settled  # a search may not rest on it
    verdict = judge(ended(built=False, trouble="took too long"))
    assert (verdict.verdict, verdict.trouble) == ("unjudged", "took too long")


@pytest.mark.fault("D1")
def test_a_check_whose_set_up_alone_was_reported_has_no_answer(tmp_path: Path) -> None:
    others = [line for line in lines() if '"import:beta"' not in line]
    begun = suite_line("import:beta", "passed", when="setup")
    verdict = judge(evidence_of(tmp_path, *others, begun))
    assert (verdict.verdict, states(verdict)["import:beta"]) == ("unjudged", "skipped")
    assert "import:beta" in str(verdict.trouble)


def test_an_answer_that_settled_what_was_asked_is_the_end_of_a_suite(tmp_path: Path) -> None:
    begun = evidence_of(tmp_path, *lines(alpha=("failed", "import alpha: no")), exit_code=None)
    course = Course(
        plan=begun.plan,
        project=Project.at(tmp_path, {}),
        surroundings={},
        progress=Progress(Console(file=StringIO())),
        evidence=begun,
        end=ExitStack(),
    )
    heard: list[str] = []
    listener = Listener(
        course=course,
        heard=lambda answer, _: heard.append(answer.id),
        settles=lambda answer: answer.outcome == "failed",
    )
    assert listener.enough()
    assert course.settled_by == "import:alpha"
    assert heard == [check.id for check in begun.suite.checks]
    # What a suite says while it is being stopped is no answer.
    log = begun.folder / "checks.jsonl"
    answered = log.read_text("utf-8")
    with log.open("a", encoding="utf-8") as more:
        more.write(suite_line("smoke:sum", "failed", "killed"))
    listener.forget_later()
    assert log.read_text("utf-8") == answered
    record = course.record(built=True, trouble=None)
    record.write(begun.folder / "run.json")
    asked = answered_checks(begun, begun.plan, record)
    begun.plan.asking(asked).write(begun.folder / "plan.json")
    verdict = judge(begun)
    assert (verdict.verdict, verdict.untold, verdict.settled) == ("broken", None, True)
    assert [check.id for check in verdict.in_state("new")] == ["import:alpha"]
    # Whatever befell the run after it leaves open what was not asked.
    assert course.record(built=True, trouble="a server died").settled_by is None


# --- workloads that nobody claimed -----------------------------------------------------------


def scrape(tmp_path: Path, *, listed: bool = False, claimed: bool = False) -> Verdict:
    """Judge a run whose workload was skipped for want of a server."""
    line = json.loads(suite_line("smoke:scrape", "skipped", "no prometheus server", "unavailable"))
    line["user_properties"] += [["needs", ["alpha"]], ["servers", ["prometheus"]]]
    evidence = evidence_of(tmp_path, *lines(), json.dumps(line))
    plan = evidence.plan.model_copy(update={"servers": ("prometheus",) if listed else ()})
    if claimed:
        claim = plan.claims[0].model_copy(update={"checks": ("smoke:scrape",)})
        plan = plan.model_copy(update={"claims": (claim,)})
    plan.write(evidence.folder / "plan.json")
    return judge(evidence)


@pytest.mark.fault("2")
def test_a_workload_without_its_server_spoils_nothing_that_nobody_claimed(
    tmp_path: Path,
) -> None:
    verdict = scrape(tmp_path)
    assert (verdict.verdict, states(verdict)["smoke:scrape"]) == ("ok", "skipped")
    assert scrape(tmp_path, listed=True).verdict == "unjudged"
    assert scrape(tmp_path, claimed=True).verdict == "unjudged"


def test_a_verdict_says_how_deep_it_goes(tmp_path: Path) -> None:
    worked = json.loads(suite_line("smoke:sum", "passed"))
    worked["user_properties"] += [["needs", ["Alpha"]], ["servers", []]]
    some = [line for line in lines() if '"import:beta"' not in line]
    verdict = judge(evidence_of(tmp_path, *some, json.dumps(worked)))
    assert verdict.depth == {"alpha": "workload", "beta": "none"}
    assert "only imported" not in headline(verdict, Path("report.md"))
    verdict = judge(evidence_of(tmp_path, *lines()))
    assert verdict.depth == {"alpha": "import", "beta": "import"}
    assert "; 2 of 2 pins only imported in" in headline(verdict, Path("report.md"))
    some = [line for line in lines() if '"import:' not in line]
    verdict = judge(evidence_of(tmp_path, *some))
    assert verdict.depth == {"alpha": "none", "beta": "none"}
    assert "; 2 of 2 pins not even imported" in headline(verdict, Path("report.md"))


def test_a_pin_without_a_module_is_not_called_imported(tmp_path: Path) -> None:
    empty = json.loads(suite_line("import:beta", "passed"))
    empty["user_properties"] += [["modules", []]]
    some = [line for line in lines() if '"import:beta"' not in line]
    verdict = judge(evidence_of(tmp_path, *some, json.dumps(empty)))
    assert (verdict.verdict, verdict.depth) == ("ok", {"alpha": "import", "beta": "none"})


def test_a_pin_that_is_not_installed_is_not_called_imported(tmp_path: Path) -> None:
    evidence = evidence_of(tmp_path, *lines())
    before = judge(evidence).depth
    evidence.write_freeze({"alpha": "0.9"})
    assert judge(evidence).depth == {**before, "beta": "none"}
    assert before["beta"] == "import"


def test_a_workload_whose_needs_are_misspelt_does_not_vanish_without_a_word(tmp_path: Path) -> None:
    verdict = judge(evidence_of(tmp_path, *lines()))
    left_out = {"smoke:model": ("scikit-lern",)}
    verdict = verdict.model_copy(update={"left_out": left_out, "depth": {"scikit-learn": "import"}})
    console = Console(file=StringIO(), width=200)
    print_verdict(verdict, Path("report.md"), console)
    assert isinstance(console.file, StringIO)
    said = console.file.getvalue()
    assert "smoke:model" in said
    assert "is scikit-learn meant by scikit-lern?" in said


# --- what earlier versions wrote -------------------------------------------------------------


def test_every_constraint_file_is_told_and_older_files_are_read(tmp_path: Path) -> None:
    evidence = evidence_of(tmp_path, *lines())
    used = [
        ConstraintsUsed(name=name, source="mirror", address=f"file:///{name}", sha256="0" * 64)
        for name in ("one", "two")
    ]
    run = evidence.run.model_copy(update={"constraints": tuple(used)})
    run.write(evidence.folder / "run.json")
    verdict = judge(evidence)
    assert verdict.constraints == tuple(used)
    older = verdict.to_data() | {"constraints": {"source": "mirror", "sha256": "0" * 64}}
    (read,) = Verdict.model_validate(older).constraints
    assert (read.source, read.sha256) == ("mirror", "0" * 64)
    for new in ("untold", "ended", "depth"):
        del older[new]
    assert Verdict.model_validate(older | {"constraints": None}).constraints == ()
