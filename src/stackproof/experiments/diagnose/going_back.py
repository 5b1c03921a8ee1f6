"""Going back: a release years older than what there is, taken since newer ones clash with a pin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from packaging.utils import canonicalize_name
from packaging.version import Version

from stackproof.base.versions import is_version
from stackproof.experiments.diagnose.blame import through
from stackproof.experiments.diagnose.causes import blamed, said_by
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.nearest import Nearest
from stackproof.experiments.diagnose.record import Cause, Instead
from stackproof.experiments.found import Found
from stackproof.index.releases import Release
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.refusal import required
from stackproof.installers.resolver import Refused
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words

__all__ = ["not_gone_back"]

#: How much older than the newest release one is that nobody would have chosen.
_GAP = timedelta(days=2 * 365)
#: How many releases, the newest of a minor version each, are asked for in its place.
_STEPS = 8


@dataclass(frozen=True, kw_only=True)
class _Old:
    """A release that was chosen, and those that might have been, the newest first."""

    name: str
    version: str
    newer: Sequence[Release]


def not_gone_back(inquiry: Inquiry, found: Found) -> Found:
    """Hold what a resolver went back on at a newer release, if more checks pass then.

    Where nothing stands in the way of that it is a floor; else the pin that does has to change.
    """
    for old in _old(inquiry, found):
        floor = _floor(inquiry, old)
        if floor is not None:
            planner = replace(inquiry.planner, lines=(*inquiry.planner.lines, floor))
            better = inquiry.ask(planner)
            if len(better.failed) < len(found.failed):
                inquiry.causes.append(_cause(inquiry, found, old))
                inquiry.planner = planner
                return better
        elif _changed(inquiry, found, old):
            return found
    return found


def _old(inquiry: Inquiry, found: Found) -> Iterator[_Old]:
    """Yield what the failures go through and is years older than its newest release."""
    asked = inquiry.planner.at(inquiry.moment).asked
    failing = inquiry.failing(found)
    names = dict.fromkeys(name for check in failing for name in through(found, check))
    held: Mapping[str, str] = {name: found.freeze[name] for name in names if name in found.freeze}
    build = failed_build(found.refusal or "")
    if build is not None and build.version is not None:
        held = {build.name: build.version}
    for name, version in held.items():
        wanted = asked.get(name, "")
        if is_version(wanted):
            continue
        newer = [
            item
            for item in inquiry.releases.offered(name, wanted, inquiry.moment)
            if item.version > Version(version) and not item.version.is_prerelease
        ]
        uploaded = inquiry.releases.uploaded(name, version)
        newest = newer[0].uploaded if newer else None
        if uploaded is not None and newest is not None and newest - uploaded > _GAP:
            yield _Old(name=name, version=version, newer=newer)


def _floor(inquiry: Inquiry, old: _Old) -> str | None:
    """Return the highest floor with which the row can be resolved, if there is one."""
    minors: dict[tuple[int, ...], Version] = {}
    for item in old.newer:
        minors.setdefault(item.version.release[:2], item.version)
    for version in list(minors.values())[:_STEPS]:
        line = f"{old.name}>={version}"
        planner = replace(inquiry.planner, lines=(*inquiry.planner.lines, line))
        if isinstance(inquiry.resolved(planner), dict):
            return line
    return None


def _forcing(inquiry: Inquiry, old: _Old) -> tuple[str, str] | None:
    """Return the pin that newer releases do not go with, and the version that they do go with."""
    line = f"{old.name}=={old.newer[0].version}"
    planner = replace(inquiry.planner, lines=(*inquiry.planner.lines, line))
    answer = inquiry.resolved(planner)
    if not isinstance(answer, Refused):
        return None
    asked = inquiry.planner.at(inquiry.moment).asked
    facts = required(answer.words, derived=True)
    wanted = [canonicalize_name(it.what) for it in facts if canonicalize_name(it.who) == old.name]
    for pin in (name for name in wanted if name in asked):
        freed = inquiry.resolved(planner, {pin: ""})
        if isinstance(freed, dict) and pin in freed:
            return pin, freed[pin].version
    return None


def _changed(inquiry: Inquiry, found: Found, old: _Old) -> bool:
    """Change the pin that forces an old release, or else take a release beyond its range."""
    forcing = _forcing(inquiry, old)
    if forcing is None:
        return False
    pin, version = forcing
    checks = inquiry.failing(found)
    nearest = Nearest(inquiry=inquiry, planner=inquiry.planner, checks=checks)
    if not nearest.passes_whole(pin, version):
        beyond = old.name in inquiry.planner.at(inquiry.moment).asked
        later = nearest.later(old.name, str(old.newer[0].version)) if beyond else None
        if later is None:
            return False
        pin, version = old.name, later
    inquiry.causes.append(_cause(inquiry, found, old, forced_by=forcing[0]))
    inquiry.instead.append(Instead(pin=pin, version=version, confirmed=True))
    return True


def _cause(inquiry: Inquiry, found: Found, old: _Old, forced_by: str | None = None) -> Cause:
    checks = tuple(inquiry.failing(found))
    newest, release = str(old.newer[0].version), f"{old.name} {old.version}"
    went = reason("went-back", release=release, years=_years(inquiry, old), newest=newest)
    if forced_by is not None:
        held = found.freeze.get(forced_by)
        by = f"{forced_by} {held}" if held else reason("as-pinned", name=forced_by)
        went = reason("forced-back", why=went, by=by)
    why = went.then(said_by(found, checks))
    return Cause(
        kind="backtrack",
        checks=checks,
        culprit=blamed(inquiry.releases, old.name, old.version),
        confirmed=True,
        sentence=in_words(why),
        why=why,
    )


def _years(inquiry: Inquiry, old: _Old) -> int:
    uploaded, newest = inquiry.releases.uploaded(old.name, old.version), old.newer[0].uploaded
    days = (newest - uploaded).days if uploaded and newest else 0
    return round(days / 365)
