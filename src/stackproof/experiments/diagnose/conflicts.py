"""Requirements that cannot be resolved together: who asks for what, and the one pin to change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from stackproof.experiments.delta_debugging import reduce_to_minimum
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.nearest import Nearest
from stackproof.experiments.diagnose.record import Cause, Instead
from stackproof.experiments.found import Found
from stackproof.installers.failures import cause
from stackproof.installers.resolver import Refused
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words

__all__ = ["one_pin_changed"]

#: The sides of a release on which others are looked for; a later one is the smaller change.
_LATER, _EARLIER = 0, 1


def one_pin_changed(inquiry: Inquiry, found: Found) -> bool:
    """Say what clashes, and change the pin that has to move least; tell whether that does."""
    why = reason("unresolvable", why=cause(found.refusal or ""))
    inquiry.causes.append(
        Cause(kind="conflict", checks=found.failed, confirmed=True, sentence=in_words(why), why=why)
    )
    clash = _clash(inquiry)
    nearest = Nearest(inquiry=inquiry, planner=inquiry.planner, checks=found.failed)
    for side in (_LATER, _EARLIER):
        for _, pin, version in sorted(_moves(inquiry, nearest, clash, side)):
            if nearest.passes_whole(pin, version):
                inquiry.instead.append(Instead(pin=pin, version=version, confirmed=True))
                return True
    return False


def _clash(inquiry: Inquiry) -> Sequence[str]:
    """Return pins that cannot be resolved together, and could without any one of them."""
    pins = list(inquiry.planner.at(inquiry.moment).asked)
    return reduce_to_minimum(pins, partial(_refuses, inquiry, pins)) or ()


def _refuses(inquiry: Inquiry, pins: Sequence[str], kept: Sequence[str]) -> bool:
    """Tell whether the row is refused with these pins as they are, and any version of the rest."""
    freed = {pin: "" for pin in pins if pin not in kept}
    return isinstance(inquiry.resolved(inquiry.planner, freed), Refused)


def _moves(
    inquiry: Inquiry, nearest: Nearest, clash: Sequence[str], side: int
) -> Iterator[tuple[int, str, str]]:
    """Yield for each pin of a clash the nearest version that resolves, and how far that is."""
    asked = inquiry.planner.at(inquiry.moment).asked
    for pin in clash:
        versions = nearest.sides(pin, asked[pin])[side]
        place = nearest.first_resolving(pin, versions)
        if place is not None:
            yield place, pin, versions[place]
