"""What is known of a failed check, in one line."""

from __future__ import annotations

from stackproof.base.languages import Language
from stackproof.evidence.verdict import Check
from stackproof.installers.failures import cause, headline
from stackproof.reasons.common import quoted
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["in_one_line", "one_line"]


def in_one_line(check: Check, language: Language = "en") -> str:
    """Return in a language what `one_line` says."""
    return in_words(one_line(check), language)


def one_line(check: Check) -> Reason:
    """Return the matrix's reason for a failure, or the first line of its message.

    Of a stage it is what the installer said, too.
    """
    if check.reason is not None:
        return quoted(check.reason)
    if check.why is not None:
        return check.why
    if check.kind == "stage":
        head, why = headline(check.message), cause(check.message)
        return reason("of-name", name=head, why=why) if in_words(why) else head
    lines = (line.strip() for line in check.message.splitlines())
    return quoted(next(filter(None, lines), ""))
