"""Ask first what can answer otherwise than before, and the whole suite if that is wanted then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stackproof.evidence.loaded import InstalledNames
from stackproof.evidence.records import Freeze
from stackproof.evidence.reports import InRun
from stackproof.evidence.verdict import Verdict, judge
from stackproof.installers.planning import narrowed
from stackproof.run.asking import Asking
from stackproof.run.watching import installed_names

__all__ = ["FirstLook", "goes_on"]

#: What the suite wrote for some checks alone, and is set aside before it is asked all.
_OF_THE_SUITE = (InRun.CHECKS, InRun.SUITE_LOG, InRun.LEFT_OUT, InRun.LOADED)


@dataclass(frozen=True, kw_only=True)
class FirstLook:
    """Which checks to ask first, and what to make of their answers.

    `reached` is told what is installed, and by which names it is found; it returns ids of checks,
    none where there is nothing to ask first. `go_on` gets the verdict on these alone, and says
    whether the whole suite is to be asked too.
    """

    reached: Callable[[Freeze, InstalledNames], Sequence[str]]
    go_on: Callable[[Verdict], bool]


def goes_on(first: FirstLook, asking: Asking) -> bool:
    """Take a first look; return whether the whole suite is to be asked as well.

    If not, the run is one that asked these checks alone, and says so in its plan. Raises what
    `Asking.ask_all` does.
    """
    course, evidence = asking.course, asking.course.evidence
    checks = first.reached(evidence.freeze, installed_names(asking.environment))
    if not checks:
        return True
    whole, notes = course.plan, list(course.notes)
    course.plan = narrowed(whole, tuple(checks))
    course.plan.write(evidence.folder / InRun.PLAN)
    wanted = True
    try:
        asking.ask_all()
        course.record(built=True, trouble=None).write(evidence.folder / InRun.RECORD)
        wanted = first.go_on(judge(evidence))
    finally:
        if wanted:  # also where the look itself came to no end: nothing was asked in vain
            course.plan, course.notes[:], course.suite_exit = whole, notes, None
            whole.write(evidence.folder / InRun.PLAN)
    if wanted:
        for name in _OF_THE_SUITE:
            (evidence.folder / name).unlink(missing_ok=True)
    return wanted
