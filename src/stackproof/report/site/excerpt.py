"""The few lines of a log that matter."""

from __future__ import annotations

import re

from stackproof.base.text import plain

__all__ = ["Allowance", "excerpt", "first_line"]

_LINES = 12
_WIDTH = 300
#: Of a line that stands for a whole text.
_BRIEF = 120
_OMITTED = "…"
_TELLING = re.compile(
    r"error|exception|fail|require|depend|conflict|incompatible|cannot|could not|no solution|"
    r"not found|signal|timed? ?out",
    re.IGNORECASE,
)


def first_line(text: str) -> str:
    """Return how a text begins, as one line."""
    lines = (line.strip() for line in plain(text).splitlines())
    return next((_cut(line, _BRIEF) for line in lines if line), "")


def excerpt(text: str, lines: int = _LINES) -> str:
    """Return at most `lines` lines of what a check said, with `…` where lines were left out.

    The first line and the last are kept, then those that speak of an error, the later the better;
    `lines` is two or more.
    """
    every = [_cut(line.rstrip()) for line in plain(text).splitlines() if line.strip()]
    if len(every) <= lines:
        return "\n".join(every)
    last = len(every) - 1
    telling = [number for number in range(1, last) if _TELLING.search(every[number])]
    others = [number for number in range(last - 1, 0, -1) if number not in set(telling)]
    kept = sorted([0, last, *[*reversed(telling), *others][: lines - 2]])
    shown: list[str] = []
    for before, number in zip([-1, *kept], kept, strict=False):
        if number > before + 1:
            shown.append(_OMITTED)
        shown.append(every[number])
    return "\n".join(shown)


class Allowance:
    """How many characters of logs a page may still quote; what comes first is quoted in full."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def quote(self, text: str) -> str:
        """Return an excerpt of a text, or only its first line once the allowance is used up."""
        quoted = excerpt(text)
        if len(quoted) > self._left:
            quoted = first_line(text)
        self._left = max(0, self._left - len(quoted))
        return quoted


def _cut(line: str, width: int = _WIDTH) -> str:
    return line if len(line) <= width else line[: width - 1] + _OMITTED
