"""Make the plan of a row: pins with their overrides, stages with their exact arguments. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from stackproof.base.text import free_name, nearest
from stackproof.base.versions import name_of
from stackproof.errors import StackproofError
from stackproof.installers.choosing import Choice
from stackproof.installers.installer import Installer
from stackproof.installers.known import DEFAULT, installer_named
from stackproof.matrix.checks import ALL, KINDS, RUN_KINDS, CheckId
from stackproof.matrix.model import Budget, Claim, Command, ExtraStage, Matrix, Row, Stage
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import (
    Change,
    PlannedBudget,
    PlannedClaim,
    PlannedCommand,
    PlannedConstraints,
    PlannedFailure,
    PlannedPin,
    PlannedStage,
    limits_file,
)
from stackproof.matrix.platforms import UNIVERSAL, Platform, Universal
from stackproof.matrix.row_pins import left_out_of, markers_of, pins_of, pins_there, row_notes

__all__ = ["make_plan"]


def make_plan(
    matrix: Matrix,
    *,
    name: str,
    row: str,
    python: str | None = None,
    interpreter: str | None = None,
    as_of: datetime | None = None,
    exempt: Sequence[str] = (),
    platform: Platform | Universal | None = None,
    installer: str = DEFAULT.name,
    versions: Mapping[str, str] = MappingProxyType({}),
    lines: Sequence[str] = (),
    extra: Sequence[str] = (),
    requested: Sequence[Change] = (),
    only: Sequence[str] = (),
) -> Plan:
    """Resolve a row of the matrix called `name` to a plan.

    `python`, `interpreter` and `as_of`, from which some may be `exempt`, stand in for the row's
    own, and markers of pins are judged for a `platform` that is not this machine's; for all at once
    no pin is left out, and each is asked for under its marker. A candidate
    gives other `versions` for some pins, or ranges, which replace them wherever they stand, `extra`
    requirements for a last stage, and in `requested` what was asked for in all. A probe asks `only`
    some checks, by their ids.
    Requirement `lines` are added as the row's own additions are: to its one stage, or in a last
    one.
    Raises StackproofError if there is no such row, or it goes without all of its pins.
    """
    if row not in matrix.rows:
        raise StackproofError(f"matrix {name!r} has no row {row!r}; {nearest(row, matrix.rows)}")
    lineage = matrix.lineage(row)
    existing = interpreter or lineage[-1].interpreter
    choice = Choice() if existing else Choice.of(lineage[-1], as_of, exempt)
    python = python or matrix.python_of(row)
    there = pins_there(matrix, row, python, platform)
    every = pins_of(matrix, row, versions)
    pins = [pin for name, pin in every.items() if name in there]
    builder = _StageBuilder(
        matrix=matrix,
        pins=every,
        there=there,
        markers=markers_of(matrix, row) if platform == UNIVERSAL else {},
        python=python,
        installer=installer_named(installer),
        choice=choice,
    )
    own = [] if existing else _stages(matrix, row)
    built = [stage for stage in map(builder.build, own) if stage.requirements]
    if own and not built:
        where = f"Python {python}{f' on {platform.name}' if isinstance(platform, Platform) else ''}"
        raise StackproofError(
            f"row {name}/{row} installs nothing: it goes without every pin of its stages on {where}"
        )
    additions = [] if existing else [item for level in lineage for item in level.additions]
    lines = [*(item.requirement for item in additions), *lines]
    if len(built) == 1:
        built, lines = [_with_lines(built[0], lines)], []
    last = _last_stage((*lines, *extra), [stage.name for stage in own])
    reasons = {name_of(item.requirement): item.reason for item in additions}
    stages = tuple(_explained(stage, reasons) for stage in [*built, *map(builder.build, last)])
    commands = [item for item in matrix.commands if not (existing and _installs(item))]
    if left_out := [item.name for item in matrix.commands if item not in commands]:
        builder.notes.append(f"not run, since they install what they need: {', '.join(left_out)}")
    plan = Plan(
        matrix=name,
        title=matrix.title,
        row=row,
        summary=lineage[-1].summary,
        requested=tuple(requested),
        python=python,
        interpreter=existing,
        installer=installer,
        as_of=choice.as_of,
        min_age=choice.min_age,
        exempt=choice.exempt,
        prereleases=choice.prereleases,
        pins=_in_order(pins, stages),
        stages=stages,
        groups={
            group: tuple(member for member in members if member in there)
            for group, members in matrix.groups.items()
        },
        servers=matrix.servers,
        commands=tuple(_command(command) for command in commands),
        claims=_claims(matrix, there),
        known_failures=tuple(_known(lineage[-1], matrix, there, stages)),
        allowed_skips=tuple(skip.check for skip in matrix.allowed_skips),
        budgets=tuple(map(_budget, matrix.budgets)),
        checks=(
            *_checks(pins, stages),
            *(CheckId("link", pin.name) for pin in pins if matrix.links.strict),
            *(CheckId("command", command.name) for command in commands),
        ),
        strict_links=matrix.links.strict,
        left_out=left_out_of(matrix, row, python, platform),
        notes=(*row_notes(matrix, row, python), *builder.notes),
    )
    return plan.asking(tuple(only)) if only else plan


def _budget(budget: Budget) -> PlannedBudget:
    memory = budget.memory and budget.memory * 1_000_000
    return PlannedBudget(check=budget.check, seconds=budget.seconds, peak_memory=memory)


def _stages(matrix: Matrix, row: str) -> list[Stage]:
    stages = list(matrix.stages)
    for level in matrix.lineage(row):
        for extra in level.stages:
            names = [stage.name for stage in stages]
            place = len(names) if extra.after is None else names.index(extra.after) + 1
            stages.insert(place, extra)
        stages = [
            stage.model_copy(update={"index": level.indexes.get(stage.name, stage.index)})
            for stage in stages
        ]
    return stages


def _with_lines(stage: PlannedStage, lines: Sequence[str]) -> PlannedStage:
    """Return a stage that installs more besides."""
    arguments = (*stage.requirements, *lines, *stage.options)
    return stage.model_copy(update={"arguments": arguments})


def _explained(stage: PlannedStage, reasons: Mapping[str, str]) -> PlannedStage:
    """Return a stage with the reasons for what a row adds to it."""
    if not reasons:
        return stage
    own = {name_of(text) for text in stage.requirements}
    added = {name: reason for name, reason in reasons.items() if name in own}
    return stage.model_copy(update={"reasons": {**stage.reasons, **added}})


def _last_stage(extra: Sequence[str], names: Sequence[str]) -> list[Stage]:
    """Return the stage of what a row or a trial adds; a promoted one may have one already."""
    if not extra:
        return []
    name = free_name("asked-for", names)
    return [Stage(name=name, step="none", requirements=tuple(extra))]


@dataclass(kw_only=True)
class _StageBuilder:
    """Turns stages into installer calls, noting where a call departs from the document's.

    `pins` are all of the matrix as the row has them, `there` the names of those that it installs.
    Where a pin has one of the `markers`, it is asked for under it.
    """

    matrix: Matrix
    pins: Mapping[str, PlannedPin]
    there: AbstractSet[str]
    markers: Mapping[str, str]
    python: str
    installer: Installer
    choice: Choice
    notes: list[str] = field(default_factory=list)

    def build(self, stage: Stage) -> PlannedStage:
        constraints = self._constraints(stage)
        index = self._index(stage)
        pins = tuple(name for name in stage.pins if name in self.there)
        arguments = [*map(self._requirement, pins), *stage.requirements]
        if constraints is not None:
            arguments += ["--constraint", constraints.url]
        if stage.held_to:
            arguments += ["--constraint", limits_file(stage.name)]
        if index is not None:
            arguments += [self.installer.index_option, index]
        arguments += self.choice.arguments(self.installer)
        return PlannedStage(
            name=stage.name,
            step=stage.step,
            pins=pins,
            arguments=tuple(arguments),
            constraints=constraints,
            held_to=stage.held_to,
            index=index,
            reason=stage.reason if isinstance(stage, ExtraStage) else None,
            reasons=dict(stage.reasons) if isinstance(stage, ExtraStage) else {},
        )

    def _requirement(self, pin: str) -> str:
        marker = self.markers.get(pin)
        return self.pins[pin].requirement + (f" ; {marker}" if marker else "")

    def _constraints(self, stage: Stage) -> PlannedConstraints | None:
        if stage.constraints is None:
            return None
        source = self.matrix.constraints[stage.constraints]
        version = self.pins[source.pin].version
        if version is None:  # what reads matrix files refuses this
            raise StackproofError(f"{source.pin} has no exact version to name a constraint file by")
        return PlannedConstraints(
            name=stage.constraints,
            subject=source.pin,
            version=version,
            url=source.url.format(version=version, python=self.python),
        )

    def _index(self, stage: Stage) -> str | None:
        if stage.index is None:
            return None
        index = self.matrix.indexes[stage.index]
        if self.choice.as_of is not None and not index.upload_times:
            self.notes.append(
                f"stage {stage.name}: index {stage.index} publishes no upload times, so with a "
                "cut-off date the default index serves in its place"
            )
            return None
        return index.url


def _in_order(pins: Sequence[PlannedPin], stages: Sequence[PlannedStage]) -> tuple[PlannedPin, ...]:
    """Return the pins in the order in which stages install them, pins of no stage last."""
    order = list(dict.fromkeys(pin for stage in stages for pin in stage.pins))
    return tuple(
        sorted(pins, key=lambda pin: order.index(pin.name) if pin.name in order else len(order))
    )


def _claims(matrix: Matrix, there: AbstractSet[str]) -> tuple[PlannedClaim, ...]:
    def planned(pin: str | None, claims: Sequence[Claim]) -> list[PlannedClaim]:
        return [PlannedClaim(pin=pin, text=item.text, checks=item.checks) for item in claims]

    pins = [pin for pin in matrix.pins if pin.name in there]
    of_pins = [claim for pin in pins for claim in planned(pin.name, pin.claims)]
    return (*planned(None, matrix.claims), *of_pins)


def _known(
    row: Row, matrix: Matrix, there: AbstractSet[str], stages: Sequence[PlannedStage]
) -> Iterator[PlannedFailure]:
    """Yield the row's expected failures, without those of pins and stages that are left out."""
    left_out = {pin.name for pin in matrix.pins} - there
    names = {stage.name for stage in stages}
    for failure in row.known_failures:
        check = CheckId.parse(failure.check)
        subject = KINDS[check.kind].subject
        if not (
            (subject == "pin" and check.subject in left_out)
            or (subject == "stage" and check.subject not in names)
        ):
            yield PlannedFailure(
                check=failure.check,
                says=failure.says,
                reason=failure.reason,
                date=failure.date.isoformat(),
                until=failure.until.isoformat() if failure.until else None,
            )


def _installs(command: Command) -> bool:
    return bool(command.needs or command.editable)


def _command(command: Command) -> PlannedCommand:
    return PlannedCommand(**command.model_dump())


def _checks(pins: Sequence[PlannedPin], stages: Sequence[PlannedStage]) -> tuple[str, ...]:
    """Return the checks that every run has to answer: of each stage and pin, and of all at once.

    Workloads are found by the suite; what is overwritten is found by the build.
    """
    subjects = {"stage": [stage.name for stage in stages], "pin": [pin.name for pin in pins]}
    return tuple(
        CheckId(name, subject)
        for name in RUN_KINDS
        for subject in (
            *subjects.get(KINDS[name].subject, ()),
            *((ALL,) if KINDS[name].asks_all else ()),
        )
    )
