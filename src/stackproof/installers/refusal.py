"""Turn a resolver's account of why there is no solution into one sentence: who requires what."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet

from stackproof.base.versions import overlap
from stackproof.installers.failed_builds import FailedBuild, failed_build
from stackproof.reasons.common import yanked
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = [
    "Required",
    "Yank",
    "refusal",
    "release_of",
    "required",
    "sentence",
    "tells_facts",
    "wheelless",
    "yanks",
]

_NAME = r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?"
_ONE = r"[<>=!~]=?=?(?:[\w.*+!]*[\w*])"
_SPEC = rf"{_ONE}(?:, ?{_ONE})*"
_EXTRAS = r"(?:\[[\w,-]+\])?"
#: A marker that holds here; what is required under it is required.
_MARKER = r"(?:\{[^}]*\})?"
_FACT = re.compile(
    rf"(?P<who>{_NAME})(?P<who_extras>{_EXTRAS}){_MARKER}(?P<at>{_SPEC})? depends? on "
    rf"(?P<several>one of: )?(?P<what>{_NAME})(?P<extras>{_EXTRAS})(?P<marker>{_MARKER})"
    rf"(?P<range>{_SPEC})?"
    rf"(?P<others>(?: {_NAME}{_EXTRAS}(?:\{{[^}}]*\}}(?:{_SPEC})?|{_SPEC}))*)"
    rf"|there (?:is|are) no versions? of (?P<missing>{_NAME}){_MARKER}(?P<missing_at>{_SPEC})?"
    rf"|(?P<absent>{_NAME}){_MARKER} was not found in the package registry"
    rf"|(?P<yanked>{_NAME})(?P<yanked_at>{_SPEC})? (?:was|is) yanked"
    r"(?: \(reason: (?P<reason>.*?)\)(?= and |, |\.\s|\.?$| we can))?"
    rf"|(?P<wheelless>{_NAME})(?P<wheelless_at>{_SPEC})? (?:has|have) no (?:usable )?wheels"
    rf"|(?P<invalid>{_NAME})(?P<invalid_at>{_SPEC})? has invalid metadata"
)
#: What is wrong with it, and the line of it, before the marks below the place.
_INVALID = re.compile(
    r"Metadata for `(?P<name>[^`]+)` \(v(?P<version>[^)]+)\) could not be parsed: "
    r"(?P<why>.*?)(?= \^| hint: |$)"
)
_ROOTS = re.compile(r"you require (.*?)(?:, we can|\.\s|$)")
_ROOT = rf"{_NAME}{_EXTRAS}{_MARKER}(?:{_SPEC})?"
#: What is asked for, in a list or as alternatives; what is said of another is none of it.
_RANGES = re.compile(
    rf"you require (?:one of: (?P<one_of>{_ROOT}(?: {_ROOT})+)(?= And because |,|\.?\s*$)"
    rf"|(?P<all>{_ROOT}(?=[,.]?(?: |$))(?:(?:,|,? and) {_ROOT}(?=[,.]?(?: and | And |\s*$)))*))"
)
_RANGE = re.compile(rf"(?P<name>{_NAME})(?P<extras>{_EXTRAS}){_MARKER}(?P<range>{_SPEC})")
_PINNED = re.compile(rf"({_NAME})(?:{_EXTRAS})==([\w.+!]*\w)")
#: What the resolver derives from the facts before it: a sentence needs the facts alone.
#: What ends in a list ends without a full stop.
_CONCLUSION = re.compile(r"we can conclude that .*?(?:\.(?=\s|$)|(?= And because )|$)")
_MOST = 4
#: Facts by which nobody can have what is asked for.
_ABSENT = ("no-version", "not-in-index", "bad-metadata", "bad-metadata-because")


@dataclass(frozen=True)
class Required:
    """That versions `at` of `who` require a `range` of `what`; names are in lower case."""

    who: str
    at: str
    what: str
    range: str

    @property
    def by(self) -> str:
        """Who requires it, as a sentence has it: `alpha 1.0`, or `alpha>=1.0` for several."""
        return f"{self.who}{_at(self.at)}"


def required(words: str, *, derived: bool = False) -> tuple[Required, ...]:
    """Return the requirements that a resolver's account rests on, each once, in its order.

    With `derived`, those that it concludes from them too.
    """
    text = " ".join(words.replace("│", " ").split()) if derived else _premises(words)
    found = [
        Required(
            who=match["who"].lower(),
            at=(match["at"] or "").replace(", ", ","),
            what=match["what"].lower(),
            range=(match["range"] or "").replace(", ", ","),
        )
        for match in _FACT.finditer(text)
        if match["what"] and not match["several"]  # no one range says what several come to
    ]
    return tuple(dict.fromkeys(found))


def wheelless(words: str) -> dict[str, str]:
    """Return the distributions whose want of a wheel a resolver's account rests on.

    Each with the versions that lack one, as a specifier.
    """
    found = (match for match in _FACT.finditer(_premises(words)) if match["wheelless"])
    return {
        match["wheelless"].lower(): (match["wheelless_at"] or "").replace(", ", ",")
        for match in found
    }


@dataclass(frozen=True)
class Yank:
    """A yanked release of `name`; `reason` is the index's, "" where it gives none."""

    name: str
    version: str
    reason: str


def yanks(words: str) -> tuple[Yank, ...]:
    """Return the yanked releases that a resolver's account rests on, each version once."""
    found = [match for match in _FACT.finditer(_premises(words)) if match["yanked"]]
    exact = [match for match in found if (match["yanked_at"] or "").startswith("==")]
    return tuple(
        dict.fromkeys(
            Yank(
                name=match["yanked"].lower(),
                version=match["yanked_at"].removeprefix("=="),
                reason=match["reason"] or "",
            )
            for match in exact
        )
    )


def tells_facts(words: str) -> bool:
    """Tell whether a resolver's account holds anything that a sentence can be made of."""
    text = _premises(words)
    return _FACT.search(text) is not None or next(_contradicting(text), None) is not None


def sentence(words: str) -> str:
    """Return what the resolver's words come down to, without its derivation.

    Of several facts those count that speak of the same distribution: it is what they clash over.
    """
    return in_words(refusal(words))


def refusal(words: str) -> Reason:
    """Return as a record what the resolver's words come down to; see `sentence`."""
    if build := failed_build(words):
        if not build.why:
            return reason("build-fails-silent", release=release_of(build))
        return reason("build-fails", release=release_of(build), said=build.why)
    text = _premises(words)
    asked = _asked(text)
    pins = dict(asked)
    found = [(_about(match), _fact(match, pins)) for match in _FACT.finditer(text)]
    missing = {about for about, fact in found if fact.name in _ABSENT}
    found += [
        (name, reason("asked-for", release=f"{name} {version}"))
        for name, version in asked
        if name not in missing
    ]
    found += _contradicting(text)
    if not found:
        return reason("no-set")
    counts = Counter(about for about, _ in dict.fromkeys(found))
    clash = [fact for about, fact in found if counts[about] > 1]
    facts = list(dict.fromkeys(clash or [fact for _, fact in found]))
    if len(facts) > _MOST:
        facts = [*facts[:_MOST], reason("more-facts", number=len(facts) - _MOST)]
    return reason("refused", facts=tuple(facts))


def release_of(build: FailedBuild) -> str | Reason:
    """Return what failed to build, as far as that is known."""
    return build.shown if build.name else reason("a-release")


def _premises(words: str) -> str:
    """Return the account on one line, less what it derives from what stands before."""
    return _CONCLUSION.sub(" ", " ".join(words.replace("│", " ").split()))


def _about(match: re.Match[str]) -> str:
    """Return the distribution that a fact is about."""
    kinds = ("what", "missing", "absent", "yanked", "wheelless", "invalid")
    return next(match[kind] for kind in kinds if match[kind]).lower()


def _fact(match: re.Match[str], pins: Mapping[str, str]) -> Reason:
    if match["what"]:
        return _requirement(match, _named(match["who"], match["at"], pins, match["who_extras"]))
    if match["missing"]:
        return reason("no-version", release=f"{match['missing']}{_at(match['missing_at'])}")
    if match["absent"]:
        return reason("not-in-index", name=match["absent"])
    if match["yanked"]:
        return yanked(f"{match['yanked']}{_at(match['yanked_at'])}", match["reason"])
    if match["invalid"]:
        return _invalid(match, _named(match["invalid"], match["invalid_at"], pins))
    return reason("no-wheel", release=_named(match["wheelless"], match["wheelless_at"], pins))


def _invalid(match: re.Match[str], release: str) -> Reason:
    whys = {
        f"{one['name']} {one['version']}": one["why"] for one in _INVALID.finditer(match.string)
    }
    if release not in whys:
        return reason("bad-metadata", release=release)
    return reason("bad-metadata-because", release=release, said=whys[release])


def _requirement(match: re.Match[str], by: str) -> Reason:
    what: str | Reason = f"{match['what']}{match['extras']}{match['range'] or ''}"
    if match["marker"]:
        what = reason("under-marker", requirement=what, marker=match["marker"][1:-1])
    asked = (what, *match["others"].split(" ")[1:])
    if match["several"]:
        return reason("requires-one", by=by, requirements=asked)
    return reason("requires-all", by=by, requirements=asked)


def _named(name: str, specifier: str | None, pins: Mapping[str, str], extras: str = "") -> str:
    """Name the one version that is asked for, where the resolver speaks of many with it.

    How many it speaks of differs between its releases, and no user asked for the others.
    """
    version = pins.get(name.lower())
    at = specifier or ""
    if at.startswith("==") or not version:
        return f"{name}{extras}{_at(specifier)}"
    admitted = SpecifierSet(at).contains(version, prereleases=True)
    return f"{name}{extras} {version}" if admitted else f"{name}{extras}{at}"


def _asked(text: str) -> list[tuple[str, str]]:
    """Return the pins that are asked for, names in lower case; one may be asked for twice."""
    return [
        (name.lower(), version)
        for asked in _ROOTS.finditer(text)
        for name, version in _PINNED.findall(asked[1])
    ]


def _contradicting(text: str) -> Iterator[tuple[str, Reason]]:
    """Yield the ranges that are asked for and that a requirement, or another one, excludes.

    Each with the distribution that it is of, in lower case.
    """
    demands = [
        (match["what"].lower(), _alternatives(match[0].partition(" on ")[2]))
        for match in _FACT.finditer(text)
        if match["what"]
    ]
    roots = list(_asked_ranges(text))
    for number, (name, ranges, shown) in enumerate(roots):
        others = [(root, at) for place, (root, at, _) in enumerate(roots) if place != number]
        against = [theirs for what, theirs in (*demands, *others) if what == name]
        if any(_apart(ranges, theirs) for theirs in against) and not _is_pin(ranges):
            asked = reason("asked-for", release=shown[0])
            yield name, asked if len(shown) == 1 else reason("asked-for-one", releases=shown)


def _asked_ranges(text: str) -> Iterator[tuple[str, list[str], tuple[str, ...]]]:
    """Yield what is asked for in a range: the name, the ranges, and these as a sentence has them.

    Of several ranges one will do.
    """
    for asked in _RANGES.finditer(text):
        found = [
            (one["name"].lower(), one["range"], f"{one['name']}{one['extras']}{one['range']}")
            for one in _RANGE.finditer(asked["one_of"] or asked["all"])
        ]
        if asked["all"]:
            yield from ((name, [at], (shown,)) for name, at, shown in found)
        elif found:
            yield found[0][0], [at for _, at, _ in found], tuple(shown for *_, shown in found)


def _alternatives(required: str) -> list[str]:
    """Return the ranges of one requirement of which one will do."""
    return [match["range"] for match in _RANGE.finditer(required)] or [""]


def _apart(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    return not any(overlap(one, other) for one in ours for other in theirs)


def _is_pin(ranges: Sequence[str]) -> bool:
    """Tell whether it is one version: that is named among the pins."""
    return all(at.startswith("==") and "*" not in at and "," not in at for at in ranges)


def _at(specifier: str | None) -> str:
    if specifier is None:
        return ""
    return f" {specifier.removeprefix('==')}" if specifier.startswith("==") else specifier
