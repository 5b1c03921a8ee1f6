"""The jobs of a monthly run: one a row or trial, as data that a CI provider can fan out over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from stackproof.base.records import Record
from stackproof.errors import StackproofError
from stackproof.evidence.reports import InReports

__all__ = ["Job", "Jobs", "Task", "jobs_file", "make_jobs", "name_on_disk"]

_TASK_MINUTES = 45


class Task(Record):
    """One call of nox: prove a row, or try upgrades of it; `row` is `<matrix>/<row>`.

    `python` is None where the row's environment exists.
    """

    kind: Literal["verify", "candidate"]
    row: str
    python: str | None
    arguments: tuple[str, ...]


class Job(Record):
    """What one machine does: tasks one after another, the Pythons they need, the time for them."""

    id: str
    name: str
    pythons: tuple[str, ...]
    minutes: int
    tasks: tuple[Task, ...]


class Jobs(Record):
    """The jobs of one monthly run, the form of `reports/monthly/jobs.json`."""

    format: Literal[1] = 1
    listed: datetime
    jobs: tuple[Job, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows that are to be proved, without those that upgrades are tried of."""
        return tuple(task.row for job in self.jobs for task in job.tasks if task.kind == "verify")

    def job(self, name: str) -> Job:
        """Return the job of that id, or the one that has a row of that name.

        Raises StackproofError if there is none.
        """
        for job in self.jobs:
            if name == job.id or name in (task.row for task in job.tasks):
                return job
        raise StackproofError(f"there is no job {name!r} in this run")


def jobs_file(reports: Path) -> Path:
    """Return where the list of jobs stands."""
    return reports / InReports.JOBS


def make_jobs(tasks: Sequence[Task], listed: datetime) -> Jobs:
    """Return one job a task, in their order; `listed` is the moment that the run began."""
    jobs = tuple(_job(number, task) for number, task in enumerate(tasks, start=1))
    return Jobs(listed=listed, jobs=jobs)


def name_on_disk(row: str) -> str:
    """Return a row's name fit for a file's name and for an artifact's."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", row)


def _job(number: int, task: Task) -> Job:
    return Job(
        id=f"{number:03}-{name_on_disk(task.row)}",
        name=task.row,
        pythons=(task.python,) if task.python else (),
        minutes=_TASK_MINUTES,
        tasks=(task,),
    )
