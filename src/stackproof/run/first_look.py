"""Ask first what can answer otherwise than before, and the whole suite if that is wanted then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from stackproof.evidence.loaded import InstalledNames, LoadedFile
from stackproof.evidence.records import CheckResult, Freeze
from stackproof.evidence.reports import InRun
from stackproof.evidence.verdict import Verdict, judge
from stackproof.run.asking import Answered, Asking
from stackproof.run.watching import installed_names

__all__ = ["FirstLook", "after_a_first_look"]


@dataclass(frozen=True, kw_only=True)
class FirstLook:
    """Which checks to ask first, and what to make of their answers.

    `reached` is told what is installed, and by which names it is found; it returns ids of checks,
    none where there is nothing to ask first. Each answer is `heard` as soon as it is there, with
    the seconds that the run took until then. `go_on` gets the verdict on these alone, and says
    whether the rest of the suite is to be asked too.
    """

    reached: Callable[[Freeze, InstalledNames], Sequence[str]]
    heard: Callable[[CheckResult, float], None]
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
    checks = first.reached(evidence.freeze, names)
    if not checks:
        return asking
    whole, notes = course.plan, list(course.notes)
    course.plan = whole.asking(tuple(checks))
    course.plan.write(evidence.folder / InRun.PLAN)
    wanted = settled = True
    try:
        replace(asking, heard=first.heard).ask_all()
        course.record(built=True, trouble=None).write(evidence.folder / InRun.RECORD)
        verdict = judge(evidence)
        settled = verdict.settled and verdict.untold is None
        wanted = not settled or first.go_on(verdict)
    finally:
        if wanted:  # also where the look itself came to no end: nothing was asked in vain
            course.plan, course.notes[:], course.suite_exit = whole, notes, None
            whole.write(evidence.folder / InRun.PLAN)
    if not settled:
        return asking  # what it left open is asked with all others
    return replace(asking, before=Answered.of(evidence)) if wanted else None
