"""Ask first what can answer otherwise than before, and the whole suite if that is wanted then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from stackproof.evidence.answers import answers_of
from stackproof.evidence.loaded import InstalledNames, LoadedFile
from stackproof.evidence.records import CheckResult, Freeze, RunRecord
from stackproof.evidence.reports import InRun
from stackproof.evidence.verdict import Verdict, judge
from stackproof.matrix.checks import CheckId
from stackproof.run.asking import Answered, Asking
from stackproof.run.course import Course
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
    if _settled_by_build(first, course):
        return None
    asking = replace(asking, settles=first.settles)
    checks = first.reached(evidence.freeze, names)
    return _look(first, asking, checks) if checks else asking


def _look(first: FirstLook, asking: Asking, checks: Sequence[str]) -> Asking | None:
    """Ask some checks; return how to ask the rest, or None if that is not wanted."""
    course, evidence = asking.course, asking.course.evidence
    whole, notes = course.plan, list(course.notes)
    course.ask_only(checks)
    wanted = settled = True
    try:
        replace(asking, heard=first.heard).ask_all()
        verdict = _verdict(course)
        settled = verdict.settled and verdict.untold is None
        wanted = not settled or (course.settled_by is None and first.go_on(verdict))
    finally:
        if wanted:  # also where the look itself came to no end: nothing was asked in vain
            course.notes[:], course.suite_exit, course.settled_by = notes, None, None
            course.ask_as(whole)
    # The rest is asked to its end: what fails there was foreseen by no record of what checks load.
    rest = replace(asking, settles=None)
    if not settled:
        return rest  # what the look left open is asked with all others
    return replace(rest, before=Answered.of(evidence)) if wanted else None


def _settled_by_build(first: FirstLook, course: Course) -> bool:
    """Tell whether what the build answers settles what is asked; the plan is of that alone then."""
    whole, evidence = course.plan, course.evidence
    built = [
        answer
        for answer in answers_of(evidence, whole, _record(course)).given.values()
        if CheckId.parse(answer.id).answered_by == "build"
    ]
    settling = next(filter(first.settles, built), None)
    if settling is None:
        return False
    course.settled_by = settling.id
    course.ask_only([answer.id for answer in built])
    return True


def _verdict(course: Course) -> Verdict:
    _record(course).write(course.evidence.folder / InRun.RECORD)
    return judge(course.evidence)


def _record(course: Course) -> RunRecord:
    return course.record(built=True, trouble=None)
