"""An environment that exists, such as an image's: judged as it is, and left as it was found.

Nothing is installed into it, and no process of ours writes byte code there: test tools lie in the
user's cache, and the pip that checks it in a folder of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stackproof.errors import CannotJudgeError
from stackproof.evidence.reports import InRun
from stackproof.installers.environment import Environment
from stackproof.installers.pip.installer import PIP_ALONE
from stackproof.installers.pip_check import pip_check_from_outside
from stackproof.run.course import Course
from stackproof.run.installed_files import look_at_files
from stackproof.run.suite_tools import suite_tools

__all__ = ["ExistingEnvironment"]


@dataclass(frozen=True, kw_only=True)
class ExistingEnvironment:
    """The environment around the interpreter that the plan of a run names."""

    course: Course

    @property
    def _python(self) -> Path:
        # Not resolved: that of a virtual environment is a link to another's.
        return self.course.project.root / (self.course.plan.interpreter or "")

    def describe(self) -> Environment:
        """Return the environment; raise CannotJudgeError if it has no Python."""
        return Environment.of(self._python, self.course.plan.installer)

    def of_another_python(self, version: str) -> str:
        """Say that its Python is of a version that the plan does not want, and what to do."""
        return (
            f"the row is of Python {self.course.plan.python}, but {self._python} is {version}; "
            "name another interpreter, or give the row the Python that it is of"
        )

    def complete(self, environment: Environment) -> bool:
        """Record what is there; that counts as all of it, since checks find what it lacks."""
        course, folder = self.course, self.course.evidence.folder
        course.evidence.write_freeze(environment.freeze())
        course.notes.append(f"nothing was installed into the environment of {self._python}")
        course.notes += (
            f"{name} in the environment is no installed distribution: no installer made it"
            for name in environment.strays()
        )
        with course.part("pip check"):
            pip = suite_tools(
                environment,
                log=folder / InRun.STAGE_LOGS / "pip-for-check.log",
                environ=course.project.environ,
                tick=course.progress.tick,
                wanted=PIP_ALONE,
                otherwise=course.temporary,
            )
            found = pip_check_from_outside(
                environment,
                pip.folder,
                folder / InRun.PIP_CHECK_LOG,
                course.project.environ,
                [pin.requirement for pin in course.plan.pins],
            )
        found.write(folder / InRun.PIP_CHECK)
        look_at_files(course, environment)
        return True

    def require_own(self) -> None:
        """Raise CannotJudgeError if the interpreter went while the run used it."""
        if not self._python.exists():
            raise CannotJudgeError(f"{self._python} went while the run used it")
