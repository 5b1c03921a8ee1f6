"""Which release broke a row: what the search over time found, or else what is left to suspect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from stackproof.base.records import Record
from stackproof.base.times import timestamp
from stackproof.evidence.history.changes import Changes
from stackproof.evidence.reports import InRow
from stackproof.experiments.timeline.record import CheckHistory, Timeline

__all__ = ["Culprit", "find_culprits"]


class Culprit(Record):
    """A distribution that broke checks on its way from one version to another, and how one knows.

    `uploaded` is when the version it has now came out, where that is known; `confirmed` says that
    a build with this move alone was seen to break them.
    """

    checks: tuple[str, ...]
    name: str
    before: str | None
    after: str | None
    uploaded: str | None
    confirmed: bool
    reason: str


def find_culprits(home: Path, changes: Changes) -> tuple[Culprit, ...]:
    """Return the releases to blame for the checks that broke, as far as they are known.

    `home` is the folder of the row, where a timeline may lie. Without one, a distribution is to
    blame if it is the one thing that changed.
    """
    broken = tuple(check for check, (_, state) in changes.checks.items() if state == "new")
    lanes = {lane.id: lane for lane in _timeline(home)} if broken else {}
    known = [lanes[check] for check in broken if check in lanes]
    found = [item for lane in known for item in _searched(lane, changes.since_started)]
    return _together(found) or tuple(_by_exclusion(broken, changes))


def _together(found: Iterable[Culprit]) -> tuple[Culprit, ...]:
    """Return each release once, with all the checks that it broke."""
    releases: dict[Culprit, list[str]] = {}
    for item in found:
        releases.setdefault(item.model_copy(update={"checks": ()}), []).extend(item.checks)
    return tuple(
        item.model_copy(update={"checks": tuple(checks)}) for item, checks in releases.items()
    )


def _searched(lane: CheckHistory, since: datetime) -> Iterator[Culprit]:
    """Yield the culprits of the last turn to the bad that a check took after `since`."""
    breaks = [item for item in lane.breaks if item.bad > timestamp(since)]
    for item in sorted(breaks, key=lambda item: item.bad)[-1:]:
        for culprit in item.culprits:
            yield Culprit(
                checks=(lane.id,),
                name=culprit.name,
                before=culprit.before,
                after=culprit.after,
                uploaded=culprit.uploaded,
                confirmed=item.confirmed,
                reason=item.reason,
            )


def _timeline(home: Path) -> tuple[CheckHistory, ...]:
    timeline = Timeline.load_or_none(home / InRow.TIMELINE)
    return timeline.checks if timeline else ()


def _by_exclusion(broken: tuple[str, ...], changes: Changes) -> Iterator[Culprit]:
    if not broken or len(changes.moved) != 1 or changes.circumstances or not changes.complete:
        return
    ((name, (before, after)),) = changes.moved.items()
    yield Culprit(
        checks=broken,
        name=name,
        before=before,
        after=after,
        uploaded=None,
        confirmed=False,
        reason="nothing else is different since the last run as expected",
    )
