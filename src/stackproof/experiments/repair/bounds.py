"""Bounds that leave out releases which were seen to break a row: where a search of pins begins."""

from __future__ import annotations

from dataclasses import dataclass

from stackproof.reasons.reason import Reason

__all__ = ["Bound"]


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A range of a distribution, such as `<3`, and the version that a build was seen to have in it.

    `why` says what release it leaves out.
    """

    range: str
    version: str
    why: Reason
