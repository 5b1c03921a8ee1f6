"""Why a check failed, where the suite says it in words of ours: it knows no records of reasons."""

from __future__ import annotations

import re

from stackproof.evidence.records import CheckResult
from stackproof.reasons.reason import Reason, reason

__all__ = ["with_why"]

_FAILED = "Failed: "
_ANY = "any version"
#: What `tests/stack/test_versions.py` says.
_MISSING = re.compile(r"(?P<name>\S+) is not installed \(pinned: (?P<asked>[^\n]+)\)")
_OTHER = re.compile(r"(?P<release>\S+ \S+) is installed, not (?P<asked>[^\n]+)")
_MODULE = re.compile(r"(?P<module>\S+) is (?P<own>[^\n]+), not (?P<installed>\S+)")


def with_why(result: CheckResult) -> CheckResult:
    """Return an answer of the suite with why it failed as a record, if that is known."""
    if result.kind != "version" or result.outcome != "failed":
        return result
    words = result.message.removeprefix(_FAILED)
    why = _of_version(words)
    if why is not None and words != result.message:
        why = reason("failed", why=why)
    return result.model_copy(update={"why": why})


def _of_version(words: str) -> Reason | None:
    if match := _MISSING.fullmatch(words):
        return reason("not-there", name=match["name"], asked=_asked(match["asked"]))
    if match := _OTHER.fullmatch(words):
        return reason("other-there", release=match["release"], asked=_asked(match["asked"]))
    if match := _MODULE.fullmatch(words):
        return reason(
            "module-says", module=match["module"], own=match["own"], installed=match["installed"]
        )
    return None


def _asked(text: str) -> str | Reason:
    return reason("any-version") if text == _ANY else text
