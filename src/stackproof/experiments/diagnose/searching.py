"""Search pins for what no bound on a culprit repairs."""

from __future__ import annotations

from stackproof.base.versions import requirement
from stackproof.experiments.diagnose.causes import blamed, said_by
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.record import Cause, Fix, Instead
from stackproof.experiments.found import Found
from stackproof.experiments.repair.record import RepairedPin
from stackproof.experiments.repair.repairing import Repairer
from stackproof.experiments.timeline.guiding import named_in
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words, sayable

__all__ = ["searched", "unknown"]


def searched(inquiry: Inquiry, found: Found) -> None:
    """Search pins that repair what still fails."""
    repairer = Repairer(
        planner=inquiry.planner,
        moment=inquiry.moment,
        prober=inquiry.prober,
        releases=inquiry.releases,
        resolver=inquiry.resolver,
        like=inquiry.like,
        today=inquiry.today,
    )
    repair = repairer.repair(remedies=False)
    # Where a repair sends to a diagnosis, this is the one.
    inquiry.say(*(why for why in repair.whys if why.name != "pins-kept"))
    added = [pin for pin in repair.pins if pin.documented is None or pin.installed]
    known = {item.culprit.name for item in inquiry.causes if item.culprit}
    if repair.found:
        inquiry.causes += (_shown(inquiry, pin, found) for pin in added if pin.name not in known)
    exact = [requirement(pin.name, pin.version) for pin in added]
    inquiry.fix = Fix(
        found=repair.found,
        requirements=(*inquiry.planner.lines, *exact),
        versions={pin.name: pin.version for pin in added},
        build_constraints=inquiry.constraints,
        removed=inquiry.fix.removed,
        confirmed=repair.confirmed,
        minimal=repair.minimal and not inquiry.planner.lines,
    )
    changed = [pin for pin in repair.pins if pin.documented is not None]
    inquiry.instead = [
        Instead(
            pin=pin.name,
            version=pin.version,
            confirmed=repair.confirmed,
            together=len(changed) + len(inquiry.fix.requirements) > 1,
        )
        for pin in changed
    ]


def unknown(inquiry: Inquiry, found: Found) -> None:
    """Name what fails without a cause, where nothing was found that helps."""
    checks = inquiry.unexplained(found)
    if checks and not inquiry.fix.found:
        why = reason("none-seen", why=said_by(found, checks))
        cause = Cause(
            kind="unknown", checks=checks, confirmed=False, sentence=in_words(why), why=why
        )
        inquiry.causes.append(cause)


def _shown(inquiry: Inquiry, pin: RepairedPin, found: Found) -> Cause:
    """Return the cause that a pin of a repair shows: what is in its place, or that none is."""
    there = found.freeze.get(pin.name)
    why = sayable(pin.why, pin.because)
    if not named_in(pin.because, [pin.name]):
        why = reason("of-name", name=pin.name, why=why)
    return Cause(
        kind="release" if there is not None else "floor",
        checks=pin.mends,
        culprit=blamed(inquiry.releases, pin.name, there),
        confirmed=bool(pin.mends),
        sentence=in_words(why),
        why=why,
    )
