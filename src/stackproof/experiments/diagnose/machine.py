"""What this machine lacks: a library, a compiler, a header. No release is to blame for that."""

from __future__ import annotations

from itertools import chain

from stackproof.errors import CannotJudgeError
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.record import Cause
from stackproof.experiments.diagnose.signs import missing_here
from stackproof.experiments.diagnose.system_packages import where
from stackproof.experiments.found import Found
from stackproof.installers.failed_builds import failed_build
from stackproof.matrix.checks import ALL, CheckId

__all__ = ["buildable", "lacking"]

_LACKS = "this machine lacks {}, which comes with the system and with no release"


def buildable(inquiry: Inquiry) -> Found | None:
    """Return what the row does now; None, and the cause, if this machine cannot build it."""
    try:
        return inquiry.ask(inquiry.planner)
    except CannotJudgeError as error:
        build = failed_build(str(error))
        if build is None or build.lacking is None:
            raise
        sentence = f"the build of {build.shown} needs {build.lacking}; this machine has none"
        inquiry.causes.append(Cause(kind="system", checks=(), confirmed=True, sentence=sentence))
        return None


def lacking(inquiry: Inquiry, found: Found) -> set[str]:
    """Return the checks that fail for want of a library that no release brings."""
    names: dict[str, list[str]] = {}
    for check in found.checks.values():
        if check.outcome == "failed" and (name := missing_here(check.message)):
            names.setdefault(name, []).append(check.id)
    inquiry.causes += (
        Cause(
            kind="system",
            checks=tuple(checks),
            confirmed=True,
            sentence="; ".join(filter(None, (_LACKS.format(name), where(name)))),
        )
        for name, checks in names.items()
    )
    over_all = {check for check in found.failed if CheckId.parse(check).subject == ALL}
    return {*chain(*names.values()), *over_all} if names else set()
