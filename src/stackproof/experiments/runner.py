"""Carry out plans away from nox's own environments: trials, probes, and whatever needs several."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from stackproof.base.progress import Progress
from stackproof.base.text import without_credentials
from stackproof.evidence.folder import Evidence
from stackproof.evidence.layout import Project
from stackproof.evidence.records import RunRecord
from stackproof.evidence.verdict import Verdict, judge
from stackproof.index.constraints.published import constraints_in_use
from stackproof.installers.scratch import scratch_environment
from stackproof.installers.sources import default_index, further_sources
from stackproof.matrix.plan import Plan
from stackproof.run.verify import Conclude, verify

__all__ = ["Runner"]


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Runs plans in scratch environments, and finds what an earlier run of a plan left behind.

    `conclude` judges a run and writes its reports, see `verify`.
    """

    project: Project
    progress: Progress
    conclude: Conclude

    def run(self, plan: Plan, home: Path | None = None) -> tuple[Verdict, Evidence]:
        """Carry out a plan in an environment made for it and removed afterwards; judge it.

        The evidence goes to a new folder in `home`, which is the plan's own in the project if None.
        Raises CannotJudgeError if another run holds `home` or no environment can be made.
        """
        name = plan.fingerprint[:16]
        scratch = scratch_environment(
            name,
            python=plan.python,
            installer=plan.installer,
            environ=self.project.environ,
        )
        with scratch as venv:
            return verify(
                plan, venv, self.project, self.progress, conclude=self.conclude, home=home
            )

    def recall(
        self, plan: Plan, home: Path | None = None, not_before: datetime | None = None
    ) -> Evidence | None:
        """Return the newest settled run of this very plan, none before `not_before`.

        Same means the same plan, the same suite and the same constraint files, by content, from the
        same sources. Raises CannotJudgeError if a constraint file cannot be had.
        """
        project = self.project
        files = constraints_in_use(plan, snapshots=project.snapshots, environ=project.environ)
        wanted = (plan.fingerprint, project.suite_fingerprint, files)
        for evidence in Evidence.runs(home or project.home(plan)):
            try:
                run = evidence.run
            except ValidationError:
                continue  # left by another version of stackproof, in a form that is no longer read
            if not_before is not None and run.started < not_before:
                return None
            used = {(file.name, file.sha256) for file in run.constraints}
            same = (evidence.plan.fingerprint, run.suite, used) == wanted
            # Older releases of ours took what had been built whenever.
            same = same and evidence.tells_of_builds
            if same and self.has_sources_of(run) and judge(evidence).settled:
                return evidence
        return None

    def has_sources_of(self, run: RunRecord) -> bool:
        """Tell whether packages would come from where a run took them; not if that is not known.

        Raises CannotJudgeError for a configuration file of an installer that cannot be read.
        """
        if run.index is None:
            return False
        environ = self.project.environ
        index = without_credentials(default_index(run.installer, environ))
        # The public index has one spelling of its own for uv (see `installers/lifetimes.py`).
        same = run.index.rstrip("/") == index.rstrip("/")
        return same and run.further == tuple(further_sources(run.installer, environ))
