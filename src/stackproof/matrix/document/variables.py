"""Fill in variables, by the forms that a shell and the instructions of a Dockerfile share."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["filled_in"]

#: `$NAME`, `${NAME}`, and `${NAME:-word}` with its kin, whose word may hold a variable too.
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?:(:?)([-+])((?:[^{}]|\$\{[^{}]*\})*))?\}|([A-Za-z_]\w*))")


def filled_in(text: str, variables: Mapping[str, str]) -> str:
    """Return a text with its variables filled in; one that is not known stays as it is written."""

    def value(match: re.Match[str]) -> str:
        name, colon, sign, word = match[1] or match[5], match[2], match[3], match[4]
        known = variables.get(name)
        if sign is None:
            return match[0] if known is None else known
        is_set = bool(known) if colon else known is not None
        if sign == "-":
            return known if known is not None and is_set else filled_in(word, variables)
        return filled_in(word, variables) if is_set else ""

    return _VARIABLE.sub(value, text)
