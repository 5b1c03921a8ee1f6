"""Badges: the JSON that badge services make a picture of a row from.

https://shields.io/badges/endpoint-badge
"""

from __future__ import annotations

from typing import Literal

from stackproof.base.json_text import to_json
from stackproof.evidence.verdict import Verdict
from stackproof.report.texts import Language, texts

__all__ = ["badge_json"]

Standing = Literal["ok", "fixed", "known", "news", "soon", "unsteady", "unjudged"]

#: The colours, as badge services name them.
_COLOURS: dict[Standing, str] = {
    "ok": "brightgreen",
    "fixed": "yellowgreen",
    "known": "orange",
    "news": "red",
    "soon": "orange",
    "unsteady": "lightgrey",
    "unjudged": "lightgrey",
}


def badge_json(verdict: Verdict, lang: Language = "en") -> str:
    """Return what an endpoint of badge services answers (schema version 1)."""
    standing = _standing(verdict)
    return to_json(
        {
            "schemaVersion": 1,
            "label": f"{verdict.matrix}/{verdict.row}",
            "message": _message(verdict, standing, lang),
            "color": _COLOURS[standing],
        }
    )


def _standing(verdict: Verdict) -> Standing:
    if verdict.verdict in ("unsteady", "unjudged"):
        return verdict.verdict
    if verdict.verdict == "broken" and verdict.prereleases is not None and verdict.unexpected:
        return "soon"
    if verdict.verdict == "broken":
        return "news" if verdict.unexpected else "known"
    return "fixed" if verdict.unexpected else "ok"


def _message(verdict: Verdict, standing: Standing, lang: Language) -> str:
    t = texts(lang)
    return t(f"badge.{standing}", passed=verdict.counts["passed"])
