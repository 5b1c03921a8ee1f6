"""Reasons that more than one room gives."""

from __future__ import annotations

from stackproof.reasons.reason import Reason, reason

__all__ = ["quoted", "yanked"]


def quoted(words: str, *, of: str | None = None) -> Reason:
    """Return as a reason what others said, and of what, which is the same in every language."""
    said = reason("as-said", said=words)
    return said if of is None else reason("of-name", name=of, why=said)


def yanked(release: str, said: str | None) -> Reason:
    """Say that a release was yanked, and what the index says of why, where it says anything."""
    if said:
        return reason("yanked-because", release=release, said=said)
    return reason("yanked", release=release)
