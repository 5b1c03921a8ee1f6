"""Verify one row: carry out its plan in an environment, judge what happened, write the reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from stackproof.base.invocation import typed
from stackproof.base.locking import alone, among_others
from stackproof.base.progress import Progress
from stackproof.errors import CannotJudgeError
from stackproof.evidence.answers import answered_checks
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.file import append
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InRun
from stackproof.evidence.verdict import Verdict
from stackproof.installers.environment import Environment
from stackproof.installers.settings import without_python_settings
from stackproof.matrix.plan import Plan
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words
from stackproof.run.asking import Asking
from stackproof.run.beside import LinksBeside, LookCommand
from stackproof.run.built_environment import BuiltEnvironment
from stackproof.run.course import Course
from stackproof.run.existing_environment import ExistingEnvironment
from stackproof.run.first_look import FirstLook, after_a_first_look
from stackproof.run.interruptions import ended_by_signals, refused, uninterrupted
from stackproof.run.servers import starting
from stackproof.run.workloads import declared_workloads, needed_servers

__all__ = ["Conclude", "verify"]

#: Judges the evidence of a run, and writes all reports of it.
Conclude = Callable[[Evidence], Verdict]


def verify(
    plan: Plan,
    venv: Path | None,
    project: Project,
    progress: Progress,
    *,
    conclude: Conclude,
    look: LookCommand | None = None,
    home: Path | None = None,
    shared: bool = False,
    first: FirstLook | None = None,
) -> tuple[Verdict, Evidence]:
    """Carry out a plan in the virtual environment at `venv`, and have it judged by `conclude`.

    The evidence goes to a new folder in `home`, which is the plan's own in the project if None;
    where it is `shared`, other runs may be under way there.
    A new environment is built; one in which this very plan was built before is used as it stands.
    Where `venv` is None, the environment that the plan names is judged as it is.
    With `look`, the links of what is installed are looked at beside the suite. With `first`, some
    checks are asked before all others.
    However the run ends, what it found is written and judged: what trouble kept from being told is
    no failure.
    Raises CannotJudgeError if another run of the row is under way, or if not even a verdict can be
    written, and KeyboardInterrupt after the evidence of an interrupted run is written.
    """
    home = home or project.home(plan)
    try:
        held = among_others(home, Evidence.clear) if shared else _alone(home)
        with ended_by_signals(), held, ExitStack() as end:
            course = Course(
                plan=plan,
                project=replace(project, environ=without_python_settings(project.environ)),
                surroundings=project.environ,
                progress=progress,
                evidence=Evidence.create(home, plan),
                end=end,
            )
            subject: Subject = (
                ExistingEnvironment(course=course)
                if venv is None
                else BuiltEnvironment(course=course, venv=venv)
            )
            run = _Run(course=course, subject=subject, conclude=conclude, look=look, first=first)
            return run.to_its_end(), course.evidence
    except OSError as error:
        raise CannotJudgeError(
            f"{refused(error)}; so no verdict could be written; fix this and run again"
        ) from error


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    with alone(home):
        Evidence.clear(home)
        yield


class Subject(Protocol):
    """The environment of a run, and how it comes to have the stack."""

    def describe(self) -> Environment:
        """Return the environment; raise CannotJudgeError if it has no Python."""

    def of_another_python(self, version: str) -> str:
        """Say that its Python is of a version that the plan does not want, and what to do."""

    def complete(self, environment: Environment) -> bool:
        """Have all of the stack in it; tell whether it is."""

    def require_own(self) -> None:
        """Raise CannotJudgeError if it is no longer what the run works with."""


@dataclass(kw_only=True)
class _Run:
    """A run from its beginning to its verdict, whatever happens on the way.

    `complete` says whether the environment has all of the stack, and is still the run's own.
    """

    course: Course
    subject: Subject
    conclude: Conclude
    look: LookCommand | None = None
    first: FirstLook | None = None
    trouble: str | None = None
    complete: bool = False

    def to_its_end(self) -> Verdict:
        """Carry out the plan and judge it, whatever happens on the way."""
        try:
            self.carry_out()
        except KeyboardInterrupt:
            self.trouble = in_words(reason("interrupted-during", part=self.course.doing))
            self.finish()
            raise
        except CannotJudgeError as error:
            self.trouble = str(error)
        except OSError as error:
            self.trouble = refused(error)
        return self.finish()

    def carry_out(self) -> None:
        """Have the environment complete, and ask it all checks.

        Raises CannotJudgeError or OSError where it cannot be judged.
        """
        self.course.evidence.hold_room()
        environment = self.subject.describe()
        self.course.python = environment.version
        if not environment.has_python(self.course.plan.python):
            raise CannotJudgeError(self.subject.of_another_python(environment.version))
        try:
            self._carry_out_in(environment)
        except (CannotJudgeError, OSError):
            self._require_own()  # else the environment went, and that is why
            raise
        self._require_own()

    def _carry_out_in(self, environment: Environment) -> None:
        course, project = self.course, self.course.project
        declared = declared_workloads(project.suite / "workloads", *project.workloads)
        course.notes += (f"{marker}; no server is started for it" for marker in declared.unread)
        needed = needed_servers(course.plan, declared.workloads)
        logs = course.evidence.folder / InRun.SERVER_LOGS
        with starting(needed, logs=logs, environ=project.environ, notes=course.notes) as servers:
            self.complete = self.subject.complete(environment)
            if self.complete:
                asking = Asking(
                    course=course,
                    environment=environment,
                    servers=servers,
                    workloads=declared.workloads,
                )
                self._ask(asking)

    def _ask(self, asking: Asking) -> None:
        if self.first is not None:
            rest = after_a_first_look(self.first, asking)
            if rest is None:
                return
            asking = rest
        if self.look is None:
            asking.ask_all()
            return
        with LinksBeside(self.course, asking.environment, self.look) as links:
            asking.ask_all()
            links.wait()

    def finish(self) -> Verdict:
        """Write the circumstances, judge the evidence, and write the reports.

        On a full disk this is done in the room that was held for it, so that there is a verdict. A
        signal that comes meanwhile waits: KeyboardInterrupt is raised when all is written.
        """
        with uninterrupted():
            try:
                verdict = self._conclude()
            except OSError as error:
                self.trouble = refused(error)
                self.course.evidence.release_room()
                verdict = self._conclude()
            finally:
                self.course.evidence.release_room()
            self._remember(verdict)
        return verdict

    def _conclude(self) -> Verdict:
        evidence = self.course.evidence
        self.course.note_changed_files()
        record = self.course.record(built=self.complete, trouble=self.trouble)
        if record.settled_by is not None:
            # What was asked is what was answered by then, and by what of ours.
            asked = answered_checks(evidence, self.course.plan, record)
            self.course.plan = self.course.plan.asking(asked)
            self.course.plan.write(evidence.folder / InRun.PLAN)
            record = self.course.record(built=self.complete, trouble=self.trouble)
        record.write(evidence.folder / InRun.RECORD)
        verdict = self.conclude(evidence)
        evidence.publish()
        return verdict

    def _remember(self, verdict: Verdict) -> None:
        """Add the run to the history, which says what the verdict says, or nothing yet.

        What is written below the run's folder stands by now; `nox -s report` adds a missing line.
        """
        course = self.course
        try:
            append(course.project.reports, course.evidence, verdict)
        except OSError as error:
            course.progress.say(
                f"the history lacks this run until `{typed('report')}`: {refused(error)}"
            )

    def _require_own(self) -> None:
        try:
            self.subject.require_own()
        except CannotJudgeError:
            self.complete = False
            raise
