"""What is known of a failed check, in one line."""

from __future__ import annotations

from stackproof.base.languages import Language
from stackproof.evidence.verdict import Check
from stackproof.installers.failures import cause, headline
from stackproof.reasons.common import quoted
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words, said, sayable

__all__ = ["in_one_line", "one_line"]


def in_one_line(check: Check, language: Language = "en") -> str:
    """Return the matrix's reason for a failure, or the first line of its message, in a language.

    Of a stage it is what the installer said, too.
    """
    if check.reason is not None:
        return check.reason
    return _first_line(said(_why(check), _words(check), language))


def one_line(check: Check) -> Reason:
    """Return the same as a record."""
    if check.reason is not None:
        return quoted(check.reason)
    words = _words(check)
    first = _first_line(words)
    return sayable(_why(check), words) if first == words else quoted(first)


def _why(check: Check) -> Reason:
    return _of_stage(check) if _is_stages_own(check) else check.why or quoted(check.message)


def _words(check: Check) -> str:
    """Return the English of the same, as it was written down."""
    return in_words(_of_stage(check)) if _is_stages_own(check) else check.message


def _is_stages_own(check: Check) -> bool:
    return check.kind == "stage" and check.why is None


def _of_stage(check: Check) -> Reason:
    head, why = headline(check.message), cause(check.message)
    return reason("of-name", name=head, why=why) if in_words(why) else head


def _first_line(words: str) -> str:
    lines = (line.strip() for line in words.splitlines())
    return next(filter(None, lines), "")
