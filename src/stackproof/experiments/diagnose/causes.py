"""The causes of failing checks, of what builds and timelines say; for each culprit a bound."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from packaging.requirements import Requirement
from packaging.version import Version

from stackproof.base.text import first_of
from stackproof.base.times import timestamp
from stackproof.experiments.culprit import Culprit
from stackproof.experiments.diagnose.record import Blamed, Cause
from stackproof.experiments.diagnose.signs import missing_here, telling_line
from stackproof.experiments.found import Found
from stackproof.experiments.timeline.record import Break, Timeline
from stackproof.installers.refusal import Yank
from stackproof.matrix.checks import CheckId

__all__ = [
    "blamed",
    "bounds",
    "causes_of",
    "lacking_here",
    "merged",
    "overwritten",
    "said_by",
    "yanked",
]


_ZEROS = re.compile(r"(?<=\d)(?:\.0)+$")


def causes_of(timeline: Timeline, found: Found) -> Iterator[tuple[Cause, tuple[Culprit, ...]]]:
    """Yield the causes that a timeline confirms, each with its culprits; `found` is its later end.

    What a later release undid comes along without culprits: nothing need be done about it.
    """
    last: dict[tuple[Culprit, ...], list[tuple[str, Break]]] = {}
    undone: dict[tuple[Culprit, ...], list[tuple[str, Break, str]]] = {}
    for history in timeline.checks:
        for turn in history.breaks:
            fixes = [item.since or item.good for item in history.fixes if item.good > turn.bad]
            if turn.confirmed and fixes:
                spell = (history.id, turn, min(fixes))
                undone.setdefault(turn.culprits, []).append(spell)
            elif turn.confirmed:
                last.setdefault(turn.culprits, []).append((history.id, turn))
    for culprits, turns in last.items():
        checks = tuple(check for check, _ in turns)
        yield _cause(culprits, checks, turns[0][1], said=said_by(found, checks)), culprits
    for culprits, spells in undone.items():
        checks = tuple(check for check, _, _ in spells)
        _, turn, until = spells[0]
        yield _cause(culprits, checks, turn, until=until), ()


def _cause(
    culprits: Sequence[Culprit],
    checks: tuple[str, ...],
    turn: Break,
    *,
    until: str | None = None,
    said: str = "",
) -> Cause:
    of_builds = any(item.builds for item in culprits)
    newest = max(culprits, key=lambda item: item.uploaded or "")
    sentence = f"{turn.reason}; {said}" if said else turn.reason
    return Cause(
        kind="build" if of_builds else "release",
        checks=checks,
        culprit=_release(newest),
        since=turn.since,
        until=until,
        confirmed=True,
        sentence=f"{sentence}; undone {until}" if until else sentence,
    )


def _release(culprit: Culprit) -> Blamed | None:
    if culprit.after is None:
        return None
    return Blamed(name=culprit.name, version=culprit.after, uploaded=culprit.uploaded)


def blamed(name: str, version: str | None, uploaded: datetime | None) -> Blamed | None:
    """Return a release as a culprit; None where it has no version."""
    if version is None:
        return None
    moment = timestamp(uploaded) if uploaded else None
    return Blamed(name=name, version=version, uploaded=moment)


def overwritten(found: Found, *, confirmed: bool) -> Cause:
    """Return the cause that distributions of a build own the same files."""
    about = found.overwritten.about(found.freeze) if found.overwritten else ""
    return Cause(
        kind="overwrite",
        checks=tuple(check for check in found.failed if CheckId.parse(check).kind == "overwrite"),
        confirmed=confirmed,
        sentence=f"{about}; an environment has room for one of them",
    )


def yanked(
    item: Yank, uploaded: datetime | None, checks: Sequence[str], *, confirmed: bool
) -> Cause:
    """Return the cause that a release was yanked which alone would do."""
    reason = f" ({item.reason})" if item.reason else ""
    return Cause(
        kind="yank",
        checks=tuple(checks),
        culprit=blamed(item.name, item.version, uploaded),
        confirmed=confirmed,
        sentence=f"{item.name} {item.version} was yanked{reason}, and nothing else would do",
    )


def lacking_here(found: Found) -> Iterator[Cause]:
    """Yield a cause for each library that this machine lacks, with the checks that fail for it."""
    lacking: dict[str, list[str]] = {}
    for check in found.checks.values():
        if check.outcome == "failed" and (name := missing_here(check.message)):
            lacking.setdefault(name, []).append(check.id)
    for name, checks in lacking.items():
        yield Cause(
            kind="system",
            checks=tuple(checks),
            confirmed=True,
            sentence=f"this machine lacks {name}, which comes with the system and with no release",
        )


def said_by(found: Found, checks: Sequence[str]) -> str:
    """Return the line of the first of some failing checks that says most, and the checks."""
    known = [found.checks[check] for check in checks if check in found.checks]
    lines = [line for check in known if (line := telling_line(check.message))]
    return f"{first_of(list(checks))}: {lines[0]}" if lines else first_of(list(checks))


def _below(culprit: Culprit) -> str | None:
    """Return the bound that leaves a culprit's release out, such as `werkzeug<3`."""
    if culprit.after is None or culprit.after == culprit.before:
        return None
    public = Version(culprit.after).public
    # 3.0.0 and 3 are one version, and people write the shorter.
    return f"{culprit.name}<{_ZEROS.sub('', public)}"


def bounds(culprits: Iterable[Culprit]) -> tuple[str, ...]:
    """Return the lines that leave culprits out."""
    return tuple(dict.fromkeys(line for item in culprits if (line := _below(item))))


def merged(known: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """Return known lines and more; of two bounds of one name the later one counts."""
    lines = {Requirement(line).name: line for line in (*known, *more)}
    return tuple(lines.values())
