"""Badges: one picture a row, and the JSON that badge services make one from."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from stackproof.base.records import to_json
from stackproof.evidence.verdict import Verdict
from stackproof.report.texts import Language, texts

__all__ = ["badge_json", "badge_svg"]

Standing = Literal["ok", "fixed", "known", "news", "unjudged"]

#: The names that badge services know, and what they stand for.
_COLOURS: dict[Standing, tuple[str, str]] = {
    "ok": ("brightgreen", "#2d7d34"),
    "fixed": ("yellowgreen", "#5f7a12"),
    "known": ("orange", "#b35900"),
    "news": ("red", "#b92534"),
    "unjudged": ("lightgrey", "#6a6f75"),
}
#: Widths of a letter at 11 pixels in the usual sans-serif fonts, and of a wide one (Korean).
_LETTER, _WIDE, _PADDING = 6.6, 11.5, 12


def badge_json(verdict: Verdict, lang: Language = "en") -> str:
    """Return what an endpoint of badge services answers (schema version 1)."""
    standing = _standing(verdict)
    return to_json(
        {
            "schemaVersion": 1,
            "label": f"{verdict.matrix}/{verdict.row}",
            "message": _message(verdict, standing, lang),
            "color": _COLOURS[standing][0],
        }
    )


def badge_svg(verdict: Verdict, lang: Language = "en") -> str:
    """Return the badge as a picture that needs nothing else."""
    standing = _standing(verdict)
    label, message = f"{verdict.matrix}/{verdict.row}", _message(verdict, standing, lang)
    return (
        _templates()
        .get_template("badge.svg")
        .render(
            label=label,
            message=message,
            left=_width(label),
            right=_width(message),
            colour=_COLOURS[standing][1],
        )
    )


def _standing(verdict: Verdict) -> Standing:
    if verdict.verdict == "unjudged":
        return "unjudged"
    if verdict.verdict == "broken":
        return "news" if verdict.news else "known"
    return "fixed" if verdict.news else "ok"


def _message(verdict: Verdict, standing: Standing, lang: Language) -> str:
    t = texts(lang)
    return t(f"badge.{standing}", passed=verdict.counts["passed"])


def _width(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return round(wide * _WIDE + (len(text) - wide) * _LETTER) + _PADDING


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("stackproof.report"), autoescape=True, undefined=StrictUndefined
    )
