"""Reports: what machines and people read of a run, from evidence alone."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase
from rich.console import Console
from support.evidences import evidence_of, suite_line
from support.index import Index
from support.workbench import ROOT, TINY, Bench
from xmlschema import XMLSchema

from stackproof.base.json_text import to_json
from stackproof.cli.schemas import schemas
from stackproof.evidence.folder import Evidence
from stackproof.evidence.verdict import Verdict, judge
from stackproof.report.files import write_reports
from stackproof.report.markdown import markdown
from stackproof.report.terminal import headline, print_verdict

XUNIT2 = XMLSchema(str(ROOT / "tests" / "integration" / "xunit2.xsd"))
NASTY = "\x1b[31mred\x1b[0m \x00 nul \ufffe & <b>bold</b> | bar ]]> \N{SNOWMAN} end"

KNOWN = """
[[rows.plain.known-failures]]
check = "{}"
reason = "known | for <years>"
date = 2025-01-02
"""


MIXED = (
    suite_line("import:*", "passed"),
    suite_line("import:alpha", "passed"),
    suite_line("import:beta", "failed", f"first line {NASTY}\nsecond line {NASTY}"),
    suite_line("version:alpha", "failed", "an old story"),
    suite_line("version:beta", "passed"),
    suite_line("smoke:skips", "skipped", "no server today"),
)

GOOD = (
    *(line for line in MIXED if "failed" not in line),
    suite_line("import:beta", "passed"),
    suite_line("version:alpha", "passed"),
)


@pytest.fixture
def mixed(bench: Bench) -> Evidence:
    """Return the evidence of a run with a check in every state."""
    known = KNOWN.format("version:alpha") + KNOWN.format("version:beta")
    return evidence_of(bench.root, *MIXED, known=known)


def cases(evidence: Evidence) -> dict[str, TestCase]:
    """Write the reports; return the test cases of the JUnit file, which must be a valid one."""
    write_reports(evidence, judge(evidence))
    file = evidence.folder / "junit.xml"
    XUNIT2.validate(str(file))
    (suite,) = JUnitXml.fromfile(str(file))
    return {f"{case.classname}/{case.name}": case for case in suite}


def test_a_failure_without_a_word_is_not_the_known_one(bench: Bench) -> None:
    known = KNOWN.format("import:*") + 'says = "No module named"\n'
    found = judge(evidence_of(bench.root, *GOOD, suite_line("import:*", "failed"), known=known))
    assert [check.id for check in found.in_state("new")] == ["import:*"]


# --- JUnit -----------------------------------------------------------------------------------


def test_every_check_is_a_test_case(mixed: Evidence) -> None:
    found = cases(mixed)
    assert list(found) == [
        "tiny.plain.stage/one",
        "tiny.plain.stage/two",
        "tiny.plain.import/*",
        "tiny.plain.import/alpha",
        "tiny.plain.import/beta",
        "tiny.plain.version/alpha",
        "tiny.plain.version/beta",
        "tiny.plain.pip-check/*",
        "tiny.plain.smoke/skips",
    ]
    results = {name.partition("plain.")[2]: case.result for name, case in found.items()}
    assert {name: type(result[0]) for name, result in results.items() if result} == {
        "import/beta": Failure,
        "version/alpha": Skipped,
        "version/beta": Failure,
        "smoke/skips": Skipped,
    }
    assert results["version/alpha"][0].message == "expected failure: known | for <years>"
    assert results["version/alpha"][0].text == "an old story"
    assert results["version/beta"][0].message == (
        "an expected failure that passes; remove it from the matrix: known | for <years>"
    )
    assert results["smoke/skips"][0].message == "no server today"


def test_the_counts_of_the_file_are_those_of_its_cases(mixed: Evidence) -> None:
    cases(mixed)
    (suite,) = JUnitXml.fromfile(str(mixed.folder / "junit.xml"))
    assert (suite.name, suite.timestamp) == ("tiny/plain", "2025-04-01T12:30:15")
    assert (suite.tests, suite.failures, suite.skipped, suite.errors) == (9, 2, 2, 0)
    assert suite.time == pytest.approx(12.346)


def test_what_xml_cannot_carry_is_left_out(mixed: Evidence) -> None:
    (failure,) = cases(mixed)["tiny.plain.import/beta"].result
    clean = "red  nul  & <b>bold</b> | bar ]]> \N{SNOWMAN} end"
    assert failure.message == f"first line {clean}"
    assert failure.text == f"first line {clean}\nsecond line {clean}"


def test_a_run_that_could_not_be_judged_is_an_error_in_the_file(bench: Bench) -> None:
    found = cases(evidence_of(bench.root, trouble=f"the index {NASTY}"))
    (error,) = found["tiny.plain.run/judged"].result
    assert isinstance(error, Error)
    assert error.message == "the run could not be judged"
    assert error.text is not None
    assert error.text.startswith("the index red")


def test_an_install_stage_that_fails_is_a_test_case(bench: Bench) -> None:
    plan = bench.plan(text=TINY.replace('version = "1.0"', 'version = "9.0"', 1))
    _, evidence = bench.verify(plan)
    found = cases(evidence)
    (failure,) = found["tiny.plain.stage/one"].result
    assert isinstance(failure, Failure)
    assert failure.message == "cannot be installed as documented"
    assert "alpha==9.0" in (failure.text or "")
    others = {name: case.result for name, case in found.items() if name != "tiny.plain.stage/one"}
    assert len(others) == len(plan.checks) - 1
    assert {result[0].message for result in others.values()} == {"not run: stage one failed"}


def test_no_file_is_empty(bench: Bench, index: Index) -> None:
    index.stop()
    _, evidence = bench.verify(bench.plan())
    found = cases(evidence)
    assert {type(case.result[0]) for case in found.values() if case.result} == {Skipped, Error}
    assert len(found) == len(evidence.plan.checks) + 1


# --- Markdown --------------------------------------------------------------------------------


def report(evidence: Evidence) -> list[str]:
    return markdown(evidence, judge(evidence)).splitlines()


def test_the_first_line_of_the_report_is_the_verdict(bench: Bench) -> None:
    assert report(evidence_of(bench.root, *MIXED))[0] == "# BROKEN: tiny/plain"
    assert report(evidence_of(bench.root, *MIXED, trouble="x"))[0] == "# UNJUDGED: tiny/plain"
    assert report(evidence_of(bench.root, *GOOD))[0] == "# OK: tiny/plain"


def test_the_report_tells_of_every_check_that_matters(mixed: Evidence) -> None:
    lines = report(mixed)
    assert "## Unexpected failures" in lines
    assert "| `version:alpha` | wrong version | known \\| for &lt;years> |" in lines
    assert (
        "| `version:beta` | passes; remove the expected failure (known \\| for &lt;years>) |"
        in lines
    )
    assert "| `smoke:skips` | no server today |" in lines
    assert any("**alpha** 1.0 → 0.9" in line for line in lines)
    assert "| the stack | " not in "\n".join(lines)
    (claim,) = [line for line in lines if "works with alpha" in line]
    assert "not provable here" in claim


@pytest.mark.parametrize("grade", ["real", "emulated"])
def test_the_report_tells_which_evidence_is_emulated(bench: Bench, grade: str) -> None:
    lines = report(evidence_of(bench.root, *GOOD, suite_line("smoke:sum", "passed", grade=grade)))
    (claim,) = [line for line in lines if "works with alpha" in line]
    assert ("✅ proved, with a stand-in server |" in claim) is (grade == "emulated")
    assert ("- `smoke:sum`" in lines) is (grade == "emulated")


def test_the_report_holds_nothing_that_a_terminal_acts_on(mixed: Evidence) -> None:
    text = "\n".join(report(mixed))
    assert "\x1b" not in text
    assert "\x00" not in text
    assert "second line red" in text


def test_no_message_breaks_a_table(mixed: Evidence) -> None:
    (row,) = [line for line in report(mixed) if line.startswith("| `import:beta` |")]
    # The check, the class of its failure, and why.
    assert row.replace("\\|", "").count("|") == 4
    assert "&lt;b>bold&lt;/b>" in row


# --- terminal --------------------------------------------------------------------------------


def printed(verdict: Verdict, *, terminal: bool) -> str:
    output = StringIO()
    console = Console(file=output, force_terminal=terminal, width=200, color_system=None)
    print_verdict(verdict, Path("reports/report.md"), console)
    return output.getvalue()


LAST = (
    "tiny/plain BROKEN: 6 passed, 2 failed (1 expected, 1 unexpected), 1 unexpectedly passing, "
    "1 skipped; 1 of 2 pins only imported; 1 of 2 pins not even imported; unexpected: import:beta; "
    "unexpectedly passing: version:beta in 12.3 s; report: reports/report.md"
)


@pytest.mark.parametrize("terminal", [True, False])
def test_the_last_line_says_it_all(mixed: Evidence, *, terminal: bool) -> None:
    verdict = judge(mixed)
    assert headline(verdict, Path("reports/report.md")) == LAST
    assert printed(verdict, terminal=terminal).splitlines()[-1] == LAST


def test_what_cannot_be_judged_is_said_before_the_last_line(bench: Bench) -> None:
    verdict = judge(evidence_of(bench.root, trouble="the index [bold]hung[/bold] up"))
    assert printed(verdict, terminal=False).splitlines()[-2] == (
        "could not judge: the index [bold]hung[/bold] up"
    )


@pytest.mark.parametrize("terminal", [True, False])
def test_what_is_left_out_is_not_left_unsaid(mixed: Evidence, *, terminal: bool) -> None:
    assert "left out" not in printed(judge(mixed), terminal=terminal)
    left_out = mixed.folder / "left-out.json"
    left_out.write_text(json.dumps({"smoke:b": ["tpyo"]}), encoding="utf-8")
    (line,) = [
        line
        for line in printed(judge(mixed), terminal=terminal).splitlines()
        if "the row does not pin tpyo" in line
    ]
    assert "left out" in line
    assert "smoke:b" in line
    many = {"smoke:a": ["zeta"], "smoke:b": ["tpyo", "zeta"]}
    left_out.write_text(json.dumps(many), encoding="utf-8")
    said = printed(judge(mixed), terminal=terminal)
    assert "2 workloads" in said
    assert "the row does not pin tpyo, zeta" in said


@pytest.mark.parametrize("terminal", [True, False])
def test_nothing_printed_acts_on_the_terminal(mixed: Evidence, *, terminal: bool) -> None:
    assert "first line red  nul" in printed(judge(mixed), terminal=terminal)
    assert "\x1b[31mred" not in printed(judge(mixed), terminal=terminal)


# --- JSON ------------------------------------------------------------------------------------


def test_result_files_are_of_the_form_that_is_published(mixed: Evidence) -> None:
    write_reports(mixed, judge(mixed))
    for name in ("plan", "run", "stages", "verdict"):
        text = (mixed.folder / f"{name}.json").read_text(encoding="utf-8")
        data = json.loads(text)
        Draft202012Validator(schemas()[name]).validate(data)
        # Sorted and one value a line, so that two can be compared.
        assert text == to_json(data)
        assert name == "stages" or data["format"] == 1


def test_the_verdict_file_holds_what_scripts_depend_on(mixed: Evidence) -> None:
    write_reports(mixed, judge(mixed))
    verdict = json.loads((mixed.folder / "verdict.json").read_text(encoding="utf-8"))
    wanted = {"matrix", "row", "python", "installer", "as_of", "constraints", "verdict"}
    assert verdict.keys() >= wanted | {"started", "seconds", "checks", "counts"}
    (beta,) = [check for check in verdict["checks"] if check["id"] == "import:beta"]
    assert beta.keys() >= {"kind", "subject", "outcome", "state", "message", "seconds"}
    assert (beta["kind"], beta["subject"], beta["state"]) == ("import", "beta", "new")
    assert verdict["counts"] == {
        "passed": 6,
        "failed": 2,
        "skipped": 1,
        "known": 1,
        "new": 1,
        "fixed": 1,
        "unsteady": 0,
    }


def test_reports_can_be_had_again_elsewhere(mixed: Evidence, tmp_path: Path) -> None:
    write_reports(mixed, judge(mixed))
    copied = Evidence(tmp_path / "a year later")
    shutil.copytree(mixed.folder, copied.folder)
    for name in ("junit.xml", "report.md", "verdict.json"):
        (copied.folder / name).unlink()
    write_reports(copied, judge(copied))
    for name in ("junit.xml", "report.md", "verdict.json"):
        assert (copied.folder / name).read_bytes() == (mixed.folder / name).read_bytes()


# --- the suite's report log ------------------------------------------------------------------


def test_the_worst_phase_of_a_check_counts(bench: Bench) -> None:
    evidence = evidence_of(
        bench.root,
        suite_line("import:alpha", "passed"),
        suite_line("import:alpha", "failed", "in teardown"),
        suite_line("import:alpha", "passed"),
        suite_line("import:beta", "passed"),
        suite_line("import:beta", "skipped", "late"),
    )
    found = {check.id: check for check in evidence.suite.checks}
    assert (found["import:alpha"].outcome, found["import:alpha"].message) == (
        "failed",
        "in teardown",
    )
    assert found["import:alpha"].seconds == pytest.approx(0.637)
    assert (found["import:beta"].outcome, found["import:beta"].message) == ("skipped", "late")


def test_a_torn_log_is_read_as_far_as_it_goes(bench: Bench) -> None:
    evidence = evidence_of(bench.root)
    text = f'{suite_line("import:alpha", "passed")}\n{{"$report_type": "TestRep'
    (evidence.folder / "checks.jsonl").write_text(text, encoding="utf-8")
    assert [check.id for check in evidence.suite.checks] == ["import:alpha"]
    assert evidence.suite.exit is None


@pytest.mark.fault("R8.14")
def test_a_check_that_was_not_run_is_known_by_having_no_answer(bench: Bench) -> None:
    planned = [check for check in bench.plan().checks if check != "version:beta"]
    answers = [suite_line(check, "passed") for check in planned]
    allowed = suite_line("smoke:skips", "skipped", "not run")  # its own words, and an answer
    evidence = evidence_of(bench.root, *answers, allowed, suite_line("version:beta", "passed"))
    assert judge(evidence).verdict == "ok"
    verdict = judge(evidence_of(bench.root, *answers, allowed))
    assert (verdict.verdict, verdict.in_state("skipped")[0].id) == ("unjudged", "version:beta")
    assert "version:beta" in str(verdict.trouble)
    assert "smoke:skips" not in str(verdict.trouble)


# --- secrets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_nothing_in_the_evidence_holds_a_password(
    bench: Bench, index: Index, installer: str
) -> None:
    constraints = index.put("constraints-1.0/constraints.txt", b"gamma==1.0\n")
    secret = index.url.replace("://", "://me:hunter2@")
    mirror = constraints.replace("://", "://me:hunter2@").rpartition("/constraints-1.0")[0]
    bench.environ |= {
        "UV_DEFAULT_INDEX": secret,
        "PIP_INDEX_URL": secret,
        "STACKPROOF_CONSTRAINTS_MIRROR": mirror,
    }
    extra = """
[constraints.alpha]
url = "http://127.0.0.1:9/constraints-{version}/constraints.txt"
pin = "alpha"

[[rows.plain.stages]]
name = "bad"
step = "none"
requirements = ["gamma>=1", "nosuch==1.0"]
constraints = "alpha"
reason = "why"
date = 2025-01-02
"""
    verdict, evidence = bench.verify(bench.plan(extra, installer=installer))
    assert [check.id for check in verdict.in_state("new")] == ["stage:bad"]
    assert evidence.run.index == index.url
    assert evidence.run.constraints[0].address == constraints
    written = {
        path.relative_to(evidence.folder): path.read_text(encoding="utf-8", errors="replace")
        for path in evidence.folder.rglob("*")
        if path.is_file()
    }
    assert len(written) > 8
    assert [path for path, text in written.items() if "hunter2" in text] == []
    assert "hunter2" not in bench.output.getvalue()
