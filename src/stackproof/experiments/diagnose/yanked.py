"""Yanked releases: installers take one whose exact version is asked for, and no other."""

from __future__ import annotations

from dataclasses import replace

from stackproof.base.versions import requirement
from stackproof.experiments.diagnose.causes import blamed
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.record import Cause
from stackproof.experiments.found import Found
from stackproof.installers.refusal import yanks

__all__ = ["with_yanked"]


def with_yanked(inquiry: Inquiry, found: Found) -> Found:
    """Ask for yanked releases by their exact versions."""
    for item in yanks(found.refusal or ""):
        line = requirement(item.name, item.version)
        planner = replace(inquiry.planner, lines=(*inquiry.planner.lines, line))
        better = inquiry.ask(planner)
        helps = better.refusal is None
        reason = f" ({item.reason})" if item.reason else ""
        cause = Cause(
            kind="yank",
            checks=found.failed,
            culprit=blamed(inquiry.releases, item.name, item.version),
            confirmed=helps,
            sentence=f"{item.name} {item.version} was yanked{reason}, and nothing else would do",
        )
        inquiry.causes.append(cause)
        if helps:
            inquiry.planner, found = planner, better
            inquiry.say(f"{line} is a yanked release: look for another soon")
    return found
