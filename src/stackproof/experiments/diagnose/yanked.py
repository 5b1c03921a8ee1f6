"""Yanked releases: installers take one whose exact version is asked for, and no other."""

from __future__ import annotations

from dataclasses import replace

from stackproof.base.versions import requirement
from stackproof.experiments.diagnose.causes import blamed
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.record import Cause
from stackproof.experiments.found import Found
from stackproof.installers.refusal import yanks
from stackproof.reasons.common import yanked
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words

__all__ = ["with_yanked"]


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
