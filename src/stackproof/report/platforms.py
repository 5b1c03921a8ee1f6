"""What an audit says of other platforms: a line for each row, a column for each platform."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from stackproof.base.text import first_of
from stackproof.metadata.audit.record import Audit, PlatformAnswer
from stackproof.reasons.words import said
from stackproof.report.texts import Texts

__all__ = ["PlatformState", "Platforms", "in_words", "platforms"]

#: Of both ways of resolving a row, or of the one that is refused alone.
PlatformState = Literal["resolved", "refused", "together", "stages", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Platforms:
    """The table: `names` of its columns, and each row's cells, "" where a row was not asked.

    `reasons` are what keeps rows from platforms, each with the cells that it is the reason of.
    """

    names: tuple[str, ...]
    rows: dict[str, tuple[str, ...]]
    reasons: dict[str, tuple[str, ...]]


def platforms(audit: Audit, t: Texts) -> Platforms:
    """Return the table of an audit in a language; empty where no platform was looked at."""
    names = tuple(dict.fromkeys(item.platform for item in audit.platforms))
    found: dict[str, dict[str, str]] = {}
    reasons: dict[str, list[str]] = {}
    for item in audit.platforms:
        row = f"{item.matrix}/{item.row}"
        found.setdefault(row, {})[item.platform] = in_words(item, t)
        if item.reason:
            why = said(item.why, item.reason, t.language)
            reasons.setdefault(why, []).append(f"{row}, {item.platform}")
    return Platforms(
        names=names,
        rows={row: tuple(cells.get(name, "") for name in names) for row, cells in found.items()},
        reasons={reason: tuple(where) for reason, where in reasons.items()},
    )


def in_words(answer: PlatformAnswer, t: Texts) -> str:
    """Say in a few words what would come of a row on a platform."""
    return ", ".join(_words(answer, t))


def _words(answer: PlatformAnswer, t: Texts) -> Iterator[str]:
    if answer.lacking:
        yield t("platforms.lacking", pins=first_of(answer.lacking, 2))
    else:
        yield t(f"platforms.{_state(answer)}")
    if answer.built:
        yield t("platforms.built", number=len(answer.built))
    if answer.differs:
        yield t("platforms.differs", number=len(answer.differs))


def _state(answer: PlatformAnswer) -> PlatformState:
    """Return how both ways of resolving a row came out; what is refused counts for more."""
    if "refused" not in (answer.together, answer.stages):
        known = (answer.together, answer.stages) == ("resolved", "resolved")
        return "resolved" if known else "unknown"
    if answer.together == answer.stages:
        return "refused"
    return "together" if answer.together == "refused" else "stages"
