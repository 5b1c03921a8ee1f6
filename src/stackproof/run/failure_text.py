"""What is known of a failed check, in one line."""

from __future__ import annotations

from stackproof.evidence.verdict import Check
from stackproof.installers.failures import cause
from stackproof.reasons.words import in_words

__all__ = ["in_one_line"]


def in_one_line(check: Check) -> str:
    """Return the matrix's reason for a failure, or the first line of its message.

    Of a stage it is what the installer said, too.
    """
    if check.reason is not None:
        return check.reason
    lines = (line.strip() for line in check.message.splitlines())
    first = next(filter(None, lines), "")
    why = in_words(cause(check.message)) if check.kind == "stage" else ""
    return f"{first}: {why}" if why else first
