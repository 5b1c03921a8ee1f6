"""What a policy says of all that a row installs: licences, and what is known to be unsafe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from stackproof.errors import CannotJudgeError
from stackproof.index.advisories.source import AdvisorySource
from stackproof.metadata.audit import licence, vulnerable
from stackproof.metadata.audit.gathering import Gatherer
from stackproof.metadata.audit.record import Finding
from stackproof.metadata.audit.sequential import Walk
from stackproof.metadata.audit.subject import Source, Subject
from stackproof.reasons.common import quoted
from stackproof.reasons.reason import Reason

__all__ = ["Policed", "sources_of", "under_policy"]


@dataclass(frozen=True, kw_only=True)
class Policed:
    """What the policy says of a row; `trouble` is what could not be told, `notes` who was asked."""

    findings: tuple[Finding, ...] = ()
    trouble: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()


def sources_of(rows: list[Source], root: Path) -> dict[str, AdvisorySource]:
    """Return the source of advisories of each matrix that names one."""
    places = {row.plan.matrix: row.matrix.policy.advisories for row in rows}
    return {name: AdvisorySource(place=place, root=root) for name, place in places.items() if place}


def under_policy(
    row: Subject, way: Walk, gatherer: Gatherer, sources: Mapping[str, AdvisorySource]
) -> Policed:
    """Judge all that the stages leave by the policy of the row's matrix, as far as it has one."""
    source, rules = sources.get(row.plan.matrix), []
    if row.matrix.policy.licences:
        rules.append(partial(_licences, row, way, gatherer))
    if source is not None:
        rules.append(partial(_unsafe, row, way, gatherer, source))
    said = [_told(row, rule) for rule in rules]
    return Policed(
        findings=tuple(item for one in said for item in one.findings),
        trouble=tuple(item for one in said for item in one.trouble),
        notes=tuple(item for one in said for item in one.notes),
    )


def _told(row: Subject, rule: Callable[[], Policed]) -> Policed:
    """Return what a rule says, or that it could not say anything: that is no leave."""
    try:
        return rule()
    except CannotJudgeError as error:
        return Policed(trouble=(quoted(str(error), of=f"{row.plan.matrix}/{row.plan.row}"),))


def _licences(row: Subject, way: Walk, gatherer: Gatherer) -> Policed:
    return Policed(findings=tuple(licence.check(row, way, partial(gatherer.metadata_of, row))))


def _unsafe(row: Subject, way: Walk, gatherer: Gatherer, source: AdvisorySource) -> Policed:
    answer = source.ask(way.final)
    found = vulnerable.check(row, way, answer.found, partial(gatherer.project, row))
    return Policed(findings=tuple(found), notes=(answer.said,))
