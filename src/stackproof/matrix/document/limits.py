"""What constraint files say: it binds what is installed, and asks for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from packaging.specifiers import SpecifierSet

from stackproof.base.versions import overlap
from stackproof.matrix.document.stack import Install

__all__ = ["limited"]


def limited(
    installs: Sequence[Install], limits: Sequence[Install]
) -> tuple[tuple[Install, ...], tuple[str, ...]]:
    """Return what is asked for, held to the limits, and the limits about anything else.

    A limit with a marker of its own stays one: where it does not hold, it binds nothing. So does
    one that no release meets which is asked for: the installer is to refuse it.
    """
    held = list(installs)
    others: list[str] = []
    for limit in limits:
        places = [
            number
            for number, item in enumerate(held)
            if item.name == limit.name
            and limit.marker in (None, item.marker)
            and overlap(item.specifier, limit.specifier)
        ]
        for number in places:
            both = SpecifierSet(held[number].specifier) & SpecifierSet(limit.specifier)
            held[number] = replace(held[number], specifier=str(both))
        # A pin that its marker leaves out may come along all the same.
        bound = any(held[number].marker == limit.marker for number in places)
        if not bound and limit.specifier:
            marker = f"; {limit.marker}" if limit.marker else ""
            others.append(f"{limit.name}{limit.specifier}{marker}")
    return tuple(held), tuple(dict.fromkeys(others))
