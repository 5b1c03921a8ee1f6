"""Find the run that a trial can be compared with."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from pydantic import ValidationError

from stackproof.environment import constraints_in_use
from stackproof.evidence import Evidence
from stackproof.plan import Plan
from stackproof.verify import Project

__all__ = ["find_baseline"]


def find_baseline(plan: Plan, project: Project, age: timedelta) -> Evidence | None:
    """Return the newest judged run of this very plan that is not older than `age`, or None.

    Same means the same plan, the same suite and the same constraint files, by content.
    Raises CannotJudgeError if a constraint file cannot be had.
    """
    oldest = datetime.now(timezone.utc) - age
    wanted = (
        plan.fingerprint,
        project.suite_fingerprint,
        constraints_in_use(plan, snapshots=project.snapshots, environ=project.environ),
    )
    for evidence in Evidence.runs(project.home(plan)):
        try:
            run = evidence.run
        except ValidationError:
            continue  # left by another version of stackproof, in a form that is no longer read
        if run.started < oldest:
            return None
        used = {(file.name, file.sha256) for file in run.constraints}
        if run.trouble is None and (evidence.plan.fingerprint, run.suite, used) == wanted:
            return evidence
    return None
