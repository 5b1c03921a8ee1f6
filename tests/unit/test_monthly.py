"""The monthly run, step by step: jobs, what became of the rows, the news, and who hears them."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.histories import ENTRY, made_up, month
from support.records import DIAGNOSIS, LINKS
from support.workbench import TINY

from stackproof.ci.blame import Suspect, suspect
from stackproof.ci.calibrated import calibration_text
from stackproof.ci.file_tracker import FileTracker
from stackproof.ci.github import GitHub
from stackproof.ci.gone import gone_texts
from stackproof.ci.issue_texts import IssueText, issue_text
from stackproof.ci.jobs import Task, make_jobs
from stackproof.ci.listing import Listed, choose, parse_listing, scheduled, tasks_of, trials_of
from stackproof.ci.outcome import Outcome, overall
from stackproof.ci.pull_request import pull_request_text
from stackproof.ci.running import TaskEnd, diagnosis_arguments
from stackproof.ci.summary import summary
from stackproof.ci.told import MARK, is_news, mark
from stackproof.ci.unexpected import Action, OpenIssue, decide
from stackproof.errors import CannotJudgeError, StackproofError
from stackproof.evidence.failures import Failure, FailureClass
from stackproof.evidence.history.changes import changes_between
from stackproof.evidence.history.slower import OverBudget, Slower, TakesMore
from stackproof.evidence.suspects import JudgedLinks
from stackproof.evidence.verdict import Check, Verdict
from stackproof.experiments.diagnose.record import Blamed, Cause, Diagnosis, Fix, Instead

NOW = month(3)

# --- jobs ------------------------------------------------------------------------------------


def listed(row: str, *, default: bool = True) -> Listed:
    return Listed(session=f"verify({row})", row=row, python="3.11", default=default)


def tasks(number: int) -> tuple[Task, ...]:
    return tasks_of(listed(f"many/row-{place}") for place in range(number))


def test_there_is_one_job_a_row() -> None:
    jobs = make_jobs(tasks(2), NOW)
    assert [(job.id, job.name, job.pythons, job.minutes) for job in jobs.jobs] == [
        ("001-many-row-0", "many/row-0", ("3.11",), 45),
        ("002-many-row-1", "many/row-1", ("3.11",), 45),
    ]
    assert jobs.rows == ("many/row-0", "many/row-1")
    assert jobs.job("many/row-1") is jobs.job("002-many-row-1") is jobs.jobs[1]
    with pytest.raises(StackproofError, match=r"there is no job 'many/row-2' in this run"):
        jobs.job("many/row-2")


def test_a_matrix_of_which_nothing_runs_by_default_is_for_whom_asks() -> None:
    rows = [listed("a/one"), listed("a/two", default=False), listed("b/one", default=False)]
    assert [item.row for item in scheduled(rows)] == ["a/one", "a/two"]


def test_no_rows_are_no_jobs() -> None:
    assert make_jobs((), NOW).jobs == ()


def test_a_listing_holds_rows_and_nothing_else() -> None:
    def session(name: str, row: str | None) -> dict[str, object]:
        spec = {} if row is None else {"row": row}
        title = name if row is None else f"{name}({row})"
        python = "3.11" if row else False
        return {"session": title, "name": name, "python": python, "tags": [], "call_spec": spec}

    text = json.dumps(
        [
            session("verify", "a/one"),
            session("verify-optional", "a/two"),
            session("verify-optional", None),
        ]
    )
    assert [(item.row, item.session, item.default) for item in parse_listing(text)] == [
        ("a/one", "verify(a/one)", True),
        ("a/two", "verify-optional(a/two)", False),
    ]
    assert parse_listing("[]") == ()
    with pytest.raises(StackproofError, match="in no form known here"):
        parse_listing("nox > nothing")


def test_rows_are_chosen_by_name_or_by_matrix() -> None:
    rows = (listed("a/one"), listed("a/two", default=False), listed("b/one"))
    assert [item.row for item in choose(rows, ["b/one", "a"])] == ["a/one", "b/one"]
    assert [item.row for item in choose(rows, ["a/two"])] == ["a/two"]
    assert choose(rows, []) == ()
    with pytest.raises(StackproofError, match=r"there is no row 'a/tow'; did you mean 'a/two' or"):
        choose(rows, ["a/tow"])


def test_a_trial_is_a_call_of_nox_too() -> None:
    (task,) = trials_of([listed("a/one")], ["torch==2.6.0", "numpy==latest"])
    assert task.arguments == (
        "--session",
        "candidate",
        "--",
        "torch==2.6.0",
        "numpy==latest",
        "--row",
        "a/one",
    )
    assert make_jobs([task], NOW).rows == ()


def test_what_fails_is_diagnosed_as_of_its_run() -> None:
    broken = made_up(3, checks={"import:alpha": "new", "smoke:sum": "ok", "import:b": "known"})
    told = ("--session", "diagnose", "--", "tiny/plain", "--as-of", "2026-03-01T03:00:00Z")
    assert diagnosis_arguments((made_up(1), made_up(2), broken), "tiny/plain") == told
    # A row that was never well has most need of it.
    assert diagnosis_arguments((broken,), "tiny/plain") == told
    day = "2026-01-01T00:00:00Z"
    dated = broken.model_copy(update={"as_of": day})
    assert diagnosis_arguments((dated,), "tiny/plain") == (*told[:-1], day)
    # Stated, it would be a cut-off for what is exempt from the row's least age too.
    least = dated.model_copy(update={"min_age": "7d"})
    assert diagnosis_arguments((least,), "tiny/plain") == told[:-2]
    for without in (
        (made_up(1),),
        (broken, made_up(4)),
        (made_up(1), made_up(3, checks={"smoke:sum": "fixed", "import:b": "known"})),
        (broken.model_copy(update={"row": "other"}),),
        (),
    ):
        assert diagnosis_arguments(without, "tiny/plain") is None


# --- who is to blame -------------------------------------------------------------------------


def test_the_one_thing_that_changed_is_to_blame() -> None:
    broken = made_up(
        2, checks={**ENTRY.checks, "smoke:sum": "new"}, distributions={"alpha": "1.0", "gamma": "2"}
    )
    found = suspect(changes_between(ENTRY, broken))
    assert found == Suspect(checks=("smoke:sum",), name="gamma", before="1.0", after="2")
    more = broken.model_copy(update={"distributions": {"alpha": "1.1", "gamma": "2"}})
    assert suspect(changes_between(ENTRY, more)) is None
    other = broken.model_copy(update={"python": "3.11.9"})
    assert suspect(changes_between(ENTRY, other)) is None


# --- stories ---------------------------------------------------------------------------------


def check(name: str, state: str, message: str = "") -> Check:
    outcome = {"ok": "passed", "fixed": "passed", "skipped": "skipped"}.get(state, "failed")
    kind, _, subject = name.partition(":")
    return Check.model_validate(
        {
            "id": name,
            "kind": kind,
            "subject": subject,
            "outcome": outcome,
            "state": state,
            "grade": "real",
            "message": message,
            "reason": None,
            "seconds": 0.1,
        }
    )


def outcome(*checks: Check, trouble: str | None = None, **changes: object) -> Outcome:
    failed = any(item.outcome == "failed" for item in checks)
    counts = dict.fromkeys(("passed", "failed", "skipped", "known", "new", "fixed"), 0)
    for item in checks:
        counts[item.outcome] += 1
        if item.state in ("new", "known", "fixed"):
            counts[item.state] += 1
    verdict = Verdict(
        matrix="tiny",
        row="plain",
        python="3.11.7",
        installer="uv",
        as_of=None,
        constraints=None,
        verdict="unjudged" if trouble else "broken" if failed else "ok",
        trouble=trouble,
        started=NOW,
        seconds=1.0,
        checks=checks,
        claims=(),
        left_out={},
        counts=counts,
    )
    parts: dict[str, object] = {
        "row": "tiny/plain",
        "run": "20260301T030000.000000Z",
        "verdict": verdict,
        "changes": None,
        "costs": TakesMore(),
        "unconfirmed": (),
        "suspect": None,
        "diagnosis": None,
        "end": None,
        **changes,
    }
    return Outcome(**parts)  # type: ignore[arg-type]


def test_a_row_with_only_known_failures_is_well() -> None:
    story = issue_text(outcome(check("import:a", "ok"), check("smoke:sum", "known")))
    assert story.well
    assert story.title == "tiny/plain BROKEN"
    assert story.body.startswith("**tiny/plain** is as expected again: 1 passed, 1 failed (1 exp")


def test_what_fails_with_releases_to_come_is_told_and_fails_no_run() -> None:
    found = outcome(check("smoke:sum", "new", "2 + 2 is 5"))
    assert found.verdict
    soon = replace(
        found, verdict=found.verdict.model_copy(update={"prereleases": {"numpy": "2.5.0rc1"}})
    )
    story = issue_text(soon)
    assert (story.well, story.title) == (
        False,
        "tiny/plain will break when numpy 2.5.0 is released",
    )
    assert "**tiny/plain** will break when numpy 2.5.0 is released: " in story.body
    assert overall([soon]) == "ok"
    # Nothing was taken: whatever fails, it is not for that, and no news either way.
    none = replace(found, verdict=found.verdict.model_copy(update={"prereleases": {}}))
    story = issue_text(none)
    assert (story.well, story.no_news) == (False, True)
    assert (overall([none]), overall([found])) == ("ok", "broken")
    # Where they were asked for without: what fails then too is not for that.
    for soon_to_break, no_news in (((), True), (("smoke:sum",), False)):
        update = {"prereleases": {"numpy": "2.5.0rc1"}, "breaks_soon": soon_to_break}
        asked = replace(found, verdict=found.verdict.model_copy(update=update))
        story = issue_text(asked)
        assert (story.well, story.no_news) == (False, no_news)
        assert "as expected again" not in story.body
    # Nothing was judged, so nothing is well.
    unjudged = outcome(check("smoke:sum", "ok"), trouble="no index")
    assert unjudged.verdict
    lost = replace(unjudged, verdict=unjudged.verdict.model_copy(update={"prereleases": {}}))
    assert not issue_text(lost).well
    # A stage that cannot be installed takes none.
    refused = outcome(check("stage:one", "new", "no solution"))
    assert refused.verdict
    held = replace(refused, verdict=refused.verdict.model_copy(update={"prereleases": {}}))
    assert issue_text(held).title == "tiny/plain will break when what it lets in is released"


def test_what_is_over_its_budget_is_told_of_and_fails_no_run() -> None:
    over = OverBudget(check="import:alpha", measure="peak_memory", now=9e8, before=8e8, budget=5e8)
    found = outcome(check("import:alpha", "ok"), costs=TakesMore(over_budget=(over,)))
    story = issue_text(found)
    assert (story.well, story.title) == (False, "tiny/plain OK, but over its budget")
    line = "- import:alpha took 900 MB of memory, and 800 MB of memory in the run before; its"
    assert line in story.body
    assert overall([found]) == "ok"
    # It is reported once, and again where it is another check's.
    again = over.model_copy(update={"now": 9.5e8})
    other = over.model_copy(update={"check": "import:beta"})
    digests = [
        issue_text(replace(found, costs=TakesMore(over_budget=(item,)))) for item in (again, other)
    ]
    assert [told.digest == story.digest for told in digests] == [True, False]
    # What is only slower than it was opens none, and is told in the summary.
    slow = Slower(
        check="import:alpha", measure="seconds", now=9, before=8, lowest=3, highest=4, runs=5
    )
    slower = replace(found, costs=TakesMore(slower=(slow,)))
    assert issue_text(slower).well
    told = "- tiny/plain: import:alpha took 9.0 s, and 8.0 s in the run before; 3.0 s to 4.0 s in 5"
    assert told in summary(NOW, [slower], [], [issue_text(slower)])


def test_a_story_says_what_failed_since_when_and_what_changed() -> None:
    broken = made_up(
        3, checks={**ENTRY.checks, "smoke:sum": "new"}, distributions={"alpha": "1.0", "gamma": "2"}
    )
    changes = changes_between(ENTRY, broken)
    story = issue_text(
        outcome(check("smoke:sum", "new", "2 + 2 is 5"), changes=changes, suspect=suspect(changes))
    )
    assert not story.well
    assert story.title == "tiny/plain BROKEN"
    assert story.body == EXPECTED


EXPECTED = """\
**tiny/plain** is BROKEN: 0 passed, 1 failed (0 expected, 1 unexpected), 2026-03-01T03:00:00Z.

Unexpected: `smoke:sum`

```text
2 + 2 is 5
```

### Culprit

- **gamma 2** (before: 1.0), not confirmed by a build: nothing else is different since the last \
run as expected; it breaks `smoke:sum`

### Since the last run as expected

| what | 2026-01-01T03:00:00Z, as expected | now |
|---|---|---|
| check `smoke:sum` | passed | unexpected failure |
| distribution `gamma` | 1.0 | 2 |


Evidence: `reports/tiny/plain/20260301T030000.000000Z/`

<!-- stackproof tiny/plain 2fc453a5b597d344.2f95545a69837953 -->
"""


def test_a_story_leads_with_the_diagnosis() -> None:
    broken = made_up(
        3, checks={**ENTRY.checks, "smoke:sum": "new"}, distributions={"alpha": "1.0", "gamma": "2"}
    )
    changes = changes_between(ENTRY, broken)
    broke = check("smoke:sum", "new", "2 + 2 is 5")
    short = DIAGNOSIS.model_copy(update={"trouble": "interrupted | by a signal"})
    body = issue_text(
        outcome(broke, changes=changes, suspect=suspect(changes), diagnosis=short)
    ).body
    heads = [line for line in body.splitlines() if line.startswith("#")]
    assert heads == [
        "### Diagnosis",
        "#### What to do",
        "### What fails",
        "### Since the last run as expected",
    ]
    assert "It was cut short: interrupted \\| by a signal" in body
    assert "| release | gamma 2.0 | 2025-03-05T00:00:00Z |  | gamma 2.0 replaces 1.4; " in body
    assert "```text\ngamma<2\n```" in body
    # A row that was never well has a diagnosis too, and then there is something to say.
    body = issue_text(outcome(broke, diagnosis=DIAGNOSIS)).body
    assert "nothing to compare with" not in body
    assert "nothing to compare with" in issue_text(outcome(broke)).body


def test_a_story_says_where_its_evidence_can_be_had() -> None:
    where = "https://ci.example/runs/7"
    told = issue_text(outcome(check("smoke:sum", "new")), where)
    assert (
        f"`reports/tiny/plain/20260301T030000.000000Z/`, in the artifacts of {where}\n" in told.body
    )
    assert f"\nThe run: {where}\n" in issue_text(outcome(run=None, verdict=None), where).body
    assert told.digest == issue_text(outcome(check("smoke:sum", "new"))).digest


def test_what_others_wrote_is_no_markup() -> None:
    nasty = f"@everyone ```` </details>\n{mark('tiny/plain', '0' * 16)}"
    story = issue_text(outcome(check("smoke:sum", "new", nasty)))
    assert "`````text\n@everyone ```` </details>\n" in story.body
    found = MARK.search(story.body)
    assert found is not None
    assert found["digest"] == story.digest != "0" * 16
    long = issue_text(
        outcome(*(check(f"smoke:{place}", "new", "word " * 9000) for place in range(300)))
    )
    assert len(long.body) < 60_000
    assert "And 290 more: `smoke:10`, `smoke:11`" in long.body


@pytest.mark.fault("F")
def test_nothing_of_others_in_a_story_or_a_summary_acts() -> None:
    evil = "<script>evil</script> [a](javascript:evil) | \x1b[31m\x9b2J\u202e."
    blamed = Blamed(name=evil, version=evil, uploaded=None)
    cause = Cause(kind="release", checks=(), culprit=blamed, confirmed=False, sentence=evil)
    fix = Fix(requirements=(evil,), versions={evil: evil}, removed=(evil,))
    told = {"causes": (cause,), "mend": fix, "notes": (evil,), "trouble": evil}
    diagnosis = DIAGNOSIS.model_copy(update=told)
    blame = Suspect(checks=("smoke:x",), name=evil, before=evil, after=evil)
    end = TaskEnd(
        row="tiny/plain",
        kind="verify",
        started=NOW,
        seconds=2.0,
        exit=1,
        ending="ended with exit code 1",
        last_lines=evil,
    )
    moved = changes_between(ENTRY, made_up(3, distributions={evil: "1", "gamma": "2"}))
    found = [
        outcome(check("smoke:sum", "new", evil), suspect=blame, changes=moved),
        outcome(check("smoke:sum", "new", evil), diagnosis=diagnosis),
        outcome(trouble=evil),
        outcome(run=None, verdict=None, end=end),
    ]
    stories = [issue_text(item) for item in found]
    texts = [story.body for story in stories] + [summary(NOW, found, [], stories)]
    for text in texts:
        assert "evil" in text
        assert not re.search("[\x1b\x9b\u202e]", text)
        outside = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.DOTALL | re.MULTILINE)
        assert "<script>evil" not in outside
        assert "](javascript:" not in outside


def test_a_story_of_everything_failing_is_one_that_github_takes() -> None:
    # An issue of more than 65,536 characters is refused, and nobody would hear of it.
    names = [f"version:a-distribution-with-a-long-name-{place}" for place in range(400)]
    before = made_up(1, checks=dict.fromkeys(names, "ok"))
    broken = made_up(3, checks=dict.fromkeys(names, "new"))
    (cause, *_) = DIAGNOSIS.causes
    long = cause.model_copy(update={"sentence": "because of what it requires, " * 100})
    diagnosis = DIAGNOSIS.model_copy(update={"causes": (long,) * 400, "notes": ("word " * 9000,)})
    unexpected = [check(name, "new", "word " * 9000) for name in names]
    fixed = [check(f"smoke:{place}", "fixed") for place in range(400)]
    changes = changes_between(before, broken)
    told = issue_text(outcome(*unexpected, *fixed, changes=changes, diagnosis=diagnosis))
    assert len(told.body) < 60_000
    assert "| and 360 checks more | | |" in told.body
    assert "And 380 causes more, in `diagnosis.json`." in told.body
    assert MARK.search(told.body)


def test_a_row_without_a_verdict_is_news() -> None:
    end = TaskEnd(
        row="tiny/plain",
        kind="verify",
        started=NOW,
        seconds=2.0,
        exit=-11,
        ending="was killed by SIGSEGV",
        last_lines="said on the way",
    )
    crashed = issue_text(outcome(run=None, verdict=None, end=end))
    assert (crashed.well, crashed.title) == (False, "tiny/plain left no verdict")
    assert "its job was killed by SIGSEGV." in crashed.body
    assert "```text\nsaid on the way\n```" in crashed.body
    missing = issue_text(outcome(run=None, verdict=None))
    assert "its job crashed, was stopped, or never began." in missing.body
    assert missing.digest == crashed.digest


def test_the_same_news_has_the_same_digest() -> None:
    def digest(*checks: Check, trouble: str | None = None) -> str:
        return issue_text(outcome(*checks, trouble=trouble)).digest

    broken = digest(check("a:a", "new", "after 3 s"), check("b:b", "known"))
    assert broken == digest(check("c:c", "ok"), check("a:a", "new", "after 4 s"))
    assert broken != digest(check("a:a", "fixed"))
    assert broken != digest(check("a:a", "new"), check("b:b", "new"))
    assert digest(trouble="no answer in 20.1 s") == digest(trouble="no answer in 30.4 s\nmore")
    assert digest(trouble="no answer") != digest(trouble="the disk is full")


def failing(kind: FailureClass, name: str, message: str = "") -> Check:
    """Return a check that fails unexpectedly, and how."""
    found = check("import:flask", "new", message)
    return found.model_copy(update={"failure": Failure(kind=kind, name=name)})


def test_another_cause_of_the_same_failing_checks_is_news() -> None:
    def told(*checks: Check, **changes: object) -> str:
        return issue_text(outcome(*checks, **changes)).digest  # type: ignore[arg-type]

    before = told(failing("missing-name", "url_quote", "(/tmp/one/urls.py), after 3 s"))
    again = failing("missing-name", "url_quote", "(/tmp/two/urls.py), 0x7f, after 4 s, 2026-04-01")
    assert not is_news(before, told(again, run="20260401T030000.000000Z"))
    assert is_news(before, told(failing("missing-name", "Markup")))
    assert is_news(before, told(failing("call", "url_quote")))
    # The same library, at another place.
    here, there = (failing("binary", f"/{place}/lib/libcuda.so.1") for place in ("a", "b"))
    assert not is_news(told(here), told(there))


def test_another_fix_of_the_same_failures_is_news() -> None:
    def told(diagnosis: Diagnosis | None) -> str:
        return issue_text(outcome(failing("missing-name", "x"), diagnosis=diagnosis)).digest

    def changed(pin: str, version: str) -> Diagnosis:
        instead = (Instead(pin=pin, version=version, confirmed=True),)
        return DIAGNOSIS.model_copy(update={"mend": Fix(), "instead": instead})

    first = told(changed("werkzeug", "2.3.8"))
    assert is_news(first, told(changed("flask", "2.2.4")))
    (cause, *_) = DIAGNOSIS.causes
    blamed = Blamed(name="jinja2", version="3.1", uploaded=None)
    other = cause.model_copy(update={"culprit": blamed, "confirmed": True})
    assert is_news(told(DIAGNOSIS), told(DIAGNOSIS.model_copy(update={"causes": (other,)})))
    # When it was made, how long that took, what it was proved with and in which words, is none.
    later = DIAGNOSIS.model_copy(
        update={
            "as_of": "2026-05-01T12:00:00Z",
            "seconds": 99.0,
            "builds": 20,
            "causes": tuple(
                item.model_copy(update={"sentence": "in /tmp/x, after 3 s"})
                for item in DIAGNOSIS.causes
            ),
            "mend": DIAGNOSIS.mend.model_copy(update={"versions": {"gamma": "1.9"}}),
            "notes": ("as of 2026-05-01",),
        }
    )
    assert not is_news(told(DIAGNOSIS), told(later))
    # A diagnosis that is missing or cut short this time takes nothing back; the first one is told.
    short = DIAGNOSIS.model_copy(update={"trouble": "its time is up", "causes": ()})
    assert not is_news(told(DIAGNOSIS), told(None))
    assert not is_news(told(DIAGNOSIS), told(short))
    assert is_news(told(None), told(DIAGNOSIS))


def test_an_issue_of_an_older_version_hears_nothing_of_the_same_checks() -> None:
    older = "2fc453a5b597d344"  # as in the issue that it left, of this very check
    now = issue_text(outcome(check("smoke:sum", "new", "2 + 2 is 5"), diagnosis=DIAGNOSIS)).digest
    assert now.startswith(f"{older}.")
    assert not is_news(older, now)
    assert is_news(older, issue_text(outcome(check("smoke:other", "new"))).digest)


def test_a_known_failure_that_passes_is_news() -> None:
    story = issue_text(outcome(check("smoke:sum", "fixed")))
    assert (story.well, story.title) == (False, "tiny/plain OK, with expected failures that pass")
    assert "remove its expected failure from the matrix: `smoke:sum`" in story.body


def calibration(outcome: str, message: str = "") -> str:
    result = {
        "workload": "sum",
        "column": "newest",
        "python": "3.11.2",
        "versions": {"alpha": "2.0"},
        "outcome": outcome,
        "message": message,
        "seconds": 1.0,
        "evidence": None,
    }
    return json.dumps(
        {"started": NOW.isoformat(), "seconds": 1.0, "row": "tiny/plain", "results": [result]}
    )


def test_a_workload_that_fails_its_calibration_is_news_about_workloads(tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    assert calibration_text(tmp_path, NOW, None) is None
    file.write_text(calibration("failed", "@all *see* this"), encoding="utf-8")
    failed = calibration_text(tmp_path, NOW, "https://ci.example/1")
    assert failed is not None
    assert (failed.row, failed.well) == ("workloads", False)
    assert "alpha 2.0 (Python 3.11): failed: @all *see* this" in failed.body
    assert "https://ci.example/1" in failed.body
    assert MARK.search(failed.body)
    file.write_text(calibration("passed"), encoding="utf-8")
    passed = calibration_text(tmp_path, NOW, None)
    assert passed is not None
    assert passed.well
    assert calibration_text(tmp_path, month(4), None) is None  # an earlier month's


def test_a_summary_of_very_many_stories_is_one_that_github_shows() -> None:
    outcomes = [outcome(check("smoke:sum", "new"), row=f"tiny/row-{place}") for place in range(256)]
    stories = [issue_text(item).model_copy(update={"body": "word " * 8000}) for item in outcomes]
    text = summary(NOW, outcomes, (), stories)
    assert len(text) < 600_000
    assert text.count("| BROKEN | 0 passed, 1 failed (0 expected, 1 unexpected) |") == 256
    assert text.count("## tiny/row-") == 12
    assert "And 244 more rows have unexpected results, described in" in text


# --- news ------------------------------------------------------------------------------------


def story(
    row: str = "a/b", digest: str = "1" * 16, *, well: bool = False, no_news: bool = False
) -> IssueText:
    body = f"text\n\n{mark(row, digest)}\n"
    title = f"{row} title"
    return IssueText(row=row, well=well, no_news=no_news, digest=digest, title=title, body=body)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (story(), [("open", None)]),
        (story(well=True), []),
        (story(no_news=True), []),
    ],
)
def test_without_an_issue_news_opens_one(
    told: IssueText, expected: list[tuple[str, int | None]]
) -> None:
    other = OpenIssue(number=9, row="c/d", told="1" * 16)
    assert [(action.what, action.number) for action in decide([told], [other])] == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (story(digest="1" * 16), []),
        (story(digest="2" * 16), [("comment", 3)]),
        (story(digest="2" * 16, no_news=True), []),
        (story(well=True), [("close", 3), ("close", 5)]),
    ],
)
def test_with_an_issue_only_what_is_new_is_told(
    told: IssueText, expected: list[tuple[str, int]]
) -> None:
    issues = [OpenIssue(number=number, row="a/b", told="1" * 16) for number in (3, 5)]
    assert [(action.what, action.number) for action in decide([told], issues)] == expected


# --- rows that are no more -------------------------------------------------------------------


def test_the_issue_of_a_row_that_is_no_more_is_closed(tmp_path: Path) -> None:
    def titles(*rows: str) -> list[str]:
        found = gone_texts(rows, matrices=matrices, reports=tmp_path)
        return [told.title for told in found]

    matrices = tmp_path / "matrices"
    asked = ("tiny/plain", "tiny/old", "lost/one", "broken/one", "others/one", "workloads")
    assert titles(*asked) == []  # without any matrix, this is not the checkout that is meant
    matrices.mkdir()
    (matrices / "tiny.toml").write_text(TINY, encoding="utf-8")
    (matrices / "broken.toml").write_text("rows = 7", encoding="utf-8")
    entry = ENTRY.model_copy(update={"matrix": "lost"})
    (tmp_path / "history.jsonl").write_text(f"{entry.model_dump_json()}\n", encoding="utf-8")
    assert titles(*asked) == [
        "tiny/old is no longer in its matrix",
        "lost/one is no longer in its matrix",
    ]
    old, lost = gone_texts(asked, matrices=matrices, reports=tmp_path)
    assert "**tiny/old** is no longer in its matrix: tiny.toml has plain.\n" in old.body
    assert "**lost/one** is no longer in its matrix, of which there is no file any" in lost.body
    issue = OpenIssue(number=4, row="tiny/old", told="1" * 16)
    assert [(item.what, item.number) for item in decide([old], [issue])] == [("close", 4)]
    assert MARK.search(old.body)


# --- trackers --------------------------------------------------------------------------------


def carry_out(tracker: FileTracker | GitHub, *stories: IssueText) -> list[tuple[str, int | None]]:
    actions = decide(stories, tracker.open_issues())
    for action in actions:
        tracker.carry_out(action)
    return [(action.what, action.number) for action in actions]


def months(tracker: FileTracker | GitHub) -> None:
    """Live through news, the same news, other news, an end to it, and news again."""
    assert carry_out(tracker, story("a/b"), story("c d/é")) == [("open", None), ("open", None)]
    assert tracker.open_issues() == [
        OpenIssue(number=1, row="a/b", told="1" * 16),
        OpenIssue(number=2, row="c d/é", told="1" * 16),
    ]
    assert carry_out(tracker, story("a/b"), story("c d/é")) == []
    assert carry_out(tracker, story("a/b", "2" * 16)) == [("comment", 1)]
    assert carry_out(tracker, story("a/b", "2" * 16)) == []
    assert carry_out(tracker, story("a/b", "3" * 16, well=True)) == [("close", 1)]
    assert [issue.number for issue in tracker.open_issues()] == [2]
    assert carry_out(tracker, story("a/b")) == [("open", None)]


def test_a_notebook_remembers_what_was_told(tmp_path: Path) -> None:
    file = tmp_path / "issues.json"
    months(FileTracker(file))
    kept = json.loads(file.read_text(encoding="utf-8"))["issues"]
    assert [(item["open"], len(item["told"])) for item in kept] == [
        (False, 3),
        (True, 1),
        (True, 1),
    ]


_GH = """#!{python}
import json, sys
from pathlib import Path
file = Path({file!r})
state = json.loads(file.read_text()) if file.exists() else {{"issues": [], "calls": []}}
words = sys.argv[1:]
text = sys.stdin.read()
state["calls"].append(words)
issues = state["issues"]
# So does the real one: it names an app differently where it opened an issue.
bot, opener = {{"login": "github-actions"}}, {{"login": "app/github-actions"}}
if words[:2] == ["label", "create"]:
    state["label"] = words[2]
elif words[:2] == ["issue", "list"]:
    print(json.dumps([item for item in issues if item["open"]][::-1]))
elif words[:2] == ["issue", "create"]:
    assert state["label"] == words[words.index("--label") + 1]
    number = len(issues) + 1
    new = {{"number": number, "author": opener, "body": text, "comments": [], "open": True}}
    issues.append(new)
elif words[:2] == ["issue", "comment"]:
    issues[int(words[2]) - 1]["comments"].append({{"author": bot, "body": text}})
elif words[0] == "api" and "--paginate" in words:
    for item in state.setdefault("said", []):
        if item["type"] == "Bot":
            print(json.dumps({{"id": item["id"], "body": item["body"]}}))
elif words[0] == "api" and "POST" in words:
    item = {{"id": len(state["said"]), "body": text, "type": "Bot", "at": words[3]}}
    state["said"].append(item)
elif words[0] == "api" and "PATCH" in words:
    state["said"][int(words[3].rpartition("/")[2])]["body"] = text
elif words[:2] == ["issue", "close"]:
    issues[int(words[2]) - 1]["open"] = False
else:
    sys.exit("unknown command")
file.write_text(json.dumps(state))
"""


@pytest.fixture
def gh(tmp_path: Path) -> Path:
    """Put a `gh` into `bin` that keeps issues in a file; return the file."""
    file = tmp_path / "github.json"
    script = tmp_path / "bin" / "gh"
    script.parent.mkdir()
    script.write_text(_GH.format(python=sys.executable, file=str(file)), encoding="utf-8")
    script.chmod(0o755)
    return file


def github(gh: Path) -> GitHub:
    return GitHub({"PATH": str(gh.parent / "bin"), "PYTHONUTF8": "1"})


def test_github_hears_the_same_as_a_notebook(gh: Path) -> None:
    months(github(gh))
    state = json.loads(gh.read_text(encoding="utf-8"))
    assert [item["open"] for item in state["issues"]] == [False, True, True]
    created = [call for call in state["calls"] if call[:2] == ["issue", "create"]]
    assert created[0] == [
        *("issue", "create", "--title", "a/b title"),
        *("--label", "stackproof", "--body-file", "-"),
    ]


def test_only_what_its_author_wrote_counts_on_an_issue(gh: Path) -> None:
    def by(login: str, body: str) -> dict[str, object]:
        return {"author": {"login": login}, "body": body}

    issues = [
        {
            **by("bot", f"news\n{mark('a/b', '1' * 16)}\n"),
            "number": 4,
            "open": True,
            "comments": [
                by("bot", f"more\n{mark('a/b', '2' * 16)}"),
                by("stranger", f"hush\n{mark('a/b', '3' * 16)}"),
                by("bot", f"quoted {mark('a/b', '4' * 16)} in the middle"),
            ],
        },
        {
            **by("person", "a hand-made issue with the label"),
            "number": 5,
            "open": True,
            "comments": [],
        },
    ]
    gh.write_text(json.dumps({"issues": issues, "calls": []}), encoding="utf-8")
    assert github(gh).open_issues() == [OpenIssue(number=4, row="a/b", told="2" * 16)]


def test_a_github_that_fails_is_told_of(gh: Path, tmp_path: Path) -> None:
    action = Action(what="close", row="a/b", number=77, title="t", body="b")
    gh.write_text(json.dumps({"issues": [], "calls": []}), encoding="utf-8")
    with pytest.raises(CannotJudgeError, match=r"^gh issue comment: [\s\S]*IndexError"):
        github(gh).carry_out(action)
    with pytest.raises(CannotJudgeError, match="gh is not installed"):
        GitHub({"PATH": str(tmp_path)}).open_issues()


def test_a_pull_request_bears_one_comment_that_is_kept_up_to_date(gh: Path) -> None:
    def text(digit: str) -> str:
        return f"said {digit}\n\n{mark('pull-request', digit * 16)}\n"

    quoted = {"id": 0, "body": text("0"), "type": "User"}
    others = {"id": 1, "body": f"news\n\n{mark('a/b', '1' * 16)}\n", "type": "Bot"}
    gh.write_text(json.dumps({"issues": [], "calls": [], "said": [quoted, others]}))
    done = [github(gh).keep_comment(7, text(digit)) for digit in "112"]
    assert done == ["written", "left, since it says the same", "brought up to date"]
    said = json.loads(gh.read_text(encoding="utf-8"))["said"]
    assert [item["body"] for item in said] == [quoted["body"], others["body"], text("2")]
    assert said[2]["at"] == "repos/{owner}/{repo}/issues/7/comments"


def test_a_comment_says_what_moved_and_how_far(tmp_path: Path) -> None:
    now = made_up(
        3,
        checks={**ENTRY.checks, "smoke:sum": "new", "smoke:more": "ok"},
        distributions={"alpha": "2.0", "delta": "1.0"},
    )
    row = outcome(check("smoke:sum", "new"), changes=changes_between(ENTRY, now))
    assert row.verdict is not None
    pinned = row.verdict.model_copy(update={"installed": {"alpha": "2.0"}})
    text = pull_request_text([replace(row, verdict=pinned)], tmp_path, "https://ci.example/1")
    assert "| tiny/plain | BROKEN | " in text
    assert " | 1 | 2 | 1, 1 | not asked |" in text
    pins, _, others = text.partition("<summary>2 that came along</summary>")
    assert "| alpha | 1.0 | 2.0 | major |" in pins
    assert "| delta |  | 1.0 | added |" in others
    assert "| gamma | 1.0 |  | removed |" in others
    assert "Checks gained: `smoke:more`" in text
    assert "Checks lost: `smoke:sum`" in text
    assert "the artifact `reports` of https://ci.example/1" in text
    found = MARK.search(text)
    assert found is not None
    assert found["row"] == "pull-request"


def test_a_comment_names_the_links_that_are_suspect(tmp_path: Path) -> None:
    row = outcome()
    assert row.verdict is not None
    told = row.verdict.model_copy(update={"installed": {"alpha": "1.0"}})
    other = row.verdict.model_copy(update={"installed": {"alpha": "1.0", "omega": "1.0"}})
    LINKS.write(tmp_path / "tiny" / "plain" / "links.json")
    text = pull_request_text([replace(row, verdict=told)], tmp_path)
    assert text.splitlines()[4].endswith(" | 1 |")
    assert "- alpha 1.0 uses gone of beta (alpha/a.py:3) \\| &lt;b>" in text
    # What was looked at was another set, or the run of the row looked itself.
    lost = outcome(run=None, verdict=None)
    for verdict in (other, None):
        text = pull_request_text([replace(lost, verdict=verdict)], tmp_path)
        assert text.splitlines()[4].endswith(" | not asked |")
    looked = told.model_copy(update={"links": JudgedLinks()})
    assert " | 0 |\n" in pull_request_text([replace(row, verdict=looked)], tmp_path)
