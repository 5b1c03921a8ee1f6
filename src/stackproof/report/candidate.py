"""Say what trials found: a few lines each on the terminal, one page each as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from textwrap import indent

from jinja2 import Environment
from rich.console import Console

from stackproof.base.records import write_atomically
from stackproof.base.templates import markdown_templates
from stackproof.base.text import count, first_of
from stackproof.evidence.folder import Evidence
from stackproof.evidence.reports import InRun
from stackproof.experiments.candidate.reasons import outcome, reasons, told
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.experiments.candidate.trial import FirstAnswer, FirstAnswers
from stackproof.reasons.words import in_words
from stackproof.report.files import write_reports
from stackproof.report.tables import print_lines
from stackproof.report.wording import brief

__all__ = ["first_answer_line", "first_look_lines", "print_trial", "trial_markdown", "write_trial"]


def print_trial(trial: TrialVerdict, console: Console, *, again: bool = False) -> None:
    """Print a trial with its outcome and, below it, the reasons, a line each.

    One that is printed `again` answers another request by the same trial.
    """
    asked = " ".join(str(item) for item in trial.requested if item not in trial.companions)
    along = f" with {', '.join(map(str, trial.companions))}" if trial.companions else ""
    spent = "; the same trial as above" if again else f", in {trial.seconds:.1f} s"
    tried = f"{asked}{along}: {outcome(trial)}{spent}"
    print_lines(console, [tried], "bold")
    said = (*map(in_words, reasons(trial)), *_as_before(trial), *_unforeseen(trial))
    print_lines(console, (indent(reason, "    ") for reason in said))


def first_answer_line(answer: FirstAnswer) -> str:
    """Return what one check answers of those that a trial reaches."""
    before = ", and passed before" if answer.breaks else ""
    said = f"{answer.result.id} {answer.result.outcome}{before}"
    return f"first look, after {answer.seconds:.0f} s: {said}"


def first_look_lines(answers: FirstAnswers) -> Iterator[str]:
    """Yield what the checks that a trial reaches answer, before all others are asked."""
    asked, broken = answers.asked, answers.broken
    passing = sum(check.outcome == "passed" for check in asked)
    yield (
        f"first look: {passing} of {len(asked)} affected checks pass after "
        f"{answers.verdict.seconds:.0f} s; {count(answers.left, 'other one')} to go"
    )
    yield from (indent(in_words(told(check)), "    ") for check in broken)


def write_trial(evidence: Evidence, trial: TrialVerdict) -> None:
    """Write the reports of a trial; `report.md` begins with what it is compared with."""
    write_reports(evidence, trial)
    report = evidence.folder / InRun.REPORT
    write_atomically(report, trial_markdown(trial) + report.read_text(encoding="utf-8"))


def trial_markdown(trial: TrialVerdict) -> str:
    """Return the part of a trial's report that compares it with its baseline."""
    page = _templates().get_template("trial.md")
    checks = {check.id: check for check in trial.checks}
    return page.render(trial=trial, outcome=outcome(trial), checks=checks)


def _as_before(trial: TrialVerdict) -> list[str]:
    """Name what failed for the row as well: a trial can be safe on a row that is not."""
    failing = trial.comparison.still_failing if trial.comparison else ()
    if not failing or not trial.built:
        return []
    return [f"as before, {first_of(failing)} failed"]


def _unforeseen(trial: TrialVerdict) -> list[str]:
    """Name what a first look would have left out, and wrongly."""
    found = trial.reach.disagreements if trial.reach else ()
    return [f"no record of what it loads foresaw this: {item}" for item in found]


@cache
def _templates() -> Environment:
    templates = markdown_templates("stackproof.report")
    templates.filters.update(brief=brief)
    return templates
