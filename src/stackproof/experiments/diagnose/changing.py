"""Change one pin: the least change with which all passes, in place of what would be added."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.version import Version

from stackproof.base.versions import admits
from stackproof.experiments.diagnose.blame import blamed_pins, through
from stackproof.experiments.diagnose.causes import blamed, said_by
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.nearest import Nearest
from stackproof.experiments.diagnose.record import Cause, Instead
from stackproof.experiments.found import Found
from stackproof.experiments.timeline.guiding import named_in
from stackproof.matrix.checks import ALL, CheckId
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words

__all__ = ["failing_changed", "neighbour_changed", "raised"]

_VERSION = re.compile(r"(?<![\w.])\d+(?:\.\d+)+(?:[a-z]+\d+)?(?![\w.]*\d)")
#: How many pins are changed in turn.
_PINS = 3
#: How many builds may fail in vain for each, or where there is a fix already.
_TRIALS = 4


def raised(inquiry: Inquiry, start: Found) -> None:
    """Find the nearest later release of the pin that fails with which nothing need be added.

    `start` is what the row did as it stands. Where several pins fail there is no such one; those
    whose releases broke it do not fail themselves.
    """
    checks = inquiry.failing(start)
    broke = {cause.culprit.name for cause in inquiry.causes if cause.culprit is not None}
    pins = [pin for pin in blamed_pins(inquiry, start, checks) if pin not in broke]
    asked = inquiry.planner.at(inquiry.moment).asked
    if len(pins) != 1 or not checks or inquiry.fix.removed:
        return
    planner = replace(inquiry.planner, lines=(), options=())
    nearest = Nearest(
        inquiry=inquiry,
        planner=planner,
        checks=checks,
        wheels=start.refusal is not None,
        trials=_TRIALS,
    )
    version = nearest.later(pins[0], start.freeze.get(pins[0], asked[pins[0]]))
    if version is not None:
        inquiry.instead.append(Instead(pin=pins[0], version=version, confirmed=True))


def neighbour_changed(inquiry: Inquiry, found: Found) -> bool:
    """Change a pin that what fails requires, and its failure speaks of or goes through.

    Tell whether that repairs the row.
    """
    checks = inquiry.failing(found)
    failing = _failing(found, checks)
    required = {
        name
        for owner in failing
        if owner in found.freeze
        for name, _ in inquiry.releases.requires(owner, found.freeze[owner])
    }
    named = [*named_in(_words(found, checks), sorted(required)), *failing]
    return _changed(inquiry, found, checks, [name for name in named if name in required])


def failing_changed(inquiry: Inquiry, found: Found) -> bool:
    """Change a pin whose own code fails; tell whether that repairs the row."""
    checks = inquiry.failing(found)
    failing = _failing(found, checks) or blamed_pins(inquiry, found, checks)
    return _changed(inquiry, found, checks, failing)


def _changed(
    inquiry: Inquiry,
    found: Found,
    checks: Sequence[str],
    names: Sequence[str],
) -> bool:
    """Change one pin after another, to later releases before earlier ones, until one repairs."""
    asked = inquiry.planner.at(inquiry.moment).asked
    likely = _VERSION.findall(_words(found, checks))
    for pin in [name for name in dict.fromkeys(names) if name in asked][:_PINS]:
        held = found.freeze.get(pin, asked[pin])
        nearest = Nearest(
            inquiry=inquiry,
            planner=inquiry.planner,
            checks=checks,
            wheels=found.refusal is not None,
            trials=_TRIALS,
        )
        version = nearest.later(pin, held, likely) or nearest.earlier(pin, held)
        if version is not None:
            inquiry.causes.append(_cause(inquiry, found, checks, pin, version))
            lines, constraints = inquiry.planner.lines, inquiry.constraints
            added = bool(lines or constraints)
            change = Instead(pin=pin, version=version, confirmed=True, together=added)
            inquiry.instead.append(change)
            if added:
                inquiry.fix = inquiry.fix.model_copy(
                    update={"requirements": lines, "build_constraints": constraints}
                )
            return True
    return False


def _failing(found: Found, checks: Sequence[str]) -> list[str]:
    """Return the distributions that failures of checks go through, the deepest first."""
    single = [check for check in checks if CheckId.parse(check).subject != ALL]
    return list(dict.fromkeys(name for check in single for name in through(found, check)))


def _words(found: Found, checks: Sequence[str]) -> str:
    return " ".join(found.checks[check].message for check in checks if check in found.checks)


def _cause(inquiry: Inquiry, found: Found, checks: Sequence[str], pin: str, version: str) -> Cause:
    """Return the cause that a change of a pin shows."""
    held = found.freeze.get(pin, version)
    asking = next(_asking(inquiry, found, checks, pin), None)
    raises = Version(version) > Version(held)
    why = reason("fails-here", release=f"{pin} {held}", version=version)
    if asking is not None:
        asks = reason("asks-for", by=f"{asking.who} {asking.at}", requirement=asking.text)
        why = asks.then(reason("fails-with", before=held, after=version))
    why = why.then(said_by(found, checks))
    name = asking.who if asking is not None and raises else pin
    return Cause(
        kind="floor" if asking is not None and raises else "release",
        checks=tuple(checks),
        culprit=blamed(inquiry.releases, name, found.freeze.get(name)),
        confirmed=True,
        sentence=in_words(why),
        why=why,
    )


@dataclass(frozen=True)
class _Asking:
    """A distribution that requires a pin, in words."""

    who: str
    at: str
    text: str


def _asking(inquiry: Inquiry, found: Found, checks: Sequence[str], pin: str) -> Iterator[_Asking]:
    """Yield who of those that fail requires a pin, and admits the version that it has."""
    for owner in _failing(found, checks):
        at = found.freeze.get(owner)
        for name, asked in inquiry.releases.requires(owner, at) if at else ():
            if name == pin and admits(asked, found.freeze.get(pin, "0")):
                yield _Asking(owner, at or "", f"{asked.name}{asked.specifier}")
