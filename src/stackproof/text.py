"""Text that others wrote, made fit for any report."""

from __future__ import annotations

import re

__all__ = ["plain", "without_passwords"]

#: What a terminal acts on (ECMA-48 control sequences), such as a change of colour.
_CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
#: Characters that XML 1.0 cannot carry at all (section 2.2).
_NOT_XML = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
#: What an address has before its host: all up to its last @, for a password may hold one.
_LOGIN = re.compile(r"(?<=://)[^/?#\s'\"]+@")


def plain(text: str) -> str:
    """Return text without what a terminal would act on and what XML cannot carry."""
    return _NOT_XML.sub("", _CONTROL_SEQUENCE.sub("", text))


def without_passwords(text: str) -> str:
    """Return text whose addresses have neither user names nor passwords."""
    return _LOGIN.sub("", text)
