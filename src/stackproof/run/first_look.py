"""Ask first what can answer otherwise than before, and the whole suite if that is wanted then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from stackproof.evidence.answers import answers_of
from stackproof.evidence.loaded import InstalledNames, LoadedFile
from stackproof.evidence.records import CheckResult, Freeze
from stackproof.evidence.reports import InRun
from stackproof.evidence.verdict import Verdict, judge
from stackproof.matrix.checks import CheckId
from stackproof.run.asking import Answered, Asking
from stackproof.run.course import Course
from stackproof.run.listening import Listener
from stackproof.run.watching import installed_names

__all__ = ["FirstLook", "after_a_first_look"]


@dataclass(frozen=True, kw_only=True)
class FirstLook:
    """Which checks to ask first, and what to make of their answers.

    `reached` is told what is installed, and by which names it is found; it returns ids of checks,
    none where there is nothing to ask first, and all are asked at once. Each answer is `heard` as
    soon as it is there, with the seconds that the run took until then. One that `settles` what is
    asked is the last. `go_on` gets the verdict on what was asked first, and says whether the rest
    of the suite is to be asked too.
    """

    reached: Callable[[Freeze, InstalledNames], Sequence[str]]
    heard: Callable[[CheckResult, float], None]
    settles: Callable[[CheckResult], bool]
    go_on: Callable[[Verdict], bool]


def after_a_first_look(first: FirstLook, asking: Asking) -> Asking | None:
    """Take a first look; return how to ask the rest of the suite, or None if that is not wanted.

    If not, the run is one that asked these checks alone, and says so in its plan. Raises what
    `Asking.ask_all` does.
    """
    course, evidence = asking.course, asking.course.evidence
    names = installed_names(asking.environment)
    # Where no suite is asked, nobody else says by what names these distributions are found.
    LoadedFile(installed=names, checks={}).write(evidence.folder / InRun.LOADED)
    course.settled_by = _settled_by_build(first, course)
    if course.settled_by is not None:
        return None
    checks = first.reached(evidence.freeze, names)
    if checks:
        return _look(first, asking, checks)
    listener = Listener(course=course, heard=lambda *_: None, settles=first.settles)
    return replace(asking, listener=listener)


def _look(first: FirstLook, asking: Asking, checks: Sequence[str]) -> Asking | None:
    """Ask some checks; return how to ask the rest, or None if that is not wanted."""
    course, evidence = asking.course, asking.course.evidence
    whole, notes = course.plan, list(course.notes)
    course.plan = whole.asking(tuple(checks))
    course.plan.write(evidence.folder / InRun.PLAN)
    listener = Listener(course=course, heard=first.heard, settles=first.settles)
    wanted = settled = True
    try:
        replace(asking, listener=listener).ask_all()
        if course.settled_by is not None:
            wanted = False
            course.plan = whole  # at its end the run tells what of it was answered
            whole.write(evidence.folder / InRun.PLAN)
            return None
        course.record(built=True, trouble=None).write(evidence.folder / InRun.RECORD)
        verdict = judge(evidence)
        settled = verdict.settled and verdict.untold is None
        wanted = not settled or first.go_on(verdict)
    finally:
        if wanted:  # also where the look itself came to no end: nothing was asked in vain
            course.plan, course.notes[:] = whole, notes
            course.suite_exit = course.settled_by = None
            whole.write(evidence.folder / InRun.PLAN)
    if not settled:
        return asking  # what it left open is asked with all others
    # That goes to its end: what fails there was foreseen by no record of what checks load.
    return replace(asking, before=Answered.of(evidence)) if wanted else None


def _settled_by_build(first: FirstLook, course: Course) -> str | None:
    """Return the check of those that the build answers that settles what is asked, if one does."""
    record = course.record(built=True, trouble=None)
    answers = answers_of(course.evidence, course.plan, record).given.values()
    built = (one for one in answers if CheckId.parse(one.id).answered_by == "build")
    return next((one.id for one in built if first.settles(one)), None)
