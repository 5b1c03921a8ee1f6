"""The jobs of a monthly run: one a row or trial, as data that a CI provider can fan out over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Literal

from stackproof.base.records import Record
from stackproof.errors import StackproofError
from stackproof.evidence.reports import InReports

__all__ = ["Job", "Jobs", "Task", "jobs_file", "make_jobs", "name_on_disk"]

#: The most jobs that one matrix of GitHub Actions may have; GitLab's `parallel` allows 200.
CAP = 256
_TASK_MINUTES = 45
#: GitHub ends a job after six hours; this leaves some of them to set up and to hand on evidence.
_MOST_MINUTES = 345


class Task(Record):
    """One call of nox: prove a row, or try upgrades of it; `row` is `<matrix>/<row>`."""

    kind: Literal["verify", "candidate"]
    row: str
    python: str
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


def make_jobs(tasks: Sequence[Task], listed: datetime, cap: int = CAP) -> Jobs:
    """Return one job a task; where that would be more than `cap`, jobs with several tasks each.

    Raises StackproofError for more tasks than `cap` jobs can end in the longest time allowed.
    """
    parts = list(_spread(tasks, min(len(tasks), cap)))
    if any(len(part) * _TASK_MINUTES > _MOST_MINUTES for part in parts):
        most = cap * (_MOST_MINUTES // _TASK_MINUTES)
        raise StackproofError(
            f"{len(tasks)} rows are more than {cap} jobs can prove, which is {most}; name some "
            "with --rows"
        )
    return Jobs(
        listed=listed,
        jobs=tuple(_job(number, part) for number, part in enumerate(parts, start=1)),
    )


def name_on_disk(row: str) -> str:
    """Return a row's name fit for a file's name and for an artifact's."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", row)


def _spread(tasks: Sequence[Task], parts: int) -> Iterator[Sequence[Task]]:
    """Cut the tasks into so many parts, whose sizes differ by one at most."""
    bounds = [len(tasks) * number // parts for number in range(parts + 1)] if parts else []
    for begin, end in pairwise(bounds):
        yield tasks[begin:end]


def _job(number: int, tasks: Sequence[Task]) -> Job:
    first, *others = tasks
    return Job(
        id=f"{number:03}-{name_on_disk(first.row)}",
        name=f"{first.row} and {len(others)} more" if others else first.row,
        pythons=tuple(sorted({task.python for task in tasks})),
        minutes=_TASK_MINUTES * len(tasks),
        tasks=tuple(tasks),
    )
