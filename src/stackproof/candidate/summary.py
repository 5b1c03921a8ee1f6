"""Say what trials found: a few lines each on the terminal, one page each as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from textwrap import indent

from jinja2 import Environment
from rich.console import Console

from stackproof.candidate.comparison import versions_asked
from stackproof.candidate.verdict import TrialVerdict
from stackproof.report.wording import brief
from stackproof.templates import markdown_templates
from stackproof.told import in_one_line
from stackproof.verdict import Check

__all__ = ["outcome", "print_trial", "reasons", "told", "trial_markdown"]

_NAMED = 3


def outcome(trial: TrialVerdict) -> str:
    """Return what a user should make of a trial, in a few words."""
    if trial.verdict == "unjudged":
        return "could not be judged"
    if not trial.resolvable:
        return "cannot be resolved"
    if trial.safe:
        return "safe, with these companions" if trial.companions else "safe"
    return "breaks what worked" if trial.breaks else "leaves checks unanswered"


def print_trial(trial: TrialVerdict, console: Console, *, again: bool = False) -> None:
    """Print a trial with its outcome and, below it, the reasons, a line each.

    One that is printed `again` answers another request by the same trial.
    """
    asked = " ".join(item for item in trial.requested if item not in trial.companions)
    along = f" with {', '.join(trial.companions)}" if trial.companions else ""
    spent = "; the same trial as above" if again else f", in {trial.seconds:.1f} s"
    tried = f"{asked}{along}: {outcome(trial)}{spent}"
    console.print(tried, style="bold", markup=False, highlight=False)
    for reason in (*reasons(trial), *_as_before(trial)):
        console.print(indent(reason, "    "), markup=False, highlight=False)


def trial_markdown(trial: TrialVerdict) -> str:
    """Return the part of a trial's report that compares it with its baseline."""
    page = _templates().get_template("trial.md")
    checks = {check.id: check for check in trial.checks}
    return page.render(trial=trial, outcome=outcome(trial), checks=checks)


def reasons(trial: TrialVerdict) -> list[str]:
    """Return why a trial is not safe, a line each, what is behind the rest first; or nothing."""
    found = [text for text in (trial.reason, trial.trouble, trial.untold) if text]
    found += [f"to blame: {', '.join(trial.guilty)}"] if trial.guilty else []
    found += [f"not together: {trial.conflict}"] if trial.conflict else []
    found += [_unmet(trial, name) for name in trial.unmet]
    found += [f"{name} moved {_change(trial, name)}" for name in trial.pins_moved]
    if trial.comparison is not None:
        if not trial.built and not trial.breaks:
            found += ["the row itself cannot be built either, so there is nothing to compare with"]
            found += [told(check) for check in trial.failed_stages]
        known = (*trial.comparison.still_failing, *trial.comparison.still_passing)
        found += [told(check) for check in trial.checks if _broke(check, known)]
        found += [f"{name} did not run" for name in trial.comparison.lost[:_NAMED]]
    return found


def told(check: Check) -> str:
    """Return which check failed and why, in one line; of a stage, what the installer said too."""
    return f"{check.id}: {in_one_line(check)}"


def _as_before(trial: TrialVerdict) -> list[str]:
    """Name what failed for the row as well: a trial can be safe on a row that is not."""
    failing = trial.comparison.still_failing if trial.comparison else ()
    if not failing or not trial.built:
        return []
    more = f" and {len(failing) - _NAMED} more" if failing[_NAMED:] else ""
    return [f"as before, {', '.join(failing[:_NAMED])}{more} failed"]


def _unmet(trial: TrialVerdict, name: str) -> str:
    asked = versions_asked(trial.requested)[name]
    version = trial.unmet[name]
    place = f"{version} is installed" if version else "no stage installs it"
    return f"{name} {asked} was asked for, but {place}"


def _broke(check: Check, known: Sequence[str]) -> bool:
    return check.outcome == "failed" and check.id not in known


def _change(trial: TrialVerdict, name: str) -> str:
    before, after = trial.moved[name]
    return f"from {before or 'absent'} to {after or 'absent'}"


@cache
def _templates() -> Environment:
    templates = markdown_templates("stackproof.candidate")
    templates.filters.update(brief=brief)
    return templates
