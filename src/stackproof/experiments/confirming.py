"""Ask for the unexpected results of a run once more, in a fresh environment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from stackproof.base.locking import alone
from stackproof.base.text import first_of
from stackproof.errors import CannotJudgeError
from stackproof.evidence.answers import answers_of
from stackproof.evidence.confirmation import Confirmation
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.file import append
from stackproof.evidence.records import CheckResult, drift_between
from stackproof.evidence.reports import InRow, InRun
from stackproof.evidence.verdict import Verdict
from stackproof.experiments.runner import Runner
from stackproof.installers.planning import narrowed
from stackproof.matrix.plan import Plan
from stackproof.run.interruptions import uninterrupted

__all__ = ["confirm"]

_UNLIKE = "asked again, and not confirmed by that: the second environment"


def confirm(
    evidence: Evidence, verdict: Verdict, runner: Runner, released: Callable[[Sequence[str]], Plan]
) -> Verdict:
    """Return the verdict on a run after its unexpected results were asked for once more.

    What comes out otherwise then is unsteady. Links are not asked again: they are read from files,
    which say the same each time. What still fails of a row that lets pre-releases in is asked
    without them too, by the plan that `released` makes for some checks. The evidence of the other
    environments goes beside the runs of the row; verdict, reports and history say what all came to.
    Raises CannotJudgeError if another environment gives no answer.
    """
    asked = tuple(check.id for check in verdict.unexpected if check.kind != "link")
    if not asked:
        return verdict
    home = evidence.folder.parent
    second, answers = _ask(narrowed(evidence.plan, asked), asked, runner, home)
    found = Confirmation(
        run=second.folder.name,
        started=second.run.started,
        same=_same(evidence, second),
        checks=answers,
    )
    failing = tuple(check.id for check in answers if check.outcome == "failed")
    if evidence.plan.prereleases and failing:
        _, without = _ask(released(failing), failing, runner, home)
        found = found.model_copy(update={"released": without})
    with alone(home), uninterrupted():
        found.write(evidence.folder / InRun.CONFIRMATION)
        if not found.same:
            _note(evidence, second)
        verdict = runner.conclude(evidence)
        append(runner.project.reports, evidence, verdict)
    return verdict


def _ask(
    plan: Plan, asked: Sequence[str], runner: Runner, home: Path
) -> tuple[Evidence, tuple[CheckResult, ...]]:
    """Carry out a plan beside the runs in `home`; return what it answered of what was asked."""
    verdict, evidence = runner.run(plan, home / InRow.CONFIRMATIONS)
    if not verdict.settled:
        raise CannotJudgeError(f"asked again: {verdict.trouble or verdict.untold}")
    answers = answers_of(evidence, evidence.plan, evidence.run).given
    return evidence, tuple(answers[check] for check in asked if check in answers)


def _note(first: Evidence, second: Evidence) -> None:
    """Have the run tell that its second environment says nothing of the first."""
    drift = drift_between(first.freeze, second.freeze)
    every = {**drift.added, **drift.moved}
    moved = [
        f"{name} {before or 'absent'} -> {after or 'absent'}"
        for name, (before, after) in every.items()
    ]
    note = f"{_UNLIKE}, {second.folder.name}, holds {first_of(moved)}"
    run = first.run
    notes = (*(other for other in run.notes if not other.startswith(_UNLIKE)), note)
    run.model_copy(update={"notes": notes}).write(first.folder / InRun.RECORD)


def _same(first: Evidence, second: Evidence) -> bool:
    """Tell whether two environments hold the same, as far as their stages came."""
    one, other = first.freeze, second.freeze
    if any(stage.failure for stage in (*first.stages, *second.stages)):
        return all(one[name] == other[name] for name in one.keys() & other.keys())
    return one == other
