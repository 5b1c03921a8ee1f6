"""Trace what fails, and leave the culprits out by bounds, until no more is found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain

from packaging.version import Version

from stackproof.base.times import full_hour_after
from stackproof.base.versions import name_of
from stackproof.experiments.culprit import Culprit
from stackproof.experiments.diagnose.causes import cause_of, causes_of
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.likelihood import likeliest_first
from stackproof.experiments.diagnose.release_search import ReleaseSearch
from stackproof.experiments.diagnose.suspects import Suspect, suspects
from stackproof.experiments.diagnose.yanked import below_yanked, yanked_notes
from stackproof.experiments.found import Found
from stackproof.experiments.planner import Planner
from stackproof.experiments.timeline.tracing import NotOlderError, Tracer
from stackproof.installers.resolver import Refused, Wanted

__all__ = ["bounded", "drop_needless_causes"]

#: How many faults, one behind the other, are looked for.
_ROUNDS = 5
#: How many distributions are asked one by one that only links speak of.
_MOST_LINKED = 3
_ZEROS = re.compile(r"(?<=\d)(?:\.0)+$")


def bounded(inquiry: Inquiry, found: Found, *, proved: bool = True) -> Found:
    """Trace what fails back to the row's birth, leave the culprits out, and ask again.

    The newest fault hides the older one behind it, so what fails then is traced in turn. What is
    not to be `proved` so is asked only what leaving culprits out can have changed.
    """
    for _ in range(_ROUNDS):
        failing = inquiry.failing(found)
        culprits = _culprits(inquiry, found, failing) if failing else []
        inquiry.say(*chain.from_iterable(yanked_notes(inquiry, item) for item in culprits))
        lines = _bounds(inquiry, (item for item in culprits if not item.builds))
        constraints = _bounds(inquiry, (item for item in culprits if item.builds))
        if not {*lines, *constraints} - {*inquiry.planner.lines, *inquiry.constraints}:
            break
        inquiry.constraints = _merged(inquiry.constraints, constraints)
        lines = _merged(inquiry.planner.lines, lines)
        inquiry.planner = inquiry.amended(lines, inquiry.constraints)
        found = inquiry.ask(inquiry.planner, None if proved else found)
        if len(culprits) == 1:
            _credit(inquiry, culprits[0], [it for it in failing if it not in found.failed])
    return found


def _credit(inquiry: Inquiry, culprit: Culprit, checks: Sequence[str]) -> None:
    """Have a culprit's cause name all checks that pass without it: not all were asked before."""
    cause = inquiry.causes[-1]
    if cause.culprit is None or cause.culprit.name != culprit.name or cause.until is not None:
        return
    every = tuple(dict.fromkeys((*cause.checks, *checks)))
    whole = cause.model_copy(update={"checks": every})
    inquiry.causes[-1] = whole
    inquiry.in_front = [
        (other, whole if kept is cause else kept) for other, kept in inquiry.in_front
    ]


def _culprits(inquiry: Inquiry, found: Found, failing: Sequence[str]) -> list[Culprit]:
    """Return the culprits of what fails: what the failures name first, else by the days of old."""
    planner = inquiry.planner.at(inquiry.moment)
    fixed = list(planner.versions)
    search = ReleaseSearch(
        amend=partial(_with_more, inquiry),
        pins={name: asked for name, asked in planner.asked.items() if name not in planner.versions},
        moment=inquiry.moment,
        prober=inquiry.prober,
        releases=inquiry.releases,
        born=inquiry.born,
        in_vain=inquiry.in_vain,
        fixed=fixed,
    )
    turns = search.turns(found, failing, suspects(found, failing, fixed))
    if not turns and inquiry.absent(found):
        return []
    if not turns and found.refusal is None:
        turns = search.turns(found, failing, _linked(inquiry, found, fixed))
    if not turns and found.refusal is None:
        of_birth = _of_birth(inquiry, fixed)
        old = likeliest_first(of_birth, found.freeze, planner.asked, inquiry.releases)
        unnamed = search.among(found, failing, old)
        turns = search.turns(found, failing, unnamed)
    if not turns:
        return _traced(inquiry, found, failing)
    for turn in turns:
        cause = cause_of(turn, inquiry.releases, planner.versions)
        inquiry.causes.append(cause)
        if not turn.passes:
            inquiry.in_front.append((turn.culprit, cause))
    return [turn.culprit for turn in turns]


def _linked(inquiry: Inquiry, found: Found, fixed: Sequence[str]) -> list[Suspect]:
    """Return what code in the stack uses that is not there any more: no failure names it."""
    names = inquiry.linked(inquiry.planner.at(inquiry.moment))
    return [
        Suspect(name=name, version=found.freeze[name])
        for name in dict.fromkeys(names)
        if name in found.freeze and name not in fixed
    ][:_MOST_LINKED]


def _of_birth(inquiry: Inquiry, fixed: Sequence[str]) -> dict[str, str]:
    """Return what would have been installed beside `fixed` pins when the row was born, if known."""
    born, plan = inquiry.born, inquiry.planner.at(inquiry.moment)
    if born is None:
        return {}
    pinned = tuple(name for name in plan.exempt if name in plan.versions)
    answer = inquiry.resolver.resolve(
        Wanted(
            requirements=tuple(chain.from_iterable(stage.requirements for stage in plan.stages)),
            python=inquiry.releases.target.full,
            preferences={},
            as_of=full_hour_after(born),
            exempt=pinned,
        )
    )
    chosen = {} if isinstance(answer, Refused) else answer
    return {name: item.version for name, item in chosen.items() if name not in fixed}


def drop_needless_causes(inquiry: Inquiry) -> None:
    """Drop what was only seen to stand in front of another failure, and need not be mended."""
    fix = inquiry.fix
    needed = {name_of(line) for line in (*fix.requirements, *fix.build_constraints)}
    needless = [cause for one, cause in inquiry.in_front if not fix.found or one.name not in needed]
    inquiry.causes = [cause for cause in inquiry.causes if cause not in needless]
    if not fix.found:
        names = {culprit.name for culprit, _ in inquiry.in_front}
        lines = tuple(line for line in fix.requirements if name_of(line) not in names)
        inquiry.fix = fix.model_copy(update={"requirements": lines})


def _with_more(inquiry: Inquiry, *, lines: Sequence[str], constraints: Sequence[str]) -> Planner:
    return inquiry.amended(
        _merged(inquiry.planner.lines, lines), _merged(inquiry.constraints, constraints)
    )


def _traced(inquiry: Inquiry, found: Found, failing: Sequence[str]) -> list[Culprit]:
    """Return the culprits of what fails, and keep the causes."""
    tracer = Tracer(
        planner=inquiry.planner,
        prober=inquiry.prober,
        releases=inquiry.releases,
        like=inquiry.like,
    )
    try:
        since = tracer.birth(inquiry.moment)
    except NotOlderError as error:
        inquiry.say(error.why)
        return []
    timeline = tracer.trace(since, inquiry.moment, failing)
    inquiry.say(*tracer.whys)
    culprits: list[Culprit] = []
    for item, behind in causes_of(timeline, found):
        inquiry.causes += [] if item in inquiry.causes else [item]
        culprits += behind
    return culprits


def _bounds(inquiry: Inquiry, culprits: Iterable[Culprit]) -> tuple[str, ...]:
    """Return the lines that leave culprits out."""
    return tuple(dict.fromkeys(line for item in culprits if (line := _below(inquiry, item))))


def _below(inquiry: Inquiry, culprit: Culprit) -> str | None:
    """Return the bound that leaves a culprit's release out, such as `werkzeug<3`."""
    if culprit.after is None or culprit.after == culprit.before:
        return None
    public = below_yanked(inquiry, culprit, Version(culprit.below or culprit.after)).public
    # 3.0.0 and 3 are one version, and people write the shorter.
    return f"{culprit.name}<{_ZEROS.sub('', public)}"


def _merged(known: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """Return known lines and more; of two bounds of one name the later one counts."""
    return tuple({name_of(line): line for line in (*known, *more)}.values())
