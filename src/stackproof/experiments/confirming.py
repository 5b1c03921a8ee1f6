"""Ask for the unexpected results of a run once more, in a fresh environment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import shorten

from stackproof.base.locking import alone
from stackproof.base.text import first_of
from stackproof.errors import CannotJudgeError, StackproofError
from stackproof.evidence.answers import answers_of
from stackproof.evidence.confirmation import UNASKED, UNLIKE, Confirmation, unconfirmed
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.file import append
from stackproof.evidence.records import CheckResult, drift_between
from stackproof.evidence.reports import InRow, InRun
from stackproof.evidence.verdict import Verdict
from stackproof.experiments.runner import Runner
from stackproof.matrix.plan import Plan
from stackproof.run.interruptions import uninterrupted

__all__ = ["asked_again", "confirm", "note_unasked"]

_MOST_CHARACTERS = 300


def confirm(
    evidence: Evidence, verdict: Verdict, runner: Runner, released: Callable[[Sequence[str]], Plan]
) -> Verdict:
    """Return the verdict on a run after its unexpected results were asked for once more.

    What comes out otherwise then is unsteady. Links are not asked again: they are read from files,
    which say the same each time. What still fails of a row that lets pre-releases in is asked
    without them too, by the plan that `released` makes for some checks. The evidence of the other
    environments goes beside the runs of the row; verdict, reports and history say what all came to.
    Where another environment gives no answer, a note says so and the verdict stands. Raises
    CannotJudgeError then.
    """
    asked = asked_again(verdict)
    if not asked:
        return verdict
    try:
        return _confirm(evidence, asked, runner, released)
    except StackproofError as error:
        _give_up(evidence, runner, str(error))
        raise
    except KeyboardInterrupt:
        _give_up(evidence, runner, "it was stopped")
        raise


def asked_again(verdict: Verdict) -> tuple[str, ...]:
    """Return the checks of a run that another environment can be asked for."""
    return tuple(check.id for check in verdict.unexpected if check.kind != "link")


def note_unasked(evidence: Evidence, why: str) -> None:
    """Have a run tell that nobody could confirm it; its reports are to be written again."""
    _note(evidence, f"{UNASKED}: {shorten(why, _MOST_CHARACTERS, placeholder=' …')}")


def _give_up(evidence: Evidence, runner: Runner, why: str) -> None:
    with alone(evidence.folder.parent), uninterrupted():
        note_unasked(evidence, why)
        runner.conclude(evidence)


def _confirm(
    evidence: Evidence,
    asked: tuple[str, ...],
    runner: Runner,
    released: Callable[[Sequence[str]], Plan],
) -> Verdict:
    home = evidence.folder.parent
    second, answers = _ask(evidence.plan.asking(asked), asked, runner, home)
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
        _note(evidence, None if found.same else _unlike(evidence, second))
        verdict = runner.conclude(evidence)
        append(runner.project.reports, evidence, verdict)
    return verdict


def _ask(
    plan: Plan, asked: Sequence[str], runner: Runner, home: Path
) -> tuple[Evidence, tuple[CheckResult, ...]]:
    """Carry out a plan beside the runs in `home`; return what it answered of what was asked."""
    verdict, evidence = runner.run(plan, home / InRow.CONFIRMATIONS)
    if not verdict.settled:
        raise CannotJudgeError(f"the second environment: {verdict.trouble or verdict.untold}")
    answers = answers_of(evidence, evidence.plan, evidence.run).given
    return evidence, tuple(answers[check] for check in asked if check in answers)


def _unlike(first: Evidence, second: Evidence) -> str:
    """Say that the second environment tells nothing of the first."""
    drift = drift_between(first.freeze, second.freeze)
    every = {**drift.added, **drift.moved}
    moved = [
        f"{name} {before or 'absent'} -> {after or 'absent'}"
        for name, (before, after) in every.items()
    ]
    return f"{UNLIKE}, {second.folder.name}, holds {first_of(moved)}"


def _note(evidence: Evidence, note: str | None) -> None:
    """Have a run tell why it is not confirmed, or nothing of that, in place of what it told."""
    run, now = evidence.run, (note,) if note else ()
    before = unconfirmed(run.notes)
    if now != before:
        notes = (*(other for other in run.notes if other not in before), *now)
        run.model_copy(update={"notes": notes}).write(evidence.folder / InRun.RECORD)


def _same(first: Evidence, second: Evidence) -> bool:
    """Tell whether two environments hold the same, as far as their stages came."""
    one, other = first.freeze, second.freeze
    if any(stage.failure for stage in (*first.stages, *second.stages)):
        return all(one[name] == other[name] for name in one.keys() & other.keys())
    return one == other
