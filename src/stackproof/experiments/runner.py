"""Have plans carried out away from nox's own environments: trials, probes, and the like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pydantic import ValidationError

from stackproof.base.progress import Progress
from stackproof.base.text import without_credentials
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.layout import Project
from stackproof.evidence.records import RunRecord
from stackproof.evidence.verdict import Verdict, judge
from stackproof.experiments.machines.here import Here
from stackproof.experiments.machines.machines import Desk, Machines
from stackproof.index.constraints.published import constraints_in_use
from stackproof.installers.known import installer_named
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedCommand, PlannedConstraints
from stackproof.run.beside import LookCommand
from stackproof.run.first_look import FirstLook
from stackproof.run.verify import Conclude

__all__ = ["Runner"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Has plans carried out by `machines`, and finds what an earlier run of a plan left behind.

    `conclude` judges a run and writes its reports, see `verify`; `look` looks at its links where
    they are checks of a plan.
    """

    project: Project
    progress: Progress
    conclude: Conclude
    look: LookCommand
    machines: Machines = field(default_factory=Here)

    def run(
        self, plan: Plan, home: Path | None = None, first: FirstLook | None = None
    ) -> tuple[Verdict, Evidence]:
        """Carry out a plan in an environment made for it and removed afterwards; judge it.

        The evidence goes to a new folder in `home`, which is the plan's own in the project if None.
        With `first`, some checks are asked before all others, and may be all that is asked.
        Raises CannotJudgeError if another run holds `home` or no environment can be made.
        """
        desk = Desk(
            project=self.project,
            progress=self.progress,
            conclude=self.conclude,
            look=self.look,
            first=first,
        )
        return self.machines.carry_out(plan, desk, home)

    def run_once(self, plan: Plan, home: Path) -> tuple[Verdict, Evidence]:
        """Return what the run of this very plan in `home` found, or make it.

        Without a cut-off the same plan installs something else on another day, so it must be less
        than a day old then. Raises CannotJudgeError as `run` does.
        """
        recent = None if plan.as_of else datetime.now(timezone.utc) - _DAY
        earlier = self.recall(plan, home, recent)
        return (judge(earlier), earlier) if earlier else self.run(plan, home)

    def recall(
        self, plan: Plan, home: Path | None = None, not_before: datetime | None = None
    ) -> Evidence | None:
        """Return the newest settled run of this very plan, none before `not_before`.

        Its verdict is by what was expected then, so a run is none where something else is now.
        """
        for evidence in self.comparable(home or self.project.home(plan)):
            if not_before is not None and evidence.run.started < not_before:
                return None
            same = evidence.plan.fingerprint == plan.fingerprint
            if same and evidence.plan.is_judged_as(plan) and judge(evidence).settled:
                return evidence
        return None

    def comparable(self, home: Path) -> Iterator[Evidence]:
        """Yield the runs in `home` that would find the same now, the newest first.

        They had the same suite and the same constraint files, by content, from the same sources. A
        constraint file that cannot be had is not the same.
        """
        suites: dict[tuple[PlannedCommand, ...], str] = {}
        files: dict[tuple[PlannedConstraints, ...], set[tuple[str, str]]] = {}
        for evidence in Evidence.runs(home):
            try:
                plan, run = evidence.plan, evidence.run
            except ValidationError:
                continue  # left by another version of stackproof, in a form that is no longer read
            # Older releases of ours took what had been built whenever.
            if plan.asked_commands not in suites:
                suites[plan.asked_commands] = self.project.suite_of(plan)
            suite = suites[plan.asked_commands]
            same = run.suite == suite and evidence.tells_of_builds and self.has_sources_of(run)
            used = {(file.name, file.sha256) for file in run.constraints}
            wanted = tuple(stage.constraints for stage in plan.stages if stage.constraints)
            if used and wanted not in files:
                files[wanted] = self._constraints(plan)
            if same and (not used or used <= files[wanted]):
                yield evidence

    def _constraints(self, plan: Plan) -> set[tuple[str, str]]:
        """Return name and sha256 of each constraint file that a run of the plan would use now."""
        project = self.project
        try:
            return constraints_in_use(plan, snapshots=project.snapshots, environ=project.environ)
        except CannotJudgeError:
            return set()

    def has_sources_of(self, run: RunRecord) -> bool:
        """Tell whether packages would come from where a run took them; not if that is not known.

        Raises CannotJudgeError for a configuration file of an installer that cannot be read.
        """
        if run.index is None:
            return False
        installer, environ = installer_named(run.installer), self.project.environ
        index = without_credentials(installer.default_index(environ))
        # The public index has one spelling of its own.
        same = run.index.rstrip("/") == index.rstrip("/")
        return same and run.further == tuple(installer.further_sources(environ))
