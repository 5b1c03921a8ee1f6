"""Say what trials found: a few lines each on the terminal, one page each as Markdown."""

from __future__ import annotations

from functools import cache
from textwrap import indent

from jinja2 import Environment
from rich.console import Console

from stackproof.base.templates import markdown_templates
from stackproof.base.text import first_of
from stackproof.experiments.candidate.reasons import outcome, reasons
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.report.tables import print_lines
from stackproof.report.wording import brief

__all__ = ["print_trial", "trial_markdown"]


def print_trial(trial: TrialVerdict, console: Console, *, again: bool = False) -> None:
    """Print a trial with its outcome and, below it, the reasons, a line each.

    One that is printed `again` answers another request by the same trial.
    """
    asked = " ".join(str(item) for item in trial.requested if item not in trial.companions)
    along = f" with {', '.join(map(str, trial.companions))}" if trial.companions else ""
    spent = "; the same trial as above" if again else f", in {trial.seconds:.1f} s"
    tried = f"{asked}{along}: {outcome(trial)}{spent}"
    print_lines(console, [tried], "bold")
    said = (*reasons(trial), *_as_before(trial))
    print_lines(console, (indent(reason, "    ") for reason in said))


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


@cache
def _templates() -> Environment:
    templates = markdown_templates("stackproof.report")
    templates.filters.update(brief=brief)
    return templates
