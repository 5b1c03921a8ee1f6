"""The view of one row: its line on top, its failures, its stages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import NamedTuple, get_args

from stackproof.evidence.check import Check, State, by_root
from stackproof.evidence.claims import ClaimState
from stackproof.evidence.history.entry import HistoryEntry
from stackproof.evidence.history.slower import OverBudget, Slower, takes_more
from stackproof.evidence.reports import InRow, InRun
from stackproof.experiments.diagnose.record import Diagnosis
from stackproof.experiments.frontier.record import Frontier
from stackproof.experiments.repair.record import Repair
from stackproof.experiments.timeline.record import Timeline
from stackproof.matrix.planned import PlannedStage
from stackproof.reasons.words import said
from stackproof.report.site.excerpt import Allowance
from stackproof.report.site.links import Links
from stackproof.report.site.proofs import ClaimView, PinView, log_of, pin_views
from stackproof.report.site.reports_reader import KeptRow, ReportsReader
from stackproof.report.site.swimlanes import LaneView, lane_views
from stackproof.report.site.trend import Trend, since, trend
from stackproof.report.texts import Language

__all__ = ["FailureView", "Move", "RowView", "RowViews", "StageView"]


@dataclass(frozen=True, kw_only=True)
class FailureView:
    """A check that fails, or that no longer does: the log lines that matter, and the whole log.

    `others` fail only because of it. `again` is what it said when it was asked again, if it was.
    """

    check: Check
    others: tuple[Check, ...]
    lines: str
    again: str
    log: str | None


class Move(NamedTuple):
    """A distribution that a stage moved; `after` is None where it was removed."""

    name: str
    before: str | None
    after: str | None
    is_pin: bool


@dataclass(frozen=True, kw_only=True)
class StageView:
    """One installer call; `share` is its time as a part of the longest one's."""

    name: str
    step: str
    requirements: str
    seconds: float
    share: float
    failed: bool
    added: dict[str, str | None]
    moved: tuple[Move, ...]
    log: str | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RowView:
    """Everything that the page says of one row; `since` is when it came into its state.

    `anchor` is where links within the page find it: no other id has a slash, but those of the row's
    own parts, which begin with it.
    """

    kept: KeptRow
    anchor: str
    since: datetime
    failures: tuple[FailureView, ...]
    claims: tuple[ClaimView, ...]
    pins: tuple[PinView, ...]
    stages: tuple[StageView, ...]
    files: dict[str, str]
    trend: Trend | None
    costs: tuple[Slower | OverBudget, ...]
    diagnosis: Diagnosis | None
    timeline: Timeline | None
    lanes: tuple[LaneView, ...]
    repair: Repair | None
    frontier: Frontier | None

    @property
    def tally(self) -> Mapping[ClaimState, int]:
        """How many claims of the document came out in which way."""
        claims = (*self.claims, *chain.from_iterable(pin.claims for pin in self.pins))
        found = Counter(claim.standing for claim in claims)
        return {name: found[name] for name in get_args(ClaimState) if found[name]}


#: What is worth opening beside the logs of single checks.
_FILES = (
    InRun.REPORT,
    InRun.SUITE_LOG,
    InRun.PIP_CHECK_LOG,
    InRun.FREEZE,
    InRun.JUNIT,
    InRun.VERDICT,
)
_FAILING: tuple[State, ...] = ("new", "unsteady", "fixed", "known")


@dataclass(frozen=True, kw_only=True)
class RowViews:
    """What every row's view needs beside the row's own evidence."""

    reader: ReportsReader
    history: Mapping[str, Sequence[HistoryEntry]]
    allowance: Allowance
    lang: Language

    def view(self, kept: KeptRow) -> RowView:
        """Return the view of a row."""
        links = Links(self.reader.reports)
        order = self.reader.pin_order(kept.plan.matrix)
        audit = self.reader.audit(kept.plan.matrix)
        claims, pins = pin_views(kept, order, audit, links, self.lang)
        addresses = {name: links.to(kept.evidence.folder / name) for name in _FILES}
        dated = kept.verdict.as_of is not None
        # Runs of an earlier day's index tell nothing of today's, nor the other way round.
        entries = [
            entry for entry in self.history.get(kept.name, ()) if (entry.as_of is not None) == dated
        ]
        timeline, lanes = self._timeline(kept)
        return RowView(
            kept=kept,
            anchor=kept.name,
            since=since(kept.verdict.verdict, kept.verdict.started, entries),
            failures=tuple(_failures(kept, self.allowance, links, self.lang)),
            claims=tuple(claims),
            pins=tuple(pins),
            stages=tuple(_stages(kept, links)),
            files={name: address for name, address in addresses.items() if address},
            trend=trend(entries) if entries else None,
            costs=takes_more(entries, kept.plan.matrix, kept.plan.row).every,
            diagnosis=self.reader.diagnosis(kept),
            timeline=timeline,
            lanes=lanes,
            repair=self.reader.repair(kept),
            frontier=self.reader.frontier(kept),
        )

    def _timeline(self, kept: KeptRow) -> tuple[Timeline | None, tuple[LaneView, ...]]:
        timeline = self.reader.timeline(kept)
        try:
            return timeline, tuple(lane_views(timeline) if timeline else ())
        except ValueError as error:
            self.reader.note(kept.home / InRow.TIMELINE, error)
            return None, ()


def _failures(
    kept: KeptRow, allowance: Allowance, links: Links, lang: Language
) -> Iterator[FailureView]:
    """Yield what fails for itself, the unexpected first, with what fails because of it."""
    for check, others in chain.from_iterable(
        by_root(kept.verdict.in_state(state)) for state in _FAILING
    ):
        lines = allowance.quote(said(check.why, check.message, lang))
        log = links.to(log_of(kept, check.id))
        second = check.again
        again = allowance.quote(said(second.why, second.message, lang)) if second else ""
        yield FailureView(check=check, others=tuple(others), lines=lines, again=again, log=log)


def _stages(kept: KeptRow, links: Links) -> Iterator[StageView]:
    planned = {stage.name: stage for stage in kept.plan.stages}
    pins = {pin.name for pin in kept.plan.pins}
    longest = max((stage.seconds for stage in kept.stages), default=0.0) or 1.0
    for stage in kept.stages:
        plan = planned.get(stage.name)
        moves = [Move(name, *change, name in pins) for name, change in stage.drift.moved.items()]
        yield StageView(
            name=stage.name,
            step=plan.step if plan else "",
            requirements=" ".join(plan.requirements if plan else ()),
            seconds=stage.seconds,
            share=stage.seconds / longest,
            failed=stage.failure is not None,
            added={name: after for name, (_, after) in stage.drift.added.items()},
            moved=tuple(sorted(moves, key=lambda move: (not move.is_pin, move.name))),
            log=links.to(kept.evidence.folder / stage.log),
            reasons=tuple(_reasons(plan)) if plan else (),
        )


def _reasons(stage: PlannedStage) -> Iterator[str]:
    """Yield why the row has a stage that the document has not, and each requirement of it."""
    if stage.reason is not None:
        yield stage.reason
    for name, reason in stage.reasons.items():
        yield f"{name}: {reason}"
