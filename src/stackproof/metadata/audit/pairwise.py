"""What the metadata of each two pins says of the two together: a cell for each pair, with why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TypeAlias

from packaging.specifiers import SpecifierSet

from stackproof.base.versions import overlap, satisfies
from stackproof.matrix.checks import CheckId
from stackproof.metadata.audit.exists import never_released
from stackproof.metadata.audit.record import Finding, PairAnswer, PairState
from stackproof.metadata.audit.subject import PinFacts, Subject
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["Pairs", "check", "pairs"]

Pairs: TypeAlias = dict[str, dict[str, PairAnswer]]

#: Normal name of a requirement, and the range that a pin admits of it.
_Requires: TypeAlias = Mapping[str, str]


def pairs(subject: Subject) -> Pairs:
    """Return the cell of each pin and each other, both ways round."""
    requires = {name: _requires(subject, pin) for name, pin in subject.pins.items()}
    table: Pairs = {
        name: {name: _answer("itself", reason("same-pin", pin=str(pin)))}
        for name, pin in subject.pins.items()
    }
    for first, second in combinations(subject.pins.values(), 2):
        cell = _cell(first, second, requires[first.name], requires[second.name])
        table[first.name][second.name] = table[second.name][first.name] = cell
    return table


def check(subject: Subject, table: Pairs) -> Iterator[Finding]:
    """Yield an error for each two pins in conflict, at the pin that refuses the other."""
    for first, second in combinations(subject.pins, 2):
        cell = table[first][second]
        if cell.state == "conflict" and cell.why is not None:
            checks = tuple(CheckId("pip-check", name) for name in cell.requiring)
            yield subject.finding(
                "pairwise", "error", cell.why, pin=cell.requiring[0], checks=checks
            )


def _requires(subject: Subject, pin: PinFacts) -> _Requires | None:
    """Return what a pin requires; several lines for one name become one range."""
    if pin.metadata is None:
        return None
    ranges: dict[str, SpecifierSet] = defaultdict(SpecifierSet)
    for name, requirement in pin.metadata.requirements(subject.target.markers, pin.planned.extras):
        ranges[name] &= requirement.specifier
    return {name: str(specifier) for name, specifier in ranges.items()}


def _cell(
    first: PinFacts, second: PinFacts, ours: _Requires | None, theirs: _Requires | None
) -> PairAnswer:
    direct = [
        *_direct(first, second, ours or {}),
        *_direct(second, first, theirs or {}),
    ]
    shared = sorted((ours or {}).keys() & (theirs or {}).keys())
    apart = [name for name in shared if not overlap((ours or {})[name], (theirs or {})[name])]
    for cell in direct:
        if cell.state != "satisfied":
            return cell
    if apart and ours and theirs:
        return _conflict(first, second, apart[0], ours[apart[0]], theirs[apart[0]])
    for pin, known in ((first, ours), (second, theirs)):
        if known is None:
            return _answer("unknown", _unknown(pin))
    if direct:
        return direct[0]
    return _common(first, second, shared)


def _direct(one: PinFacts, other: PinFacts, requires: _Requires) -> Iterator[PairAnswer]:
    specifier = requires.get(other.name)
    if specifier is None:
        return
    asked, requirement = other.planned.asked, f"{other.name}{specifier}"
    if satisfies(asked, specifier) if other.exact else overlap(specifier, asked):
        yield _answer("satisfied", _met(str(one), other.name, specifier, asked))
    else:
        why = reason("requires-other", pin=str(one), requirement=requirement, asked=asked)
        yield _answer(
            "conflict" if one.exact else "unknown",
            why.then(_others(one)),
            (one.name,) if one.exact else (),
        )


def _met(pin: str, name: str, specifier: str, asked: str) -> Reason:
    if not specifier:
        return reason("requires-any", pin=pin, name=name)
    if not asked:
        return reason("requires-some", pin=pin, requirement=f"{name}{specifier}")
    return reason("requires-met", pin=pin, requirement=f"{name}{specifier}", asked=asked)


def _conflict(first: PinFacts, second: PinFacts, name: str, ours: str, theirs: str) -> PairAnswer:
    exact = first.exact and second.exact
    why = reason(
        "ranges-apart",
        first=str(first),
        ours=f"{name}{ours}",
        second=str(second),
        theirs=f"{name}{theirs}",
    )
    return _answer(
        "conflict" if exact else "unknown",
        why.then(_others(first, second)),
        (first.name, second.name) if exact else (),
    )


def _others(*pins: PinFacts) -> Reason | None:
    """Say which pins have other releases to choose from, of which nothing follows."""
    loose = tuple(str(pin.planned) for pin in pins if not pin.exact)
    return reason("may-admit", pins=loose) if loose else None


def _unknown(pin: PinFacts) -> Reason:
    if pin.release is None:
        return reason("unknown-since", why=never_released(pin))
    return reason("no-metadata", pin=str(pin))


def _common(first: PinFacts, second: PinFacts, shared: list[str]) -> PairAnswer:
    if not shared:
        return _answer("unrelated", reason("unrelated", first=first.name, second=second.name))
    why = reason("both-require", first=str(first), second=str(second), names=tuple(shared))
    return _answer("common range", why)


def _answer(state: PairState, why: Reason, requiring: tuple[str, ...] = ()) -> PairAnswer:
    return PairAnswer(state=state, reason=in_words(why), why=why, requiring=requiring)
