"""The causes of failing checks as a timeline tells them, and in words what a failure says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from stackproof.base.times import timestamp
from stackproof.experiments.culprit import Culprit
from stackproof.experiments.diagnose.record import Blamed, Cause
from stackproof.experiments.diagnose.release_search import Turn
from stackproof.experiments.facts import Facts
from stackproof.experiments.found import Found
from stackproof.experiments.timeline.record import Break, CheckHistory, Timeline
from stackproof.experiments.tracebacks import telling_line
from stackproof.index.history import Releases
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.refusal import release_of
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words, sayable

__all__ = ["blamed", "cause_of", "causes_of", "said_by"]


def causes_of(timeline: Timeline, found: Found) -> Iterator[tuple[Cause, tuple[Culprit, ...]]]:
    """Yield the causes that a timeline confirms, each with its culprits; `found` is its later end.

    What a later release undid comes along without culprits: nothing need be done about it.
    """
    last: dict[tuple[Culprit, ...], list[tuple[CheckHistory, Break]]] = {}
    undone: dict[tuple[Culprit, ...], list[tuple[str, Break, str]]] = {}
    for history in timeline.checks:
        for turn in history.breaks:
            fixes = [item.since or item.good for item in history.fixes if item.good > turn.bad]
            if turn.confirmed and fixes:
                spell = (history.id, turn, min(fixes))
                undone.setdefault(turn.culprits, []).append(spell)
            elif turn.confirmed:
                last.setdefault(turn.culprits, []).append((history, turn))
    for culprits, turns in last.items():
        checks = tuple(history.id for history, _ in turns)
        said = _said_then(*turns[0], checks, found) or said_by(found, checks)
        yield _cause(culprits, checks, turns[0][1], said=said), culprits
    for culprits, spells in undone.items():
        checks = tuple(check for check, _, _ in spells)
        _, turn, until = spells[0]
        yield _cause(culprits, checks, turn, until=until), ()


def _said_then(
    history: CheckHistory, turn: Break, checks: tuple[str, ...], found: Found
) -> Reason | None:
    """Return what a check said as of the day of a turn, if it is not what it says now.

    Another fault may lie in front of it since.
    """
    then = next((item.why for item in history.asked if item.as_of == turn.bad), "")
    known = found.checks.get(history.id)
    if not then or known is None or telling_line(known.message) in then:
        return None
    return reason("checks-say", checks=checks, said=telling_line(then))


def cause_of(turn: Turn, releases: Releases, pins: Mapping[str, str]) -> Cause:
    """Return the cause that a release is which turns checks; `pins` are the row's, by version."""
    culprit = turn.culprit
    fact = Facts(releases, pins).why([culprit], turn.good.freeze, turn.bad.freeze)
    if turn.bad.refusal is not None:
        build = failed_build(turn.bad.refusal)
        fact = fact.then(reason("cannot-be-built", release=release_of(build)) if build else None)
    why = fact.then(said_by(turn.bad, turn.checks))
    return Cause(
        kind="build" if culprit.builds else "release",
        checks=turn.checks,
        culprit=_release(culprit),
        since=culprit.uploaded,
        confirmed=True,
        sentence=in_words(why),
        why=why,
    )


def _cause(
    culprits: Sequence[Culprit],
    checks: tuple[str, ...],
    turn: Break,
    *,
    until: str | None = None,
    said: Reason | None = None,
) -> Cause:
    of_builds = any(item.builds for item in culprits)
    newest = max(culprits, key=lambda item: item.uploaded or "")
    undone = reason("undone", when=until) if until else None
    why = sayable(turn.why, turn.reason).then(said, undone)
    return Cause(
        kind="build" if of_builds else "release",
        checks=checks,
        culprit=_release(newest),
        since=turn.since,
        until=until,
        confirmed=True,
        sentence=in_words(why),
        why=why,
    )


def _release(culprit: Culprit) -> Blamed | None:
    if culprit.after is None:
        return None
    return Blamed(name=culprit.name, version=culprit.after, uploaded=culprit.uploaded)


def blamed(releases: Releases, name: str, version: str | None) -> Blamed | None:
    """Return a release as a culprit; None where it has no version."""
    if version is None:
        return None
    uploaded = releases.uploaded(name, version)
    moment = timestamp(uploaded) if uploaded else None
    return Blamed(name=name, version=version, uploaded=moment)


def said_by(found: Found, checks: Sequence[str]) -> Reason:
    """Return the line of the first of some failing checks that says most, and the checks."""
    known = [found.checks[check] for check in checks if check in found.checks]
    lines = [line for check in known if (line := telling_line(check.message))]
    if not lines:
        return reason("checks", checks=tuple(checks))
    return reason("checks-say", checks=tuple(checks), said=lines[0])
