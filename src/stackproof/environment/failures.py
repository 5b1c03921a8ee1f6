"""Tell apart why an installer failed: the stack refused to be installed, or something else did.

A stage that cannot be resolved or built is a verdict on the stack. An index that does not answer,
a full disk or a killed process is none. Neither installer's exit code says enough, so its words
are read; what is not known to be a refusal is never counted as one.
"""

from __future__ import annotations

import re
from typing import Literal

from stackproof.process import Finished

__all__ = ["FailureKind", "classify", "explain"]

FailureKind = Literal["refused", "index", "disk", "stopped", "unknown"]

_DISK = re.compile(r"No space left on device|Disk quota exceeded")
_INDEX = re.compile(
    r"error sending request for url|Failed to fetch|Request failed after \d+ retries|error decoding"
    r" response body|connection broken by|Could not fetch URL|Connection to \S+ timed out"
    r"|ReadTimeoutError|NewConnectionError|HTTP error \d+|Server Error for url",
)
_CUT_OFF = re.compile(
    r"missing an upload date|does not provide upload-time|upload-time metadata", re.IGNORECASE
)
_REFUSED = re.compile(
    r"No solution found when resolving|ResolutionImpossible|No matching distribution found"
    r"|Failed to build|Failed building wheel|subprocess-exited-with-error"
    r"|metadata-generation-failed|requires a different Python|is not a supported wheel",
)
_WORDS = {
    "refused": "cannot be installed as documented",
    "index": "the package index did not answer as one",
    "disk": "the disk is full",
    "stopped": "the installer was stopped",
    "unknown": "the installer failed for a reason that is not known to lie in the stack",
}


def classify(log: str, finished: Finished) -> FailureKind:
    """Return why an installer call that did not succeed failed, by its log and its end."""
    if _DISK.search(log):
        return "disk"
    if finished.timed_out or finished.exit < 0:
        return "stopped"
    if _INDEX.search(log) or _CUT_OFF.search(log):
        return "index"
    return "refused" if _REFUSED.search(log) else "unknown"


def explain(kind: FailureKind, log: str, finished: Finished) -> str:
    """Return one message: what kind of failure it was, then the installer's own last words."""
    head = finished.describe() if kind == "stopped" else _WORDS[kind]
    return f"{head}\n{_last_words(log)}".rstrip()


def _last_words(log: str, lines: int = 15) -> str:
    """Return the installer's error from where it begins, or else its last lines."""
    text = log.rstrip().splitlines()
    begin = next(
        (number for number, line in enumerate(text) if re.match(r"(error|ERROR)\b", line)),
        max(0, len(text) - lines),
    )
    return "\n".join(text[begin : begin + lines])
