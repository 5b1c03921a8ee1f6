"""What the files of a stack tell beside its metadata, in the evidence and the notes of a run."""

from __future__ import annotations

from stackproof.evidence.reports import InRun
from stackproof.installers.environment import Environment
from stackproof.run.accelerators import accelerators
from stackproof.run.course import Course
from stackproof.run.overwritten import overwritten_files
from stackproof.run.start_files import start_notes

__all__ = ["look_at_files"]


def look_at_files(course: Course, environment: Environment) -> None:
    """Record files that several own, builds for accelerators, and name what each start runs.

    Raises OSError if the evidence cannot be written.
    """
    overwritten = overwritten_files(environment)
    overwritten.write(course.evidence.folder / InRun.OVERWRITTEN)
    course.notes += overwritten.notes(course.evidence.freeze)
    accelerators(environment.libraries).write(course.evidence.folder / InRun.ACCELERATORS)
    course.notes += start_notes(environment)
