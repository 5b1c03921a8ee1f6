"""Turn a resolver's account of why there is no solution into one sentence: who requires what."""

from __future__ import annotations

import re
from collections import Counter

__all__ = ["sentence"]

_NAME = r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?"
_ONE = r"[<>=!~]=?=?(?:[\w.*+!]*[\w*])"
_SPEC = rf"{_ONE}(?:, ?{_ONE})*"
_FACT = re.compile(
    rf"(?P<who>{_NAME})(?:\[[\w,-]+\])?(?P<at>{_SPEC})? depends? on "
    rf"(?P<what>{_NAME})(?:\[[\w,-]+\])?(?P<range>{_SPEC})?"
    rf"|there (?:is|are) no versions? of (?P<missing>{_NAME})(?P<missing_at>{_SPEC})?"
    rf"|you require (?P<root>{_NAME})(?P<root_at>==[\w.+!]+)"
    rf"|(?P<wheelless>{_NAME})(?P<wheelless_at>==[\w.+!]+) has no (?:usable )?wheels"
)
#: What the resolver derives from the facts before it: a sentence needs the facts alone.
_CONCLUSION = re.compile(r"we can conclude that .*?(?:\.(?=\s|$)|$)")
_MOST = 4


def sentence(words: str) -> str:
    """Return what the resolver's words come down to, without its derivation.

    Of several facts those count that speak of the same distribution: it is what they clash over.
    """
    text = _CONCLUSION.sub(" ", " ".join(words.replace("│", " ").split()))
    found = {_subject(match): _fact(match) for match in _FACT.finditer(text)}
    if not found:
        return "the resolver found no set of versions that satisfies all requirements"
    counts = Counter(what for _, what in found)
    clash = [fact for (_, what), fact in found.items() if counts[what] > 1] or list(found.values())
    facts = list(dict.fromkeys(clash))
    if len(facts) > _MOST:
        facts = [*facts[:_MOST], f"{len(facts) - _MOST} more of that kind"]
    return " and ".join(filter(None, [", ".join(facts[:-1]), facts[-1]]))


def _subject(match: re.Match[str]) -> tuple[str, str]:
    """Return (who says it, what it is about)."""
    about = match["what"] or match["missing"] or match["root"] or match["wheelless"]
    return match[0], about.lower()


def _fact(match: re.Match[str]) -> str:
    if match["what"]:
        return f"{match['who']}{_at(match['at'])} requires {match['what']}{match['range'] or ''}"
    if match["missing"]:
        return f"there is no {match['missing']}{_at(match['missing_at'])}"
    if match["root"]:
        return f"{match['root']}{_at(match['root_at'])} is asked for"
    return f"{match['wheelless']}{_at(match['wheelless_at'])} has no wheel that fits"


def _at(specifier: str | None) -> str:
    if specifier is None:
        return ""
    return f" {specifier.removeprefix('==')}" if specifier.startswith("==") else specifier
