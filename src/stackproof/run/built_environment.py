"""An environment that a run builds, or takes over as an earlier run of the plan built it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stackproof.base.process import ask
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import Freeze, StageRecord
from stackproof.evidence.reports import InRun
from stackproof.installers.environment import Environment
from stackproof.installers.pip_check import pip_check
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words
from stackproof.run.altered import require_unaltered
from stackproof.run.build import Builder
from stackproof.run.course import Course
from stackproof.run.installed_files import look_at_files
from stackproof.run.reuse import Mark, reusable_build
from stackproof.run.surroundings import build_notes, require_empty

__all__ = ["BuiltEnvironment", "builder_of"]


def builder_of(course: Course, environment: Environment) -> Builder:
    """Return what runs stages in a run's environment."""
    return Builder(
        plan=course.plan,
        environment=environment,
        folder=course.evidence.folder,
        snapshots=course.project.snapshots,
        environ=course.project.environ,
        limit=course.project.stage_limit,
        tick=course.progress.tick,
        constraints=course.constraints,
        notes=course.notes,
    )


@dataclass(kw_only=True)
class BuiltEnvironment:
    """The environment that a run builds at `venv`, its own by the mark that it leaves there."""

    course: Course
    venv: Path
    mark: Mark | None = None

    def describe(self) -> Environment:
        """Return the environment; raise CannotJudgeError if it has no Python."""
        return Environment.at(self.venv, self.course.plan.installer)

    def of_another_python(self, version: str) -> str:
        """Say that its Python is of a version that the plan does not want, and what to do."""
        wanted = self.course.plan.python
        return (
            f"the plan wants Python {wanted}, but the environment has {version}; "
            f"install Python {wanted}"
        )

    def complete(self, environment: Environment) -> bool:
        """Have all of the stack in it; tell whether it is, which it is not where a stage failed."""
        self.mark = reusable_build(self.course.plan, environment, self.course.evidence)
        if self.mark is not None:
            self._take_over(self.mark)
        elif not self._build(environment):
            return False
        require_unaltered(environment)
        return True

    def require_own(self) -> None:
        """Raise CannotJudgeError if another run took the environment away meanwhile."""
        found = Mark.read(self.venv)
        if self.mark is not None and (found is None or found.evidence != self.mark.evidence):
            raise CannotJudgeError(in_words(reason("environment-replaced")))

    def _take_over(self, mark: Mark) -> None:
        course = self.course
        earlier = Evidence(course.evidence.folder.parent / mark.evidence).run
        course.index, course.further = earlier.index, earlier.further
        course.installer_version = earlier.installer_version
        course.constraints += earlier.constraints
        known = (*course.plan.notes, *course.project.notes)
        course.notes += (note for note in earlier.notes if note not in known)
        course.notes.append(f"the environment was not built by this run but by {mark.evidence}")

    def _build(self, environment: Environment) -> bool:
        course = self.course
        folder = course.evidence.folder
        self.mark = Mark(evidence=folder.name, fingerprint=course.plan.fingerprint)
        self.mark.leave(self.venv)
        freeze = self._stages(environment)
        if freeze is None:
            return False
        with course.part("pip check"):
            asked = [item for stage in course.plan.stages for item in stage.requirements]
            found = pip_check(
                environment, folder / InRun.PIP_CHECK_LOG, course.project.environ, asked
            )
        found.write(folder / InRun.PIP_CHECK)
        look_at_files(course, environment)
        self.require_own()
        self.mark = self.mark.model_copy(update={"freeze": freeze})
        self.mark.leave(self.venv)
        return True

    def _stages(self, environment: Environment) -> Freeze | None:
        """Run the stages; return what they installed, or None if one of them failed."""
        course = self.course
        require_empty(environment)
        builder = builder_of(course, environment)
        with course.part("index"):
            course.installer_version = ask(environment.version_command()).output
            course.index = builder.prepare()
            course.further = builder.further
        failed = self._run_stages(builder)
        course.notes += build_notes(course.project.environ, builder.built)
        freeze = environment.freeze()
        course.evidence.write_freeze(freeze)
        course.notes += (
            f"{name} in the environment is no installed distribution: some wheel brought it along"
            for name in environment.strays()
        )
        if failed is not None and failed.failure != "refused":
            raise CannotJudgeError(f"stage {failed.name}: {failed.message}")
        return freeze if failed is None else None

    def _run_stages(self, builder: Builder) -> StageRecord | None:
        """Run the stages, writing each one's record as it ends; return the one that failed."""
        records: list[StageRecord] = []
        coming = builder.stages()
        total = len(self.course.plan.stages)
        for number, stage in enumerate(self.course.plan.stages, start=1):
            with self.course.part(f"stage {number} of {total}, {stage.name}"):
                records.append(next(coming))
            self.course.evidence.write_stages(records)
            self.course.evidence.write_built(builder.built)
            if records[-1].failure is not None:
                return records[-1]
        return None
