"""A repair that asks back by itself: what broke a row is left out first, by bounds."""

from __future__ import annotations

from stackproof.base.versions import name_of
from stackproof.experiments.diagnose.bounding import bounded
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.repair.bounds import Bound
from stackproof.experiments.repair.record import Repair
from stackproof.experiments.repair.repairing import Repairer
from stackproof.installers.failed_builds import failed_build
from stackproof.reasons.words import in_words, sayable

__all__ = ["repaired"]


def repaired(inquiry: Inquiry, *, remedies: bool, exact: bool) -> Repair:
    """Repair a row: by bounds on what broke it, and by exact pins, or by those alone.

    Raises CannotJudgeError if a probe cannot be judged or the index fails.
    """
    bounds = {} if exact else _bounds(inquiry)
    repairer = Repairer(
        planner=inquiry.amended((), inquiry.constraints),
        moment=inquiry.moment,
        prober=inquiry.prober,
        releases=inquiry.releases,
        resolver=inquiry.resolver,
        like=None if inquiry.constraints else inquiry.like,
        today=inquiry.today,
        bounds=bounds,
    )
    repair = repairer.repair(remedies=remedies)
    whys = (*repair.whys, *(why for why in inquiry.whys if why not in repair.whys))
    more = {"notes": tuple(map(in_words, whys)), "whys": whys}
    return repair.model_copy(update={**more, "build_constraints": inquiry.constraints})


def _bounds(inquiry: Inquiry) -> dict[str, Bound]:
    """Return the bounds that leave out what broke a row, each with the version that it came to."""
    inquiry.born = inquiry.releases.born(inquiry.planner.at(inquiry.moment).dated)
    start = inquiry.ask(inquiry.planner)
    if not start.failed or (start.refusal is not None and failed_build(start.refusal) is None):
        return {}
    found = bounded(inquiry, start, proved=False)
    whys = {
        cause.culprit.name: sayable(cause.why, cause.sentence)
        for cause in inquiry.causes
        if cause.culprit
    }
    return {
        name: Bound(range=line.removeprefix(name), version=found.freeze[name], why=whys[name])
        for line in inquiry.planner.lines
        if (name := name_of(line)) in found.freeze and name in whys
    }
