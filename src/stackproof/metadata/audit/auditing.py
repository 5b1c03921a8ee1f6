"""Audit rows of matrices: gather what indexes and constraint files say, then apply every rule."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from stackproof.base.text import first_of, without_credentials
from stackproof.errors import CannotJudgeError, StackproofError
from stackproof.evidence.claims import ClaimAnswer
from stackproof.evidence.layout import Project
from stackproof.index.advisories.source import AdvisorySource
from stackproof.index.client import PATIENCE, IndexClient
from stackproof.index.constraints.facts import ConstraintFacts, ConstraintFinder
from stackproof.index.core_metadata import CoreMetadata
from stackproof.index.target import Target
from stackproof.installers.interpreters import find_target
from stackproof.installers.known import DEFAULT
from stackproof.installers.planning import make_plan
from stackproof.installers.resolver import Resolver
from stackproof.matrix.load import load_matrix
from stackproof.matrix.plan import Plan
from stackproof.matrix.row_pins import marker_notes
from stackproof.metadata.audit import (
    combined,
    constraints,
    exists,
    expiry,
    freshness,
    groups,
    pairwise,
    platforms,
    python_support,
)
from stackproof.metadata.audit.claims import check as judge_claims
from stackproof.metadata.audit.expected import uncompared
from stackproof.metadata.audit.gathering import Gatherer
from stackproof.metadata.audit.lines import Lines
from stackproof.metadata.audit.pins import pin_answers
from stackproof.metadata.audit.policy import sources_of, under_policy
from stackproof.metadata.audit.record import Audit, Finding, IndexAnswer, JointAnswer
from stackproof.metadata.audit.sequential import walk
from stackproof.metadata.audit.subject import Source, Subject
from stackproof.reasons.common import quoted
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["Place", "audit"]

_ROWS_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an audit takes place: the project, and the cache folder.

    `seconds` are an index's limits for connecting and for answering.
    """

    project: Project
    cache: Path
    seconds: tuple[float, float] = PATIENCE


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """What the rules say of one row."""

    findings: tuple[Finding, ...]
    pairs: pairwise.Pairs
    claims: tuple[ClaimAnswer, ...]


@dataclass(frozen=True, kw_only=True)
class _Resolved:
    """What comes of resolving one row; `final` is what its stages leave, if they come to an end.

    `subject` is the row with its pins at the releases that they leave.
    """

    subject: Subject
    findings: tuple[Finding, ...] = ()
    answer: JointAnswer | None = None
    trouble: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()
    final: Mapping[str, str] = field(default_factory=dict)


def audit(
    rows: list[tuple[Path, str]],
    place: Place,
    document: tuple[Finding, ...] = (),
    elsewhere: tuple[str, ...] = (),
    as_of: datetime | None = None,
) -> Audit:
    """Audit rows, each named by its matrix file and its name; `document` adds findings.

    The platforms `elsewhere` are looked at in place of those that the matrices name. `as_of` is the
    moment whose index the rows are judged by, in place of their own cut-offs.

    Raises MatrixError for a matrix that cannot be used, CannotJudgeError if nothing can be judged,
    since there is no index. A row that alone cannot be judged is trouble of the audit.
    """
    started, begin = datetime.now(timezone.utc), time.monotonic()
    index = DEFAULT.default_index(place.project.environ)
    with IndexClient(place.cache, seconds=place.seconds, stand_ins=True) as client:
        memory = client.memory
        memory.forget_old()
        gatherer = Gatherer(client, memory, index, started.date())
        sources = _sources(rows, place, as_of)
        gatherer.choose_indexes(sources)
        subjects = gatherer.subjects(sources)
        resolver = Resolver(
            client=client, index=index, environ=place.project.environ, offline=client.down(index)
        )
        unsafe = sources_of(sources, place.project.root)
        with ThreadPoolExecutor(_ROWS_AT_ONCE) as pool:
            resolved = [
                pool.submit(_resolve, item, resolver, gatherer, unsafe) for item in subjects
            ]
            looks = [
                [pool.submit(_look, item, name, resolver, gatherer) for name in named]
                for item in subjects
                for named in (elsewhere or item.matrix.platforms,)
            ]
            judged = [_judge(item) for item in subjects]
            joints = [item.result() for item in resolved]
            looked = [[item.result() for item in row] for row in looks]
        stale = client.stale
    findings = [finding for one in judged for finding in one.findings]
    findings += [finding for joint in joints for finding in joint.findings]
    asked = dict.fromkeys(note for joint in joints for note in joint.notes)
    there = [
        [item.beside(joint.final) for item in row if isinstance(item, platforms.There)]
        for joint, row in zip(joints, looked, strict=True)
    ]
    for joint, found in zip(joints, there, strict=True):
        findings += platforms.check(joint.subject, found, joint.answer)
        findings += freshness.check(joint.subject)
    trouble = (
        *gatherer.trouble,
        *(item for joint in joints for item in joint.trouble),
        *(item for row in looked for item in row if isinstance(item, Reason)),
        *uncompared(findings),
    )
    return Audit(
        started=started,
        as_of=as_of,
        seconds=round(time.monotonic() - begin, 3),
        index=IndexAnswer(url=without_credentials(index), cached_since=stale),
        notes=(*client.notes, *_stand_ins(sources), *_left_out(sources), *gatherer.notes, *asked),
        trouble=tuple(map(in_words, trouble)),
        whys=trouble,
        findings=tuple(sorted([*findings, *document], key=_order)),
        pins=tuple(pin for joint in joints for pin in pin_answers(joint.subject)),
        joint=tuple(joint.answer for joint in joints if joint.answer),
        platforms=tuple(item.answer for found in there for item in found),
        claims=tuple(claim for one in judged for claim in one.claims),
        pairs={
            f"{subject.plan.matrix}/{subject.plan.row}": one.pairs
            for subject, one in zip(subjects, judged, strict=True)
        },
    )


def _sources(rows: list[tuple[Path, str]], place: Place, as_of: datetime | None) -> list[Source]:
    matrices = {file: (load_matrix(file), Lines.of(file)) for file in dict(rows)}
    targets: dict[str, Target] = {}
    finder = ConstraintFinder(place.project.snapshots, place.project.environ)
    found: list[Source] = []
    for file, row in rows:
        matrix, lines = matrices[file]
        plan = make_plan(matrix, name=file.stem, row=row, as_of=as_of)
        if plan.python not in targets:
            targets[plan.python] = find_target(plan.python, place.project.environ)
        constraints, lacking = _constraints(plan, finder, targets[plan.python])
        found.append(
            Source(
                matrix=matrix,
                plan=plan,
                file=_shown(file, place.project.root),
                lines=lines,
                target=targets[plan.python],
                constraints=constraints,
                lacking=lacking,
                as_of=as_of,
            )
        )
    return found


def _stand_ins(sources: list[Source]) -> tuple[str, ...]:
    """Say which interpreters are not here: what tells patches of one apart is then not known."""
    missing = {source.target.full: source.target for source in sources if not source.target.found}
    return tuple(
        f"Python {target.python} is not on this machine; its rows are judged as on {full}"
        for full, target in sorted(missing.items())
    )


def _left_out(sources: list[Source]) -> Iterator[str]:
    """Yield what there is to say of the markers of pins, and of which rows."""
    rows: dict[str, list[str]] = {}
    for source in sources:
        plan = source.plan
        for note in marker_notes(source.matrix, plan.row, plan.python):
            rows.setdefault(note, []).append(f"{plan.matrix}/{plan.row}")
    for note, names in rows.items():
        yield f"{first_of(names)}: {note}"


def _constraints(
    plan: Plan, finder: ConstraintFinder, target: Target
) -> tuple[tuple[ConstraintFacts, ...], str]:
    """Return a row's constraint files, or none and why: other rows can be judged all the same."""
    try:
        return finder.facts(plan, target.markers), ""
    except CannotJudgeError as error:
        return (), str(error)


def _shown(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name


def _judge(subject: Subject) -> _Judged:
    table = pairwise.pairs(subject)
    findings = [
        *exists.check(subject),
        *python_support.check(subject),
        *constraints.check(subject),
        *pairwise.check(subject, table),
        *groups.check(subject, table),
        *expiry.check(subject),
    ]
    return _Judged(
        findings=tuple(findings),
        pairs=table,
        claims=tuple(judge_claims(subject, table)),
    )


def _resolve(
    subject: Subject, resolver: Resolver, gatherer: Gatherer, unsafe: Mapping[str, AdvisorySource]
) -> _Resolved:
    """Return what comes of resolving a row; `unsafe` are sources of advisories, by matrix."""
    row = f"{subject.plan.matrix}/{subject.plan.row}"
    if subject.lacking:
        return _Resolved(subject=subject, trouble=(quoted(subject.lacking, of=row),))
    try:
        subject.plan.require_past()
        way = walk(subject, resolver, gatherer.serves)
        further = tuple(url for url in gatherer.serves.values() if url)
        outcome = combined.together(subject, resolver, way, further)
        combined.require_builds(subject, outcome)
        final = {} if way.refused else way.final
        asked = combined.needed(way) | subject.others_of(final)
        known = gatherer.metadata_of(subject, asked)
    except CannotJudgeError as error:
        return _Resolved(subject=subject, trouble=(quoted(str(error), of=row),))

    def lookup(name: str, version: str) -> CoreMetadata | None:
        return known.get((name, version))

    answer = combined.answer(subject, outcome, lookup)
    policed = under_policy(subject, way, gatherer, unsafe)
    return _Resolved(
        subject=subject.installed(final, known),
        findings=(*combined.check(subject, answer, outcome, lookup), *policed.findings),
        answer=answer,
        trouble=policed.trouble,
        notes=policed.notes,
        final=final,
    )


def _look(
    subject: Subject, platform: str, resolver: Resolver, gatherer: Gatherer
) -> platforms.There | Reason | None:
    """Return what would come of a row on a platform, or why that cannot be judged.

    That may be because it installs nothing there. None where the row itself says why it cannot be.
    """
    if subject.lacking:
        return None
    try:
        return platforms.ask(subject, platform, resolver, gatherer)
    except StackproofError as error:
        row = f"{subject.plan.matrix}/{subject.plan.row}"
        on = reason("row-on", row=row, platform=platform)
        return reason("of-name", name=on, why=quoted(str(error)))


def _order(finding: Finding) -> tuple[object, ...]:
    levels = ("error", "warning", "note")
    return (
        finding.file,
        levels.index(finding.level),
        finding.line,
        finding.rule,
        finding.row or "",
        finding.message,
    )
