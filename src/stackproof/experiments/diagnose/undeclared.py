"""What is imported and required by nobody: setuptools, which environments used to begin with."""

from __future__ import annotations

from dataclasses import replace

from stackproof.experiments.diagnose.blame import through
from stackproof.experiments.diagnose.bounding import bounded
from stackproof.experiments.diagnose.causes import blamed, said_by
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.record import Cause
from stackproof.experiments.diagnose.signs import missing_module
from stackproof.experiments.diagnose.suspects import BROUGHT
from stackproof.experiments.found import Found
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words

__all__ = ["with_undeclared"]


def with_undeclared(inquiry: Inquiry, found: Found) -> Found:
    """Add what brings a module that is looked for in vain, in a release that still does."""
    gone = _gone(inquiry, found)
    if not gone:
        return found
    before = inquiry.planner
    added = [name for name in dict.fromkeys(gone.values()) if name not in found.freeze]
    inquiry.planner = replace(before, lines=(*before.lines, *added))
    better = bounded(inquiry, inquiry.ask(inquiry.planner))
    if not {*gone} - {*better.failed}:
        inquiry.planner = before
        return found
    checks = tuple(gone)
    who = next((name for name in through(found, checks[0]) if name in found.freeze), "")
    module = missing_module(found.checks[checks[0]].message)
    by = f"{who} {found.freeze[who]}" if who else reason("the-row")
    imports = reason("imports-undeclared", by=by, module=module or "", brought_by=added[0])
    why = imports.then(said_by(found, checks))
    cause = Cause(
        kind="floor",
        checks=checks,
        culprit=blamed(inquiry.releases, who, found.freeze.get(who)),
        confirmed=True,
        sentence=in_words(why),
        why=why,
    )
    inquiry.causes.insert(0, cause)
    return better


def _gone(inquiry: Inquiry, found: Found) -> dict[str, str]:
    """Return the failing checks that miss such a module, with what brings it and is not there."""
    checks = (found.checks[check] for check in inquiry.failing(found) if check in found.checks)
    gone = {check.id: BROUGHT.get(missing_module(check.message) or "", "") for check in checks}
    return {check: name for check, name in gone.items() if name and name not in found.freeze}
