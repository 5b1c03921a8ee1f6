"""Carry out one job: nox once a task, its output shown as it comes, and its end written down."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from stackproof.base.nox_report import exit_code
from stackproof.base.process import Finished, run
from stackproof.base.records import Record
from stackproof.base.text import plain
from stackproof.base.times import timestamp
from stackproof.ci.jobs import Job, Task, name_on_disk
from stackproof.evidence.confirmation import unconfirmed
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.entry import HistoryEntry, verdict_of
from stackproof.evidence.history.file import read_history, recorded_runs
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InReports
from stackproof.experiments.confirming import asked_again, note_unasked
from stackproof.report.files import conclude

__all__ = ["TaskEnd", "diagnosis_arguments", "read_end", "run_job"]

_LAST_LINES = 25
#: For a row whose time is up: its suite is stopped, then its servers, then the verdict is written.
_GRACE_SECONDS = 120.0


class TaskEnd(Record):
    """How one task ended: in words, and with the last lines that it printed.

    `exit`, which `ending` names, is 1 for an unexpected result, 2 for what could not be judged (nox
    ends with 1 for both), and else nox's own.
    """

    format: Literal[1] = 1
    row: str
    kind: Literal["verify", "candidate"]
    started: datetime
    seconds: float
    exit: int
    ending: str
    last_lines: str


def run_job(job: Job, project: Project, show: Callable[[str], None]) -> tuple[TaskEnd, ...]:
    """Carry out the tasks of a job one after another; `show` gets their output as it comes.

    Each task has its part of the job's time. Where something unexpected fails in a row, it is
    diagnosed in what is left of that.
    """
    runner = _JobRunner(project=project, show=show, limit=job.minutes * 60 / len(job.tasks))
    return tuple(runner.carry_out(task) for task in job.tasks)


def read_end(reports: Path, task: Task) -> TaskEnd | None:
    """Return how a task ended, or None if that was not written down."""
    return TaskEnd.load_or_none(_file(reports, task, "json"))


def diagnosis_arguments(history: Sequence[HistoryEntry], row: str) -> tuple[str, ...] | None:
    """Return nox's arguments for the diagnosis of a row's newest run, as of when that began.

    A cut-off of the row's least age is left to the row: stated, it would hold for all that is
    exempt from it. None where nothing fails in it but what is expected.
    """
    newest = next((entry for entry in reversed(history) if entry.name == row), None)
    if newest is None or "new" not in newest.checks.values():
        return None
    moment = [] if newest.min_age else ["--as-of", newest.as_of or timestamp(newest.started)]
    return ("--session", "diagnose", "--", row, *moment)


def _file(reports: Path, task: Task, ending: str) -> Path:
    return reports / InReports.MONTHLY / f"{task.kind}-{name_on_disk(task.row)}.{ending}"


@dataclass(frozen=True, kw_only=True)
class _JobRunner:
    """Who carries out tasks; `limit` is the time for each in seconds."""

    project: Project
    show: Callable[[str], None]
    limit: float

    def carry_out(self, task: Task) -> TaskEnd:
        reports = self.project.reports
        log = _file(reports, task, "log")
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        started, begin = datetime.now(timezone.utc), time.monotonic()
        report = _file(reports, task, "nox.json")
        report.unlink(missing_ok=True)
        finished = self._nox(("--report", str(report), *task.arguments), log, self.limit)
        finished = replace(finished, exit=_code(finished, report))
        end = TaskEnd(
            row=task.row,
            kind=task.kind,
            started=started,
            seconds=round(finished.seconds, 1),
            exit=finished.exit,
            ending=finished.describe(),
            last_lines=_last_lines(log),
        )
        end.write(_file(reports, task, "json"))
        # What is in an environment that exists cannot be built again.
        if task.kind == "verify" and task.python is not None:
            if self._has_news(task, started):
                end = self._confirm(end, log, begin + self.limit - time.monotonic())
                end.write(_file(reports, task, "json"))
            if end.exit == 1:
                self._diagnose(task, log, begin + self.limit - time.monotonic())
            self._look_at_links(task, log, begin + self.limit - time.monotonic())
        return end

    def _has_news(self, task: Task, started: datetime) -> bool:
        """Tell whether the run of a row that began just now has results that nobody expects."""
        newest = next(Evidence.runs(self.project.reports / task.row), None)
        if newest is None or newest.run.started < started:
            return False
        return bool(verdict_of(newest).unexpected)

    def _confirm(self, end: TaskEnd, log: Path, limit: float) -> TaskEnd:
        """Have what is unexpected asked again; return how the task ends by then.

        What could not be asked again stands as it was, and the run says why.
        """
        finished = self._nox(("--session", "confirm", "--", end.row), log, limit)
        newest = next(Evidence.runs(self.project.reports / end.row), None)
        if newest is None:
            return end
        if newest.confirmation is None:
            if asked_again(verdict_of(newest)):
                _tell_why_not(newest, finished)
            return end
        code = verdict_of(newest).exit_code
        update = {"exit": code, "ending": f"{end.ending}; asked again, it came to {code}"}
        return end.model_copy(update=update if code != end.exit else {})

    def _diagnose(self, task: Task, log: Path, limit: float) -> None:
        reports = self.project.reports
        history = read_history(reports / InReports.HISTORY)
        known = [*history, *recorded_runs(reports, {entry.identity for entry in history})]
        arguments = diagnosis_arguments(sorted(known, key=lambda entry: entry.started), task.row)
        if arguments is not None:
            self._nox(arguments, log, limit)

    def _look_at_links(self, task: Task, log: Path, limit: float) -> None:
        """Look at the links of a row, if its run had no time for that and there is some now."""
        newest = next(Evidence.runs(self.project.reports / task.row), None)
        if newest is None or newest.links is not None or limit <= 0:
            return
        plan = newest.plan
        moment = [] if plan.min_age else ["--as-of", timestamp(plan.as_of or newest.run.started)]
        self._nox(("--session", "links", "--", task.row, *moment), log, limit)

    def _nox(self, arguments: Sequence[str], log: Path, limit: float) -> Finished:
        root = self.project.root
        follow = _Follower(log, self.show)
        finished = run(
            [sys.executable, "-m", "nox", "--noxfile", str(root / "noxfile.py"), *arguments],
            log=log,
            limit=limit,
            grace=_GRACE_SECONDS,
            env=self.project.environ,
            cwd=root,
            tick=follow,
            sweeps=False,  # supervisors outlive a nox that was killed, until all is clean
        )
        follow()
        return finished


class _Follower:
    """Shows what is added to a log, each time it is called."""

    def __init__(self, log: Path, show: Callable[[str], None]) -> None:
        self._log = log
        self._show = show
        self._shown = log.stat().st_size if log.exists() else 0

    def __call__(self) -> None:
        with self._log.open("rb") as file:
            file.seek(self._shown)
            added = file.read()
        # A character may be cut in two by where the log ends now: whole lines only.
        whole = added[: added.rfind(b"\n") + 1]
        if whole:
            self._shown += len(whole)
            self._show(whole.decode("utf-8", errors="replace"))


def _tell_why_not(newest: Evidence, finished: Finished) -> None:
    """Have a run say that it could not be confirmed, unless the session said so itself."""
    if finished.timed_out or not unconfirmed(newest.run.notes):
        note_unasked(newest, f"confirm {finished.describe()}")
        conclude(newest)


def _code(finished: Finished, report: Path) -> int:
    """Return the code of nox's session; nox that failed without a report began none."""
    if finished.exit != 1:
        return finished.exit
    return exit_code(report) if report.exists() else 2


def _last_lines(log: Path) -> str:
    lines = plain(log.read_text(encoding="utf-8", errors="replace")).splitlines()
    return "\n".join(lines[-_LAST_LINES:])
