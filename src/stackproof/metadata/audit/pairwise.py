"""What the metadata of each two pins says of the two together: a cell for each pair, with why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TypeAlias

from packaging.specifiers import SpecifierSet

from stackproof.base.text import first_of
from stackproof.base.versions import overlap, satisfies
from stackproof.matrix.checks import CheckId
from stackproof.metadata.audit.exists import never_released
from stackproof.metadata.audit.record import Finding, PairAnswer
from stackproof.metadata.audit.subject import PinFacts, Subject

__all__ = ["Pairs", "check", "pairs"]

Pairs: TypeAlias = dict[str, dict[str, PairAnswer]]

#: Normal name of a requirement, and the range that a pin admits of it.
_Requires: TypeAlias = Mapping[str, str]


def pairs(subject: Subject) -> Pairs:
    """Return the cell of each pin and each other, both ways round."""
    requires = {name: _requires(subject, pin) for name, pin in subject.pins.items()}
    table: Pairs = {
        name: {name: PairAnswer(state="itself", reason=f"{pin} is one and the same")}
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
        if cell.state == "conflict":
            checks = tuple(CheckId("pip-check", name) for name in cell.requiring)
            yield subject.finding(
                "pairwise", "error", cell.reason, pin=cell.requiring[0], checks=checks
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
            return PairAnswer(state="unknown", reason=_unknown(pin))
    if direct:
        return direct[0]
    return _common(first, second, shared)


def _direct(one: PinFacts, other: PinFacts, requires: _Requires) -> Iterator[PairAnswer]:
    specifier = requires.get(other.name)
    if specifier is None:
        return
    asked = other.planned.asked
    if satisfies(asked, specifier) if other.exact else overlap(specifier, asked):
        which = f"{other.name}{specifier}, which admits {asked or 'some release'}"
        if not specifier:
            which = f"{other.name} in any version"
        yield PairAnswer(state="satisfied", reason=f"{one} requires {which}")
    else:
        yield PairAnswer(
            state="conflict" if one.exact else "unknown",
            requiring=(one.name,) if one.exact else (),
            reason=f"{one} requires {other.name}{specifier}, and it is pinned to {asked}"
            f"{_others(one)}",
        )


def _conflict(first: PinFacts, second: PinFacts, name: str, ours: str, theirs: str) -> PairAnswer:
    exact = first.exact and second.exact
    return PairAnswer(
        state="conflict" if exact else "unknown",
        requiring=(first.name, second.name) if exact else (),
        reason=f"{first} requires {name}{ours} and {second} requires {name}{theirs}, and no "
        f"version is in both ranges{_others(first, second)}",
    )


def _others(*pins: PinFacts) -> str:
    """Say which pins have other releases to choose from, of which nothing follows."""
    loose = [str(pin.planned) for pin in pins if not pin.exact]
    return f"; {' and '.join(loose)} may admit a release that does not" if loose else ""


def _unknown(pin: PinFacts) -> str:
    if pin.release is None:
        return f"{never_released(pin)}, so nobody knows what it would require"
    return f"the index offers no metadata of {pin}, so what it requires is not known"


def _common(first: PinFacts, second: PinFacts, shared: list[str]) -> PairAnswer:
    if not shared:
        return PairAnswer(
            state="unrelated",
            reason=f"{first.name} and {second.name} require neither each other nor one thing",
        )
    return PairAnswer(
        state="common range",
        reason=f"{first} and {second} both require {first_of(shared)}, in ranges that overlap",
    )
