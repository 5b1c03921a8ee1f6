"""Two owners of one file: leave out the one whose absence lets more checks pass."""

from __future__ import annotations

from itertools import chain

from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.record import Cause, Fix
from stackproof.experiments.found import Found
from stackproof.matrix.checks import CheckId
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["without_an_owner"]


def without_an_owner(inquiry: Inquiry, found: Found) -> Found:
    """Drop one of the distributions that own the same files, if that lets more checks pass."""
    overwritten = found.overwritten
    if overwritten is None or not overwritten.files:
        return found
    pins = inquiry.planner.at(inquiry.moment).asked
    best, dropped = found, None
    owners = sorted({*chain(*overwritten.files.values())}) if len(pins) > 1 else ()
    for name in (name for name in owners if name in pins):
        planner = inquiry.planner.without(name)
        less = inquiry.ask(planner)
        if len(less.failed) < len(best.failed):
            best, dropped = less, planner
            inquiry.fix = Fix(removed=(name,))
        if not less.failed:
            break
    inquiry.planner = dropped or inquiry.planner
    about = overwritten.about(found.freeze)
    inquiry.causes.append(_overwritten(found, about, confirmed=dropped is not None))
    return best


def _overwritten(found: Found, about: Reason, *, confirmed: bool) -> Cause:
    why = about.then(reason("room-for-one"))
    return Cause(
        kind="overwrite",
        checks=tuple(check for check in found.failed if CheckId.parse(check).kind == "overwrite"),
        confirmed=confirmed,
        sentence=in_words(why),
        why=why,
    )
