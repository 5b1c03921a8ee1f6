"""The monthly run from list to page and issue, over three months of a stack of tiny wheels."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from junitparser import JUnitXml
from support.checkout import Checkout
from support.index import Fault, Index
from support.kept_reports import KeptReports
from support.matrices import PYTHON
from support.wheels import Release
from support.workbench import TINY, Bench

from stackproof.base.records import write_atomically
from stackproof.base.times import timestamp
from stackproof.ci.conclusion import conclude, read_issue_texts
from stackproof.ci.file_tracker import FileTracker
from stackproof.ci.jobs import Jobs, Task, make_jobs
from stackproof.ci.merging import merge_reports
from stackproof.ci.running import TaskEnd
from stackproof.ci.unexpected import decide
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.file import append, read_history
from stackproof.evidence.reports import InReports
from stackproof.evidence.verdict import Verdict, judge
from stackproof.experiments.diagnose.record import Diagnosis
from stackproof.matrix.load import load_matrix
from stackproof.report.files import write_reports

#: delta uses gamma, of which no row says the version.
DELTA = TINY.replace("beta", "delta")
TASK = Task(kind="verify", row="tiny/plain", python=PYTHON, arguments=("-s", "verify(tiny/plain)"))


@pytest.fixture
def checkout(bench: Bench, index: Index) -> Checkout:
    """Return a checkout whose one row works as long as gamma is older than 2."""
    uses = "import gamma\nassert gamma.__version__ < '2', 'gamma is too new'\n__version__ = '1.0'\n"
    index.add(Release("delta", "1.0", requires=["gamma>=1"], modules={"delta/__init__.py": uses}))
    made = Checkout(bench)
    made.write_matrix(DELTA)
    return made


def recorded(
    bench: Bench, when: datetime, kept: KeptReports | None = None
) -> tuple[Verdict, Evidence]:
    """Run the row for real, and keep it as if it had run at another time.

    Where the index and the workloads are as at first, a run that is kept does.
    """
    plan = bench.plan(text=DELTA)
    _, evidence = kept.verify(bench, "tiny-delta", plan) if kept else bench.verify(plan)
    run = evidence.run.model_copy(update={"started": when})
    run.write(evidence.folder / "run.json")
    target = evidence.folder.with_name(when.strftime("%Y%m%dT%H%M%S.%fZ"))
    moved = Evidence(evidence.folder.rename(target))
    verdict = judge(moved)
    write_reports(moved, verdict)
    moved.publish()
    (bench.root / "reports" / InReports.HISTORY).unlink(
        missing_ok=True
    )  # tells of the time when it really ran
    append(bench.root / "reports", moved, verdict)
    return verdict, moved


class Months:
    """The last job of each month: its reports, and the notebook that the news go to."""

    def __init__(self, bench: Bench, kept: KeptReports) -> None:
        self.bench, self.kept = bench, kept
        self.reports = bench.root / "kept" / "reports"
        self.notebook = FileTracker(self.reports / "issues.json")

    def row_job(self, when: datetime, *, changed: bool = False) -> Path:
        """Do what a row's job does, in a checkout of its own; return what it hands on.

        `changed` says that what it finds is no longer as at first.
        """
        reports = self.bench.root / "reports"
        shutil.rmtree(reports, ignore_errors=True)
        recorded(self.bench, when, None if changed else self.kept)
        artifact = self.bench.root / "artifacts" / when.strftime("%Y%m") / "evidence-001"
        # Artifacts know no symbolic links: `latest` comes out of one as a folder.
        shutil.copytree(reports, artifact, symlinks=False)
        shutil.rmtree(reports)
        return artifact.parent

    def last_job(self, listed: datetime, artifacts: Path) -> list[tuple[str, str]]:
        """Do what the last job does; return what was told, to whom."""
        merge_reports(self.reports, artifacts)
        jobs = make_jobs([TASK], listed)
        conclude(jobs, self.reports, self.bench.root / "matrices")
        actions = decide(read_issue_texts(self.reports), self.notebook.open_issues())
        for action in actions:
            self.notebook.carry_out(action)
        return [(action.what, action.body) for action in actions]

    def summary(self) -> list[str]:
        """Return the line of the row in the summary."""
        text = (self.reports / "summary.md").read_text(encoding="utf-8")
        return [line for line in text.splitlines() if line.startswith("| tiny/plain ")]


def first_of(number: int) -> datetime:
    return datetime(2026, number, 1, 3, tzinfo=timezone.utc)


def test_three_months_from_green_over_drift_to_a_broken_stack(
    checkout: Checkout, index: Index, kept_reports: KeptReports
) -> None:
    months = Months(checkout.bench, kept_reports)
    hour = timedelta(hours=1)

    assert months.last_job(first_of(1) - hour, months.row_job(first_of(1))) == []
    (line,) = months.summary()
    assert line.startswith("| tiny/plain | OK | 9 passed | ")
    assert line.endswith("| not known |")

    index.add(Release("gamma", "1.2"))
    assert months.last_job(first_of(2) - hour, months.row_job(first_of(2), changed=True)) == []
    (line,) = months.summary()
    assert line.startswith("| tiny/plain | OK | 9 passed | ")
    assert line.endswith("| gamma 1.1 → 1.2 |")

    index.add(Release("gamma", "2.0"))
    ((what, body),) = months.last_job(first_of(3) - hour, months.row_job(first_of(3), changed=True))
    assert what == "open"
    assert "**tiny/plain** is BROKEN: 7 passed, 2 failed (0 expected, 2 unexpected)" in body
    assert "AssertionError: gamma is too new" in body
    assert (
        "- **gamma 2.0** (before: 1.2), not confirmed by a build: nothing else is different since "
        "the last run as expected; it breaks `import:*`, `import:delta`" in body
    )
    assert "| check `import:delta` | passed | unexpected failure |" in body
    assert "| distribution `gamma` | 1.2 | 2.0 |" in body
    assert "| what | 2026-02-01T03:00:00Z, as expected | now |" in body

    # The same again is no news; an end to it is.
    assert months.last_job(first_of(4) - hour, months.row_job(first_of(4), changed=True)) == []
    index.add(Release("gamma", "2.0.1", yanked="no"), Release("gamma", "1.3"))
    checkout.bench.write("tests/stack/workloads/test_sum.py", "def test_x():\n    pass\n")
    ((what, body),) = months.last_job(first_of(5) - hour, months.row_job(first_of(5), changed=True))
    assert what == "comment"
    assert "Besides, this could not be judged" in body
    assert "test_x: has no workload marker" in body

    # What was merged is whole: five runs, and a page of them.
    home = months.reports / "tiny" / "plain"
    assert [run.folder.name[:8] for run in Evidence.runs(home)] == [
        f"20260{number}01" for number in (5, 4, 3, 2, 1)
    ]
    assert (home / "latest").readlink() == Path("20260501T030000.000000Z")
    history = read_history(months.reports / InReports.HISTORY)
    assert [(entry.started, entry.verdict) for entry in history] == [
        (first_of(1), "ok"),
        (first_of(2), "ok"),
        (first_of(3), "broken"),
        (first_of(4), "broken"),
        (first_of(5), "broken"),
    ]
    assert "tiny/plain" in (months.reports / "index.html").read_text(encoding="utf-8")


def test_another_cause_of_the_same_failing_checks_is_told(
    bench: Bench, index: Index, kept_reports: KeptReports
) -> None:
    def gamma(version: str, text: str) -> Release:
        text = f"__version__ = {version!r}\n{text}"
        return Release("gamma", version, modules={"gamma/__init__.py": text})

    uses = "from gamma import first, second\n__version__ = '1.0'\n"
    index.add(
        Release("delta", "1.0", requires=["gamma>=1"], modules={"delta/__init__.py": uses}),
        gamma("2.0", "first = 1\n"),
    )
    Checkout(bench).write_matrix(DELTA)
    months = Months(bench, kept_reports)
    hour = timedelta(hours=1)

    def month(number: int) -> list[tuple[str, str]]:
        artifacts = months.row_job(first_of(number), changed=True)
        return months.last_job(first_of(number) - hour, artifacts)

    ((what, body),) = month(1)
    assert (what, "cannot import name 'second'" in body) == ("open", True)
    # The same break: a later release has it too, on other lines.
    index.add(gamma("2.1", "\n\nfirst = 'another'\n"))
    assert month(2) == []
    index.add(gamma("3.0", "second = 1\n"))
    ((what, body),) = month(3)
    assert (what, "cannot import name 'first'" in body) == ("comment", True)
    assert month(4) == []


def test_a_job_that_left_nothing_is_news_once(
    checkout: Checkout, kept_reports: KeptReports
) -> None:
    months = Months(checkout.bench, kept_reports)
    artifacts = months.row_job(first_of(1))
    hour = timedelta(hours=1)
    assert months.last_job(first_of(1) - hour, artifacts) == []
    # The month after, what there is is the month before's: this month's job left nothing.
    ((what, body),) = months.last_job(first_of(2) - hour, artifacts)
    assert what == "open"
    assert body.startswith("**tiny/plain** left no verdict: its job crashed, was stopped, or")
    assert months.last_job(first_of(3) - hour, artifacts) == []
    (suite,) = JUnitXml.fromfile(str(months.reports / "junit.xml"))
    assert (suite.name, suite.tests, suite.errors) == ("tiny/plain", 1, 1)
    artifacts = months.row_job(first_of(4))
    assert [what for what, _ in months.last_job(first_of(4) - hour, artifacts)] == ["close"]
    (suite,) = JUnitXml.fromfile(str(months.reports / "junit.xml"))
    assert (suite.name, suite.tests, suite.errors) == ("tiny/plain", 9, 0)


def test_merging_twice_changes_nothing(checkout: Checkout, kept_reports: KeptReports) -> None:
    months = Months(checkout.bench, kept_reports)
    (artifact,) = months.row_job(first_of(1)).iterdir()
    write_atomically(artifact / "monthly" / "verify-tiny-plain.json", "{}")
    (artifact / "tiny" / "plain" / "probes" / "20260101T030000.000000Z").mkdir(parents=True)
    again = artifact / "tiny" / "plain" / "confirmations" / "20260101T030100.000000Z"
    write_atomically(again / "suite.log", "asked again")

    def files() -> dict[str, bytes]:
        found = (path for path in months.reports.rglob("*") if path.is_file())
        return {path.relative_to(months.reports).as_posix(): path.read_bytes() for path in found}

    merge_reports(months.reports, artifact)
    once = files()
    assert "monthly/verify-tiny-plain.json" in once
    assert not any("probes" in name for name in once)
    assert "tiny/plain/confirmations/20260101T030100.000000Z/suite.log" in once
    merge_reports(months.reports, artifact.parent)
    merge_reports(months.reports, None)
    assert files() == once
    assert (months.reports / InReports.HISTORY).read_bytes().count(b"\n") == 1


def test_what_a_job_did_a_month_ago_is_not_told_of_one_that_left_nothing(
    checkout: Checkout, kept_reports: KeptReports
) -> None:
    months = Months(checkout.bench, kept_reports)
    hour = timedelta(hours=1)
    artifacts = months.row_job(first_of(1))
    end = TaskEnd(
        row="tiny/plain",
        kind="verify",
        started=first_of(1),
        seconds=2.0,
        exit=0,
        ending="ended with exit code 0",
        last_lines="all is well",
    )
    end.write(artifacts / "evidence-001" / "monthly" / "verify-tiny-plain.json")
    assert months.last_job(first_of(1) - hour, artifacts) == []
    ((_, body),) = months.last_job(first_of(2) - hour, artifacts)
    assert body.startswith("**tiny/plain** left no verdict: its job crashed, was stopped, or")
    assert "all is well" not in body


# --- the session -----------------------------------------------------------------------------


def only(lines: list[str], start: str) -> str:
    """Return the one line that begins so."""
    (line,) = [line for line in lines if line.startswith(start)]
    return line


def monthly(checkout: Checkout, *arguments: str) -> tuple[int, list[str]]:
    return checkout.run("monthly", *arguments)


@pytest.mark.fault("index")
def test_a_job_that_could_not_be_judged_ends_so(checkout: Checkout, index: Index) -> None:
    code, lines = monthly(checkout, "jobs")
    assert code == 0, lines
    index.fail(Fault.SERVER_ERROR, "delta")
    code, lines = monthly(checkout, "run")
    assert code == 1, lines
    assert only(lines, "nox > Session monthly aborted: exit 2")
    file = checkout.bench.root / "reports" / "monthly" / "verify-tiny-plain.json"
    end = TaskEnd.model_validate_json(file.read_text(encoding="utf-8"))
    assert (end.exit, end.ending) == (2, "ended with exit code 2")


def test_the_steps_of_a_month_on_one_machine(checkout: Checkout, index: Index) -> None:
    bench = checkout.bench
    reports = bench.root / "reports"
    before = datetime.now(timezone.utc) - timedelta(days=20)
    recorded(bench, before)
    index.add(Release("gamma", "2.0", uploaded=before + timedelta(days=10)))

    out = bench.root / "github-output"
    bench.environ |= {"GITHUB_OUTPUT": str(out), "GITHUB_STEP_SUMMARY": str(out) + ".md"}
    code, lines = monthly(checkout, "jobs", "--rows=", "--candidate=")
    assert code == 0, lines
    assert "001-tiny-plain  tiny/plain" in lines
    fan = [{"id": "001-tiny-plain", "name": "tiny/plain", "pythons": PYTHON, "minutes": 60}]
    assert out.read_text(encoding="utf-8") == f"jobs={json.dumps(fan)}\nany=true\n"

    code, lines = monthly(checkout, "run", "001-tiny-plain")
    assert code == 1, lines
    # Once by the run itself, and once more when what failed was asked again.
    broken = "tiny/plain BROKEN: 7 passed, 2 failed (0 expected, 2 unexpected)"
    assert len([line for line in lines if line.startswith(broken)]) == 2
    assert only(lines, "nox > Session monthly aborted: exit 1")
    file = reports / "monthly" / "verify-tiny-plain.json"
    end = TaskEnd.model_validate_json(file.read_text(encoding="utf-8"))
    assert (end.row, end.exit, end.ending) == ("tiny/plain", 1, "ended with exit code 1")
    assert "Session verify(tiny/plain) aborted: exit 1 (took" in end.last_lines

    code, lines = monthly(checkout, "merge")
    assert code == 0, lines
    summary = (reports / "summary.md").read_text(encoding="utf-8")
    assert (bench.root / "github-output.md").read_text(encoding="utf-8") == summary
    assert "| tiny/plain | BROKEN | 7 passed, 2 failed (0 expected, 2 unexpected) | " in summary
    assert (reports / "index.html").stat().st_size > 1000
    assert out.read_text(encoding="utf-8").endswith("verdict=broken\nreports=reports\n")

    code, lines = monthly(checkout, "news", "--dry-run")
    assert (code, "open: tiny/plain BROKEN" in lines) == (0, True)
    assert not (reports / "issues.json").exists()
    code, lines = monthly(checkout, "news")
    assert (code, "open: tiny/plain BROKEN" in lines) == (0, True)
    told = (reports / "news.md").read_text(encoding="utf-8")
    assert told.startswith("# tiny/plain BROKEN\n\n**tiny/plain** is BROKEN: ")
    assert "### Diagnosis\n\n| cause | release |" in told
    day = timestamp(before + timedelta(days=10))
    assert f"| release | gamma 2.0 | {day} |  | gamma 2.0, uploaded {day}, replaces 1.1;" in told
    assert "```text\ngamma<2\n```" in told
    assert told.index("### Diagnosis") < told.index("### What fails") < told.index("Unexpected: ")
    assert "### Culprit" not in told
    code, lines = monthly(checkout, "news")
    assert (code, "open: tiny/plain BROKEN" in lines) == (0, False)
    assert (reports / "news.md").read_text(encoding="utf-8") == ""
    assert json.loads((reports / "news.json").read_text(encoding="utf-8"))["actions"] == []

    code, lines = checkout.run("changes")
    assert code == 0, lines
    assert only(lines, "  distribution  gamma").split() == [
        *("distribution", "gamma", "1.1", "->", "2.0")
    ]
    assert only(lines, "  check         import:delta").split()[-3:] == ["ok", "->", "new"]


def test_a_row_that_was_never_well_is_diagnosed_too(checkout: Checkout, index: Index) -> None:
    index.add(Release("gamma", "2.0"))
    reports = checkout.bench.root / "reports"
    for step in ("jobs", "run", "merge", "news"):
        monthly(checkout, step)
    told = (reports / "news.md").read_text(encoding="utf-8")
    assert "### Diagnosis" in told
    assert "gamma is too new" in told[: told.index("### What fails")]
    assert "nothing to compare with" not in told
    diagnosis = Diagnosis.model_validate_json((reports / "tiny/plain/diagnosis.json").read_bytes())
    assert diagnosis.trouble is None
    # The suite of the run itself answers for the first build.
    assert diagnosis.built < diagnosis.builds
    report = (reports / "tiny/plain/latest/report.md").read_text(encoding="utf-8")
    assert "## Diagnosis" in report
    assert f"```diff\n{diagnosis.patch}```" in told
    (log,) = (reports / "monthly").glob("verify-*.log")
    # Either the run had the time to look at links, or that is done then.
    looked = Evidence(reports / "tiny/plain/latest").links is not None
    assert looked != ("Running session links" in log.read_text(encoding="utf-8"))


def test_a_row_that_is_no_more_is_told_and_its_issue_closed(checkout: Checkout) -> None:
    reports = checkout.bench.root / "reports"
    make_jobs([TASK], first_of(1)).write(reports / "monthly" / "jobs.json")
    for step in ("merge", "news"):
        assert monthly(checkout, step)[0] == 0
    assert "left no verdict" in (reports / "news.md").read_text(encoding="utf-8")
    # In the next month it is only not asked for, and in the one after its matrix cannot be read.
    Jobs(listed=first_of(2), jobs=()).write(reports / "monthly" / "jobs.json")
    renamed = DELTA.replace("[rows.plain]", "[rows.bare]")
    for text in (DELTA, renamed.replace("[rows.bare]", "[rows.bare")):
        checkout.write_matrix(text)
        monthly(checkout, "merge")
        code, lines = monthly(checkout, "news")
        assert (code, (reports / "news.md").read_text(encoding="utf-8")) == (0, ""), lines
    checkout.write_matrix(renamed)
    code, lines = monthly(checkout, "news")
    assert (code, lines) == (0, ["close: tiny/plain is no longer in its matrix"])
    told = (reports / "news.md").read_text(encoding="utf-8")
    assert "**tiny/plain** is no longer in its matrix: tiny.toml has bare." in told
    (issue,) = json.loads((reports / "issues.json").read_text(encoding="utf-8"))["issues"]
    assert issue["open"] is False
    assert monthly(checkout, "news") == (0, [])


def test_what_an_issue_offers_is_applied(checkout: Checkout, index: Index) -> None:
    index.add(Release("gamma", "2.0"))
    for step in ("jobs", "run", "merge"):
        monthly(checkout, step)
    matrix, reports = checkout.bench.root / "matrices/tiny.toml", checkout.bench.root / "reports"
    code, lines = monthly(checkout, "fix")
    assert (code, "tiny/plain: its fix is in the matrix" in lines) == (0, True)
    (addition,) = load_matrix(matrix).rows["plain"].additions
    assert addition.requirement == "gamma<2"
    assert "gamma is too new" in (reports / "fixes.md").read_text(encoding="utf-8")
    fixed = matrix.read_bytes()
    code, lines = monthly(checkout, "fix")
    assert (code, matrix.read_bytes()) == (0, fixed)
    assert "tiny/plain: tiny.toml: plain has gamma<2 already" in lines
    told = (reports / "fixes.md").read_text(encoding="utf-8")
    assert "could not be written into the matrix as it is now" in told


@pytest.mark.parametrize("layout", ["a folder a job", "one job alone"])
def test_what_jobs_handed_on_is_found_in_either_layout(
    checkout: Checkout, layout: str, kept_reports: KeptReports
) -> None:
    # A download of several artifacts makes a folder for each, one of a single artifact does not.
    artifacts = Months(checkout.bench, kept_reports).row_job(first_of(1))
    jobs = make_jobs([TASK], first_of(1) - timedelta(hours=1))
    jobs.write(checkout.bench.root / "reports" / "monthly" / "jobs.json")
    folder = artifacts if layout == "a folder a job" else artifacts / "evidence-001"
    code, lines = monthly(checkout, "merge", str(folder))
    assert code == 0, lines
    assert only(lines, "| tiny/plain | OK | 9 passed | ")


@pytest.mark.parametrize(
    ("environ", "where"),
    [
        (
            {
                "GITHUB_SERVER_URL": "https://github.example",
                "GITHUB_REPOSITORY": "team/stack",
                "GITHUB_RUN_ID": "7",
            },
            "https://github.example/team/stack/actions/runs/7",
        ),
        ({"CI_PIPELINE_URL": "https://gitlab.example/7"}, "https://gitlab.example/7"),
    ],
)
def test_what_is_told_leads_to_the_engines_run(
    checkout: Checkout, environ: dict[str, str], where: str
) -> None:
    reports = checkout.bench.root / "reports"
    make_jobs([TASK], first_of(1)).write(reports / "monthly" / "jobs.json")
    checkout.bench.environ |= environ
    code, lines = monthly(checkout, "merge")
    assert code == 0, lines
    (told,) = read_issue_texts(reports)
    assert f"The run: {where}\n" in told.body


def test_an_empty_month_is_told_and_fails_nothing(checkout: Checkout) -> None:
    reports = checkout.bench.root / "reports"
    Jobs(listed=first_of(1), jobs=()).write(reports / "monthly" / "jobs.json")
    code, lines = monthly(checkout, "merge", "nowhere")
    assert code == 0, lines
    assert "No row was asked for, so there is nothing to tell." in lines
    code, lines = monthly(checkout, "news")
    assert code == 0, lines
    assert (reports / "news.md").read_text(encoding="utf-8") == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "the following arguments are required: step; usage: nox -s monthly -- [-h] {jobs,run"),
        (("jobs", "--rows=$(id) tiny"), "there is no row '$(id)'; there are tiny/plain"),
        (("jobs", "--candidate=--pre"), "'--pre' is no upgrade to try; write name==version"),
        (("jobs", "--candidate=alpha"), "there is no row 'verified'; name rows with --rows"),
        (("merge",), "there is no list of jobs; run `nox -s monthly -- jobs` first"),
        (("news",), "there are no issue texts yet; run `nox -s monthly -- merge` first"),
    ],
)
def test_a_step_that_cannot_be_taken_says_why(
    checkout: Checkout, arguments: tuple[str, ...], told: str
) -> None:
    code, lines = monthly(checkout, *arguments)
    assert code == 1, lines
    assert f"nox > Session monthly aborted: exit 2: {told}" in lines[-1]
    written = {path.name for path in (checkout.bench.root / "reports").rglob("*.json")}
    assert written == set()
