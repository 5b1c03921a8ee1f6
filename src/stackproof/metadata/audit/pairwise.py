"""What the metadata of each two pins says of the two together: a cell for each pair, with why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TypeAlias

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from stackproof.base.versions import admits, overlap, satisfies
from stackproof.installers.complaints import Complaint
from stackproof.matrix.checks import CheckId
from stackproof.metadata.audit.exists import never_released
from stackproof.metadata.audit.expected import Messages
from stackproof.metadata.audit.record import Finding, PairAnswer, PairState
from stackproof.metadata.audit.subject import PinFacts, Subject
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["Pairs", "check", "complaints", "felt", "pairs"]

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
            checks = felt(subject, (first, second), cell)
            yield subject.finding(
                "pairwise",
                "error",
                cell.why,
                pin=cell.requiring[0],
                checks=checks,
                messages=complaints(subject, (first, second), cell),
            )


def felt(subject: Subject, pair: tuple[str, str], cell: PairAnswer) -> tuple[CheckId, ...]:
    """Return the checks that fail by a conflict of two pins.

    A stage that asks for both is refused, so a run comes to no complaint.
    """
    both = [stage.name for stage in subject.plan.stages if {*pair} <= {*stage.pins}]
    complain = (CheckId("pip-check", name) for name in cell.requiring)
    return (*(CheckId("stage", name) for name in both), *complain)


def complaints(subject: Subject, pair: tuple[str, str], cell: PairAnswer) -> Messages:
    """Return what `pip check` will complain of where two pins are in conflict."""
    sides = dict(zip(cell.requiring, ("ours", "theirs"), strict=False))
    if len(sides) > 1 and cell.why is not None:
        # Which version they meet at is the resolver's choice.
        return {
            CheckId("pip-check", name): [
                _complaint(subject.pins[name], Requirement(str(cell.why.fields[side])), None)
            ]
            for name, side in sides.items()
        }
    (name,) = sides
    by = subject.pins[name]
    other = subject.pins[next(item for item in pair if item != name)]
    there = other.version if other.exact else None
    return {
        CheckId("pip-check", name): [
            _complaint(by, requirement, there)
            for required, requirement in _required(subject, by)
            if required == other.name and not (there and admits(requirement, there))
        ]
    }


def _complaint(by: PinFacts, requirement: Requirement, version: str | None) -> Complaint:
    return Complaint(by=by.name, at=by.version, requirement=requirement, version=version)


def _required(subject: Subject, pin: PinFacts) -> Iterator[tuple[str, Requirement]]:
    if pin.metadata is not None:
        yield from pin.metadata.requirements(subject.target.markers, pin.planned.extras)


def _requires(subject: Subject, pin: PinFacts) -> _Requires | None:
    """Return what a pin requires; several lines for one name become one range."""
    if pin.metadata is None:
        return None
    ranges: dict[str, SpecifierSet] = defaultdict(SpecifierSet)
    for name, requirement in _required(subject, pin):
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
