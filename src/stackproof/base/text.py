"""Text that others wrote, made fit for any report."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

__all__ = [
    "MOST_CHARACTERS",
    "bounded",
    "count",
    "first_of",
    "free_name",
    "near",
    "nearest",
    "plain",
    "plain_value",
    "without_credentials",
]

#: The most that is kept of what one command or check said, so that evidence has a bound.
MOST_CHARACTERS = 1 << 18
_ROOM_FOR_THE_CUT = 100

#: What a terminal acts on (ECMA-48 control sequences), such as a change of colour.
_CONTROL_SEQUENCE = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]")
#: Characters that XML 1.0 cannot carry (section 2.2), and the control characters that it can.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\x7E\xA0-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
#: What makes text read in another order than it is written in (UAX #9, explicit directions).
_BIDI = re.compile(r"[\u202A-\u202E\u2066-\u2069]")
#: What an address has before its host: all up to its last @, for a password may hold one.
_LOGIN = re.compile(r"(?<=://)[^/?#\s]+@")


def bounded(text: str) -> str:
    """Return text of at most `MOST_CHARACTERS`: its beginning, what was cut, and its end.

    The suite has the same in `stack_suite/output.py`, for what it writes into its report log.
    """
    if len(text) <= MOST_CHARACTERS:
        return text
    half = (MOST_CHARACTERS - _ROOM_FOR_THE_CUT) // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters were cut ...]\n{text[-half:]}"


def plain(text: str) -> str:
    """Return text without what a terminal acts on or turns round, and what XML cannot carry."""
    return _BIDI.sub("", _NOT_XML.sub("", _CONTROL_SEQUENCE.sub("", text)))


def plain_value(value: object) -> object:
    """Return what a template prints, text of others made plain: the `finalize` of every one."""
    return plain(value) if type(value) is str else value


def without_credentials(text: str) -> str:
    """Return an address, or text with addresses, without user names and passwords."""
    return _LOGIN.sub("", text)


def count(number: int, thing: str) -> str:
    """Say a number of things in words."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def first_of(items: Sequence[str], most: int = 3) -> str:
    """Say the first of some items, and how many more there are; "" for none."""
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more} more" if more > 0 else "")


def free_name(name: str, taken: Collection[str]) -> str:
    """Return a name that is not taken: itself, or with the first free number from 2 on."""
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    return next(text for text in itertools.chain([name], numbered) if text not in taken)


def near(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names nearest to `name`, if any is near."""
    return get_close_matches(name, list(known), n=3, cutoff=0.6)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the known names nearest to `name`."""
    if close := near(name, known):
        return f"did you mean {' or '.join(repr(item) for item in close)}?"
    return f"there are {', '.join(sorted(known)) or 'none'}"
