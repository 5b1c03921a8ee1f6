"""Links that a run looks at beside its suite: told, expected, or failures of the row."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from support.links_bench import checker_wheel
from support.matrices import matrix, pin, stage
from support.wheels import Release
from support.workbench import Bench, states

from stackproof.cli.links_beside import look_command
from stackproof.evidence.folder import Evidence
from stackproof.evidence.verdict import Verdict, judge
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedFailure
from stackproof.report.markdown import markdown
from stackproof.report.terminal import headline

BORN = datetime(2024, 3, 1, tzinfo=timezone.utc)
LATER = datetime(2025, 3, 1, tzinfo=timezone.utc)
TEXT = matrix("Tiny", pin("app"), stage("one", "app", step="Install app."))
STRICT = "[links]\nstrict = true\n"
#: app 1.0 passes `b` inside a function, and asks for `old` where it is imported.
APP = """\
import calls
from calls import names

def go():
    calls.f(1, b=2)
"""


@pytest.fixture
def stack(bench: Bench, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Offer a stack with a suspect; a look at it is waited for, however busy the machine is."""
    assert pytestconfig.cache is not None
    monkeypatch.setattr("stackproof.run.beside._LEAST_SECONDS", 300)
    bench.index.add_wheels(checker_wheel(pytestconfig.cache.mkdir("test-tools")))
    bench.index.add(
        Release("calls", "1.0", modules={"calls.py": "names = []\ndef f(a, b=1): ...\n"}),
        Release(
            "calls",
            "2.0",
            modules={"calls.py": "names = []\ndef f(a): ...\n"},
            uploaded=LATER,
        ),
        Release("app", "1.0", requires=["calls"], modules={"app.py": APP}, uploaded=BORN),
    )
    return bench


def expecting(words: str) -> Mapping[str, Any]:
    failure = PlannedFailure(check="link:app", says=words, reason="never called", date="2025-05-01")
    return {"known_failures": (failure,)}


def judged_with(evidence: Evidence, **changes: object) -> Verdict:
    """Judge a run as if its plan had been another."""
    file = evidence.folder / "plan.json"
    whole = file.read_text(encoding="utf-8")
    Plan.model_validate_json(whole).model_copy(update=changes).write(file)
    verdict = judge(evidence)
    file.write_text(whole, encoding="utf-8")
    return verdict


def test_a_suspect_is_told_and_fails_nothing(stack: Bench) -> None:
    verdict, evidence = stack.verify(stack.plan(text=TEXT), look=look_command)
    assert (verdict.verdict, verdict.exit_code) == ("ok", 0)
    assert "link:app" not in states(verdict)
    assert verdict.links is not None
    (suspect,) = verdict.links.told
    assert (suspect.distribution, suspect.runs, suspect.confirmed_by) == ("app", "call", None)
    assert verdict.depth == {"app": "link"}
    assert ", 1 suspect link; 1 of 1 pins only imported in " in headline(verdict, Path("r.md"))
    report = (evidence.folder / "report.md").read_text(encoding="utf-8")
    assert f"| `link:app` | {suspect.sentence}" in report

    expected = judged_with(evidence, **expecting("passes 'b'"))
    assert expected.links is not None
    assert (expected.links.told, expected.exit_code) == ((), 0)
    other = judged_with(evidence, **expecting("passes 'c'"))
    assert other.links is not None
    assert ([*other.links.over], other.links.unmet) == ([], {"link:app": "passes 'c'"})
    assert len(other.links.told) == 1
    assert "none does; correct its `says`" in markdown(evidence, other)
    assert ", 1 suspect link (1 expected); 1 of 1 pins" in headline(expected, Path("r.md"))


def test_a_suspect_fails_a_row_that_is_strict(stack: Bench) -> None:
    verdict, evidence = stack.verify(stack.plan(STRICT, text=TEXT), look=look_command)
    assert (verdict.verdict, verdict.exit_code) == ("broken", 1)
    assert states(verdict)["link:app"] == "new"
    assert "calls.f" in (evidence.folder / "junit.xml").read_text(encoding="utf-8")

    expected = judged_with(evidence, **expecting("passes 'b'"))
    assert (states(expected)["link:app"], expected.exit_code) == ("known", 0)
    assert states(judged_with(evidence, **expecting("passes 'c'")))["link:app"] == "new"


def test_an_expected_suspect_of_a_strict_row_that_is_over_is_news(stack: Bench) -> None:
    plan = stack.plan(STRICT, text=TEXT, as_of=datetime(2024, 6, 1, tzinfo=timezone.utc))
    verdict, evidence = stack.verify(plan, look=look_command)
    assert (verdict.verdict, states(verdict)["link:app"]) == ("ok", "ok")
    assert states(judged_with(evidence, **expecting("passes 'b'")))["link:app"] == "fixed"


def test_a_suspect_says_which_failing_import_agrees(stack: Bench) -> None:
    stack.index.add(
        Release(
            "eager",
            "1.0",
            requires=["calls"],
            modules={"eager.py": "import calls\n\ncalls.f(1, b=2)\n"},
            uploaded=BORN,
        )
    )
    text = matrix("Tiny", pin("eager"), stage("one", "eager", step="Install eager."))
    verdict, _ = stack.verify(stack.plan(text=text), look=look_command)
    assert verdict.links is not None
    (suspect,) = verdict.links.told
    assert (suspect.runs, suspect.confirmed_by) == ("import", "import:eager")


def look_for_ever(*_: Path) -> list[str]:
    return [sys.executable, "-c", "import time; time.sleep(600)"]


def look_and_fail(*_: Path) -> list[str]:
    return [sys.executable, "-c", "import sys; sys.exit('no checker today')"]


def test_a_look_that_takes_longer_than_the_run_is_given_up(
    stack: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stackproof.run.beside._LEAST_SECONDS", 0)
    verdict, evidence = stack.verify(stack.plan(text=TEXT), look=look_for_ever)
    assert (verdict.verdict, verdict.links) == ("ok", None)
    assert verdict.depth == {"app": "import"}
    assert any("links were not looked at: it would have" in note for note in evidence.run.notes)


def test_a_look_that_fails_is_no_verdict(stack: Bench) -> None:
    told, evidence = stack.verify(stack.plan(text=TEXT), look=look_and_fail)
    assert told.exit_code == 0
    assert "links were not looked at: no checker today" in evidence.run.notes
    strict, _ = stack.verify(stack.plan(STRICT, text=TEXT), look=look_and_fail)
    assert (strict.verdict, strict.exit_code) == ("unjudged", 2)
    assert "no checker today" in str(strict.trouble)
