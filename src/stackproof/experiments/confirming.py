"""Ask for the unexpected results of a run once more, in a fresh environment."""

from __future__ import annotations

from stackproof.base.locking import alone
from stackproof.errors import CannotJudgeError
from stackproof.evidence.answers import answers_of
from stackproof.evidence.confirmation import Confirmation
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.file import append
from stackproof.evidence.reports import InRow, InRun
from stackproof.evidence.verdict import Verdict
from stackproof.experiments.runner import Runner
from stackproof.installers.planning import narrowed

__all__ = ["confirm"]


def confirm(evidence: Evidence, verdict: Verdict, runner: Runner) -> Verdict:
    """Return the verdict on a run after its unexpected results were asked for once more.

    What comes out otherwise then is unsteady. Links are not asked again: they are read from files,
    which say the same each time. The second environment's evidence goes beside the runs of the row;
    verdict, reports and history say what both came to.
    Raises CannotJudgeError if the second environment gives no answer.
    """
    asked = tuple(check.id for check in verdict.unexpected if check.kind != "link")
    if not asked:
        return verdict
    home = evidence.folder.parent
    again, second = runner.run(narrowed(evidence.plan, asked), home / InRow.CONFIRMATIONS)
    if not again.settled:
        raise CannotJudgeError(f"the second environment: {again.trouble or again.untold}")
    answers = answers_of(second, second.plan, second.run).given
    Confirmation(
        run=second.folder.name,
        started=again.started,
        same=_same(evidence, second),
        checks=tuple(answers[check] for check in asked if check in answers),
    ).write(evidence.folder / InRun.CONFIRMATION)
    with alone(home):
        found = runner.conclude(evidence)
        append(runner.project.reports, evidence, found)
    return found


def _same(first: Evidence, second: Evidence) -> bool:
    """Tell whether two environments hold the same, as far as their stages came."""
    one, other = first.freeze, second.freeze
    if any(stage.failure for stage in (*first.stages, *second.stages)):
        return all(one[name] == other[name] for name in one.keys() & other.keys())
    return one == other
