"""Make a grid: choose its axes, judge its cells, compare it with a published one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import product
from pathlib import Path
from threading import Event

from packaging.requirements import Requirement

from stackproof.base.json_text import fingerprint
from stackproof.base.text import without_credentials
from stackproof.base.times import timestamp
from stackproof.base.versions import name_of
from stackproof.errors import CannotJudgeError
from stackproof.index.client import IndexClient
from stackproof.index.target import Target
from stackproof.installers.resolver import Resolver
from stackproof.matrix.markers import holds
from stackproof.matrix.plan import Plan
from stackproof.metadata.grid.axes import AxisRequest, choose_axis
from stackproof.metadata.grid.engine import Engine
from stackproof.metadata.grid.facts import IndexFacts
from stackproof.metadata.grid.journal import Journal
from stackproof.metadata.grid.metadata import MetadataJudge
from stackproof.metadata.grid.record import Axis, Cell, Difference, Grid, Sampling, State, Versions
from stackproof.metadata.grid.resolution import ResolutionJudge

__all__ = ["GridContext", "Question", "ask_axes", "compare", "held_by", "make_grid"]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of two axes: where, as of when, and beside which requirements."""

    axes: tuple[Axis, Axis]
    target: Target
    as_of: datetime | None
    held: tuple[str, ...] = ()
    row: str | None = None
    further: tuple[str, ...] = ()
    builds: bool = True

    @property
    def names(self) -> tuple[str, str]:
        """The two distributions."""
        return self.axes[0].name, self.axes[1].name

    @property
    def cells(self) -> list[Versions]:
        """Every combination, row by row."""
        return list(product(self.axes[0].versions, self.axes[1].versions))

    def fingerprint(self, index: str) -> str:
        """Return the sha256 of all but the versions: the same cell of another grid counts too."""
        as_of = timestamp(self.as_of) if self.as_of else None
        where = [self.target.full, self.target.platform_name]
        asked = [self.names, *where, as_of, self.held, self.further, self.builds]
        return fingerprint([index, *asked])


@dataclass(frozen=True, kw_only=True)
class GridContext:
    """What a grid is made with; `stop` ends the resolutions under way."""

    client: IndexClient
    resolver: Resolver
    workers: int
    journal: Path
    stop: Event = field(default_factory=Event)


def ask_axes(
    requests: Sequence[AxisRequest],
    client: IndexClient,
    index: str,
    *,
    as_of: datetime | None,
    first: bool,
) -> list[Axis]:
    """Return the axes that requests mean.

    Raises StackproofError for a release that does not exist, CannotJudgeError if the index fails or
    says no upload times where there is a cut-off.
    """
    now = datetime.now(timezone.utc)
    found = []
    for request in requests:
        project = client.project(index, request.name)
        if project and as_of and not any(file.uploaded for file in project.files):
            raise CannotJudgeError(
                f"the package index {without_credentials(index)} does not say when files of "
                f"{request.name} were uploaded, so the cut-off cannot be kept; use an index with "
                "upload times (PEP 700)"
            )
        found.append(choose_axis(request, project, as_of=as_of, now=now, first=first))
    return found


def held_by(plan: Plan, target: Target, names: Sequence[str]) -> tuple[str, ...]:
    """Return what the stages of a row's plan for a target ask for, less the distributions `names`.

    Of requirements on one distribution those of the later stage count, as they do when installed.
    """
    found: dict[str, list[str]] = {}
    for stage in plan.stages:
        own: dict[str, list[str]] = {}
        for text in stage.requirements:
            if holds(Requirement(text), target.markers):
                own.setdefault(name_of(text), []).append(text)
        found |= own
    return tuple(text for name in sorted(found) if name not in names for text in found[name])


def make_grid(
    question: Question,
    context: GridContext,
    *,
    against: Path | None = None,
    tick: Callable[[int], None] = lambda _: None,
) -> Grid:
    """Judge every cell of a question; `tick` is handed how many are judged so far.

    What an interrupted run of the same question judged is taken up. Raises StackproofError if the
    published grid cannot be read.
    """
    published: Mapping[Versions, State] = {}
    if against:
        # What reads tables of documents is slow to load, and few ask for it.
        from stackproof.metadata.grid.published import read_published  # noqa: PLC0415

        published = read_published(against, question.axes)
    begin, started = time.monotonic(), datetime.now(timezone.utc)
    cells, sampling, resumed = _judge(question, context, tick)
    return Grid(
        axes=question.axes,
        python=question.target.python,
        platform=question.target.platform_name,
        as_of=question.as_of,
        row=question.row,
        held=question.held,
        builds=question.builds,
        started=started,
        seconds=round(time.monotonic() - begin, 3),
        notes=tuple(_notes(question, resumed, len(sampling.disagreed))),
        sampling=sampling,
        cells=tuple(cells),
        against=against.name if against else None,
        compared=sum(cell in published for cell in question.cells),
        differences=tuple(compare(cells, published)),
    )


def compare(cells: Sequence[Cell], published: Mapping[Versions, State]) -> list[Difference]:
    """Return the cells that are published otherwise; where either is unknown, nothing differs."""
    return [
        Difference(
            versions=cell.versions,
            published=published[cell.versions],
            found=cell.state,
            reason=cell.reason,
            why=cell.why,
        )
        for cell in cells
        if cell.versions in published
        and cell.state != published[cell.versions]
        and "unknown" not in (cell.state, published[cell.versions])
    ]


def _judge(
    question: Question, context: GridContext, tick: Callable[[int], None]
) -> tuple[list[Cell], Sampling, int]:
    """Return the cells, what sampling found, and how many an interrupted run had judged."""
    name = question.fingerprint(context.resolver.index)
    journal = Journal(context.journal, name, lasting=question.as_of is not None)
    known = journal.read()
    judged = [cell for cell in question.cells if cell in known]
    resumed = len(judged)

    def keep(cell: Cell) -> None:
        judged.append(cell.versions)
        journal.keep(cell)

    engine = _engine(question, context, keep, lambda: tick(len(judged)))
    cells, sampling = engine.run(question.cells, known)
    journal.close()
    return cells, sampling, resumed


def _engine(
    question: Question,
    context: GridContext,
    keep: Callable[[Cell], None],
    tick: Callable[[], None],
) -> Engine:
    facts = IndexFacts(
        client=context.client,
        index=context.resolver.index,
        target=question.target,
        as_of=question.as_of,
        further=question.further,
    )
    resolution = ResolutionJudge(
        resolver=context.resolver,
        names=question.names,
        python=question.target.full,
        platform=question.target.platform_name,
        as_of=question.as_of,
        held=question.held,
        further=question.further,
        builds=question.builds,
    )
    return Engine(
        metadata=MetadataJudge(facts=facts, names=question.names, held=question.held),
        resolution=resolution,
        workers=context.workers,
        keep=keep,
        stop=context.stop,
        tick=tick,
    )


def _notes(question: Question, resumed: int, disagreed: int) -> list[str]:
    found = []
    if resumed:
        found.append(f"{resumed} cells were judged by an earlier run that was interrupted")
    if not question.builds:
        target = question.target
        why = "" if target.found else f"uv finds no Python {target.python} on this machine, so "
        found.append(f"{why}nothing is built: where only a build could tell, the cell is not known")
    if disagreed:
        found.append("resolving contradicted what metadata said, so every cell was resolved")
    return found
