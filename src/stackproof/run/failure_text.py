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
    """Return the matrix's reason for a failure, or the first line of its message, in a language.

    Of a stage it is what the installer said, too.
    """
    return check.reason or _first_line(in_words(_why(check), language))


def one_line(check: Check) -> Reason:
    """Return the same as a record."""
    if check.reason is not None:
        return quoted(check.reason)
    why = _why(check)
    words = in_words(why)
    first = _first_line(words)
    return why if first == words else quoted(first)


def _why(check: Check) -> Reason:
    if check.why is not None:
        return check.why
    if check.kind != "stage":
        return quoted(check.message)
    head, why = headline(check.message), cause(check.message)
    return reason("of-name", name=head, why=why) if in_words(why) else head


def _first_line(words: str) -> str:
    lines = (line.strip() for line in words.splitlines())
    return next(filter(None, lines), "")
