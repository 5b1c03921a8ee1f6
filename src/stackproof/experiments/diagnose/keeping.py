"""Keep of what was added what is needed, as the fix."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from stackproof.base.text import first_of
from stackproof.base.times import timestamp
from stackproof.base.versions import name_of
from stackproof.experiments.delta_debugging import drop_needless
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.outcomes import passes
from stackproof.experiments.diagnose.record import Fix
from stackproof.experiments.found import Found

__all__ = ["keep"]


def keep(inquiry: Inquiry, found: Found) -> None:
    """Keep what was added as the fix, without what is not needed.

    It is one where nothing fails but what is `excused`, and something was changed.
    """
    every = [*inquiry.planner.lines, *inquiry.constraints]
    needed = every
    if every[1:]:
        needed = list(drop_needless(every, partial(_passes_with, inquiry, found.failed)))
    lines = [line for line in inquiry.planner.lines if line in needed]
    inquiry.constraints = tuple(line for line in inquiry.constraints if line in needed)
    inquiry.planner = inquiry.amended(lines, inquiry.constraints)
    found = inquiry.ask(inquiry.planner)
    changed = bool(lines or inquiry.constraints or inquiry.fix.removed)
    well = changed and not inquiry.failing(found)
    inquiry.fix = Fix(
        found=well,
        requirements=tuple(lines),
        versions=inquiry.versions(found),
        build_constraints=inquiry.constraints,
        removed=inquiry.fix.removed,
        confirmed=well,
        minimal=well,
    )


def _passes_with(inquiry: Inquiry, failing: Sequence[str], added: Sequence[str]) -> bool:
    """Tell whether no more fails with some of the added lines alone."""
    lines = [line for line in inquiry.planner.lines if line in added]
    constraints = [line for line in inquiry.constraints if line in added]
    planner = inquiry.amended(lines, constraints)
    left_out = {*map(name_of, [*inquiry.planner.lines, *inquiry.constraints])} - {
        *map(name_of, added)
    }
    # What a line was added for most likely fails without it, and takes less to ask than all.
    told = [
        check
        for cause in inquiry.causes
        if cause.culprit is not None and cause.culprit.name in left_out
        for check in cause.checks
        if check not in failing
    ]
    if told:
        what = f"as of {timestamp(inquiry.moment)} without {first_of(sorted(left_out))}"
        asked = inquiry.prober.ask(partial(planner.at, inquiry.moment), told, what)
        if any(passes(asked, check) is False for check in told):
            return False
    return {*inquiry.ask(planner).failed} <= {*failing}
