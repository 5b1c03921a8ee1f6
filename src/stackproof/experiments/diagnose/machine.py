"""What this machine lacks: a library, a compiler, a header. No release is to blame for that."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from stackproof.errors import CannotJudgeError
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.record import Cause
from stackproof.experiments.diagnose.signs import missing_here
from stackproof.experiments.diagnose.system_packages import where
from stackproof.experiments.found import Found
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.refusal import release_of
from stackproof.matrix.checks import ALL, CheckId
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["buildable", "lacking"]


def buildable(inquiry: Inquiry) -> Found | None:
    """Return what the row does now; None, and the cause, if this machine cannot build it."""
    try:
        return inquiry.ask(inquiry.planner)
    except CannotJudgeError as error:
        build = failed_build(str(error))
        if build is None or build.lacking is None:
            raise
        why = reason("build-needs", release=release_of(build), what=build.lacking)
        inquiry.causes.append(_lacks(why, ()))
        return None


def lacking(inquiry: Inquiry, found: Found) -> set[str]:
    """Return the checks that fail for want of a library that no release brings."""
    names: dict[str, list[str]] = {}
    for check in found.checks.values():
        if check.outcome == "failed" and (name := missing_here(check.message)):
            names.setdefault(name, []).append(check.id)
    inquiry.causes += (
        _lacks(reason("machine-lacks", what=name).then(where(name)), checks)
        for name, checks in names.items()
    )
    over_all = {check for check in found.failed if CheckId.parse(check).subject == ALL}
    return {*chain(*names.values()), *over_all} if names else set()


def _lacks(why: Reason, checks: Sequence[str]) -> Cause:
    return Cause(
        kind="system", checks=tuple(checks), confirmed=True, sentence=in_words(why), why=why
    )
