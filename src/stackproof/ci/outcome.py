"""What became of each row of a monthly run, a row whose job left no verdict included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from stackproof.ci.blame import Suspect, suspect
from stackproof.ci.jobs import Jobs, Task
from stackproof.ci.running import TaskEnd, read_end
from stackproof.evidence.confirmation import unconfirmed
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.changes import Changes, latest_changes
from stackproof.evidence.history.entry import HistoryEntry, verdict_of
from stackproof.evidence.history.file import read_history
from stackproof.evidence.history.slower import OverBudget, TakesMore, takes_more
from stackproof.evidence.reports import InReports, InRun
from stackproof.evidence.verdict import Verdict
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.experiments.diagnose.record import Diagnosis
from stackproof.report.diagnose import last_diagnosis

__all__ = ["Outcome", "outcomes", "overall", "trials"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a row; `verdict` and `run` are None where its job left no verdict.

    `unconfirmed` says why nobody could confirm what is unexpected, where that was asked again.

    `suspect` is what is left to blame where there is no `diagnosis`.
    """

    row: str
    run: str | None
    verdict: Verdict | None
    changes: Changes | None
    costs: TakesMore
    unconfirmed: tuple[str, ...]
    suspect: Suspect | None
    diagnosis: Diagnosis | None
    end: TaskEnd | None

    @property
    def well(self) -> bool:
        """Whether the row was judged, nothing is unexpected, and nothing is over its budget.

        What will come of releases that are yet to be made counts too.
        """
        verdict = self.verdict
        if verdict is None or self.breaks_soon or self.over_budget:
            return False
        # With pre-releases it ends with 0, also where it could not be judged.
        judged = verdict.trouble is None and verdict.untold is None
        return judged and not verdict.in_state("new", "fixed", "unsteady")

    @property
    def no_news(self) -> bool:
        """Whether it is neither well nor worth an issue.

        So it is where all there is to say is that a second environment answered otherwise, or that
        a row which lets pre-releases in fails with and without them.
        """
        verdict = self.verdict
        if verdict is None or verdict.trouble or verdict.untold or self.over_budget:
            return False
        if verdict.prereleases is None and verdict.unexpected:
            return False
        return not self.well and not self.breaks_soon

    @property
    def over_budget(self) -> tuple[OverBudget, ...]:
        """The checks that take more than the matrix allows, in the last two runs."""
        return self.costs.over_budget

    @property
    def breaks_soon(self) -> bool:
        """Whether checks fail with pre-releases that the row lets in, and would with releases."""
        verdict = self.verdict
        if verdict is None or verdict.prereleases is None:
            return False
        if verdict.breaks_soon is not None:
            return bool(verdict.breaks_soon)
        # Nobody asked without them. Where a stage cannot be installed, none was taken either.
        refused = any(check.kind == "stage" for check in verdict.in_state("new"))
        return refused or bool(verdict.prereleases and verdict.in_state("new"))


def overall(found: Sequence[Outcome]) -> str:
    """Return "broken" where any row is, "unjudged" where any or none was judged, or else "ok"."""
    codes = {one.verdict.exit_code if one.verdict else 2 for one in found} or {2}
    return "broken" if 1 in codes else "unjudged" if 2 in codes else "ok"  # noqa: PLR2004 - as shells have it


def outcomes(jobs: Jobs, reports: Path) -> tuple[Outcome, ...]:
    """Return what became of each row that the jobs were to prove, from files alone."""
    history = read_history(reports / InReports.HISTORY)
    tasks = [task for job in jobs.jobs for task in job.tasks if task.kind == "verify"]
    return tuple(_outcome(task, jobs.listed, reports, history) for task in tasks)


def trials(jobs: Jobs, reports: Path) -> tuple[TrialVerdict, ...]:
    """Return the verdicts of the upgrades that were tried, in the order of their folders."""
    return tuple(_trials(jobs.listed, reports))


def _outcome(
    task: Task, listed: datetime, reports: Path, history: Sequence[HistoryEntry]
) -> Outcome:
    home = reports / task.row
    evidence, found = next(
        ((run, told) for run, told in _judged(home) if told.started >= listed), (None, None)
    )
    end = read_end(reports, task)
    changes = diagnosis = None
    costs, names = TakesMore(), task.row.split("/", maxsplit=1)
    if found is not None and found.verdict != "unjudged":
        changes, costs = latest_changes(history, *names), takes_more(history, *names)
        diagnosis = last_diagnosis(home, found)
    return Outcome(
        row=task.row,
        run=evidence.folder.name if evidence else None,
        verdict=found,
        changes=changes,
        costs=costs,
        unconfirmed=unconfirmed(evidence.run.notes) if evidence else (),
        suspect=suspect(changes) if changes else None,
        diagnosis=diagnosis,
        end=end if end and end.started >= listed else None,  # else it is an earlier month's
    )


def _judged(home: Path) -> Iterator[tuple[Evidence, Verdict]]:
    """Yield the runs with their verdicts in a folder that came to their end, the newest first."""
    for evidence in Evidence.runs(home):
        try:
            yield evidence, verdict_of(evidence)
        except ValidationError:
            continue  # left by another version of stackproof


def _trials(listed: datetime, reports: Path) -> Iterator[TrialVerdict]:
    for home in sorted((reports / InReports.TRIALS).glob("*/")):
        newest = next(Evidence.runs(home), None)
        if newest is None:
            continue
        try:
            text = (newest.folder / InRun.VERDICT).read_bytes()
            verdict = TrialVerdict.model_validate_json(text)
        except ValidationError:
            continue
        if verdict.started >= listed:
            yield verdict
