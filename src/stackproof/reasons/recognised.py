"""Tell of which reason some English words are, where only words were written down."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from string import Formatter

from stackproof.reasons.reason import Reason
from stackproof.reasons.words import sentences

__all__ = ["recognised"]


def recognised(words: str, among: Iterable[Reason]) -> Reason | None:
    """Return the first of some reasons whose sentence the words are, None where they are none's.

    The fields of these are patterns of what may stand there, those of the answer what does.
    """
    for why in among:
        if match := _pattern(why.name, *sorted(why.fields.items())).fullmatch(words):
            return Reason(name=why.name, fields=dict(match.groupdict()))
    return None


@cache
def _pattern(name: str, *fields: tuple[str, object]) -> re.Pattern[str]:
    said, patterns = sentences()["sentence"][name]["en"], dict(fields)
    parts = Formatter().parse(said)
    return re.compile(
        "".join(
            re.escape(text) + (f"(?P<{field}>{patterns[field]})" if field else "")
            for text, field, *_ in parts
        )
    )
