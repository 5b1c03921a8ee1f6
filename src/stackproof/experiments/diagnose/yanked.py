"""Yanked releases: installers take one whose exact version is asked for, and no other."""

from __future__ import annotations

from dataclasses import replace

from packaging.version import Version

from stackproof.base.versions import requirement, satisfies
from stackproof.experiments.culprit import Culprit
from stackproof.experiments.diagnose.causes import blamed
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.record import Cause
from stackproof.experiments.found import Found
from stackproof.experiments.timeline.culprits import yanked_since
from stackproof.index.releases import Release
from stackproof.installers.refusal import yanks
from stackproof.reasons.common import yanked
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["below_yanked", "with_yanked", "yanked_notes"]


def with_yanked(inquiry: Inquiry, found: Found) -> Found:
    """Ask for yanked releases by their exact versions."""
    for item in yanks(found.refusal or ""):
        line = requirement(item.name, item.version)
        planner = replace(inquiry.planner, lines=(*inquiry.planner.lines, line))
        better = inquiry.ask(planner)
        helps = better.refusal is None
        release = f"{item.name} {item.version}"
        why = reason("yanked-alone", why=yanked(release, item.reason))
        cause = Cause(
            kind="yank",
            checks=found.failed,
            culprit=blamed(inquiry.releases, item.name, item.version),
            confirmed=helps,
            sentence=in_words(why),
            why=why,
        )
        inquiry.causes.append(cause)
        if helps:
            inquiry.planner, found = planner, better
            inquiry.say(reason("look-for-another", pin=line))
    return found


def yanked_notes(inquiry: Inquiry, culprit: Culprit) -> list[Reason]:
    """Name the yanked releases before a culprit's: one of them may have been the first to break."""
    return yanked_since(culprit.name, _yanked(inquiry, culprit))


def below_yanked(inquiry: Inquiry, culprit: Culprit, bound: Version) -> Version:
    """Return the least version that may stand in place of a bound, below yanked releases.

    A lock may hold those, though nobody is offered them: `<` of both admits the same of all else.
    """
    every = inquiry.releases.every(culprit.name, inquiry.moment)
    offered = [str(item.version) for item in every if item.yanked is None]

    def admitted(version: Version) -> list[str]:
        return [item for item in offered if satisfies(item, f"<{version.public}")]

    nearer = (item.version for item in _yanked(inquiry, culprit) if item.version < bound)
    return next((it for it in nearer if admitted(it) == admitted(bound)), bound)


def _yanked(inquiry: Inquiry, culprit: Culprit) -> list[Release]:
    """Return the yanked releases between the last good one and a culprit's, in order."""
    if culprit.before is None or culprit.after is None:
        return []
    before, after = Version(culprit.before), Version(culprit.after)
    return [
        item
        for item in inquiry.releases.every(culprit.name, inquiry.moment)
        if item.yanked is not None
        and before < item.version < after
        and not item.version.is_prerelease
    ]
