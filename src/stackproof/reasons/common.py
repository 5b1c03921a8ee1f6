"""Reasons that more than one room gives."""

from __future__ import annotations

from stackproof.reasons.reason import Reason, reason

__all__ = ["quoted", "yanked"]


def quoted(words: str) -> Reason:
    """Return as a reason what others said, which is the same in every language."""
    return reason("as-said", said=words)


def yanked(release: str, said: str | None) -> Reason:
    """Say that a release was yanked, and what the index says of why, where it says anything."""
    if said:
        return reason("yanked-because", release=release, said=said)
    return reason("yanked", release=release)
