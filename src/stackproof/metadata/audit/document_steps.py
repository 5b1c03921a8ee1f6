"""Compare the install steps of a document with the stages of a matrix, call by call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement

from stackproof.base.text import without_credentials
from stackproof.base.versions import name_of
from stackproof.matrix.document.stack import Command
from stackproof.matrix.markers import applies
from stackproof.matrix.model import Matrix, Stage
from stackproof.metadata.audit.record import Level
from stackproof.reasons.reason import Reason, reason

__all__ = ["Difference", "step_differences"]


@dataclass(frozen=True)
class Difference:
    """Something in which a document disagrees, at its line."""

    level: Level
    line: int
    why: Reason
    pin: str | None = None


def step_differences(matrix: Matrix, steps: Sequence[Command]) -> Iterator[Difference]:
    """Yield what a step and its stage do differently, and each that has no counterpart."""
    stages = _stages(matrix)
    pairs = _pairs(stages, steps)
    for number, command in enumerate(steps):
        if number not in pairs:
            why = reason("step-without-stage", names=_listing(command.names))
            yield Difference("error", command.line, why)
    for number, stage in enumerate(stages):
        if number not in pairs.values():
            yield Difference("error", 1, reason("stage-without-step", stage=stage.name))
    for number, place in pairs.items():
        yield from _pair(matrix, steps[number], stages[place])
    yield from _order(stages, steps, pairs)


def _stages(matrix: Matrix) -> list[Stage]:
    """Return the stages as they are on the Python of the matrix, which steps are read for too."""
    there = {pin.name for pin in matrix.pins if applies(pin.marker, matrix.python)}
    stages = (
        stage.model_copy(update={"pins": tuple(name for name in stage.pins if name in there)})
        for stage in matrix.stages
    )
    return [stage for stage in stages if stage.pins or stage.requirements]


def _pairs(stages: Sequence[Stage], steps: Sequence[Command]) -> dict[int, int]:
    """Return the stage of each step, by number: the one with most of its names."""
    shared = [
        (step.names == names, len(step.names & names), -abs(number - place), number, place)
        for number, step in enumerate(steps)
        for place, names in enumerate(map(_names, stages))
        if step.names & names
    ]
    pairs: dict[int, int] = {}
    for *_, number, place in sorted(shared, reverse=True):
        if number not in pairs and place not in pairs.values():
            pairs[number] = place
    return dict(sorted(pairs.items()))


def _names(stage: Stage) -> frozenset[str]:
    return frozenset(stage.installs)


def _requirements(stage: Stage) -> dict[str, Requirement]:
    return {name_of(text): Requirement(text) for text in stage.requirements}


def _pair(matrix: Matrix, command: Command, stage: Stage) -> Iterator[Difference]:
    names = _names(stage)
    if more := command.names - names:
        why = reason("step-installs-more", names=_listing(more), stage=stage.name)
        yield Difference("error", command.line, why)
    if less := names - command.names:
        why = reason("stage-installs-more", stage=stage.name, names=_listing(less))
        yield Difference("error", command.line, why)
    yield from _ranges(matrix, command, stage)
    yield from _sources(matrix, command, stage)


def _ranges(matrix: Matrix, command: Command, stage: Stage) -> Iterator[Difference]:
    wanted = _requirements(stage)
    for install in command.installs:
        theirs, ours = Requirement(install.written), wanted.get(install.name)
        if ours is None and install.name in stage.pins:
            # Which version a pin has is compared for every command, not for steps alone.
            ours = Requirement(_asked(install.name, matrix.pin(install.name).extras))
            theirs = Requirement(_asked(install.name, install.extras))
        if ours is not None and (ours.specifier, ours.extras) != (theirs.specifier, theirs.extras):
            why = reason("step-asks-other", theirs=str(theirs), stage=stage.name, ours=str(ours))
            yield Difference("error", install.line, why, install.name)


def _asked(name: str, extras: Sequence[str]) -> str:
    return f"{name}[{','.join(extras)}]"


def _sources(matrix: Matrix, command: Command, stage: Stage) -> Iterator[Difference]:
    """Compare the constraint files and indexes that both sides name."""
    ours = [] if stage.constraints is None else [_constraints(matrix, stage.constraints)]
    indexes = [] if stage.index is None else [matrix.indexes[stage.index].url]
    theirs = [command.index] if command.index else []
    none = reason("none")
    whys = (
        reason(
            "step-constraints",
            stage=stage.name,
            theirs=_shown(command.constraints),
            ours=_shown(ours),
        ),
        reason(
            "step-held-to",
            stage=stage.name,
            theirs=_listed(command.held_to),
            ours=_listed(stage.held_to),
        ),
        reason("step-index", stage=stage.name, theirs=_shown(theirs), ours=_shown(indexes)),
        reason("step-options", stage=stage.name, theirs=tuple(command.further) or none, ours=none),
    )
    for why in whys:
        if why.fields["theirs"] != why.fields["ours"]:
            yield Difference("error", command.line, why)


def _listed(lines: Sequence[str]) -> tuple[str, ...] | Reason:
    return tuple(sorted(lines)) or reason("nothing")


def _shown(urls: Sequence[str]) -> tuple[str, ...] | Reason:
    return tuple(without_credentials(url).rstrip("/") for url in urls) or reason("none")


def _constraints(matrix: Matrix, name: str) -> str:
    source = matrix.constraints[name]
    return source.url.format(version=matrix.pin(source.pin).version, python=matrix.python)


def _order(
    stages: Sequence[Stage], steps: Sequence[Command], pairs: dict[int, int]
) -> Iterator[Difference]:
    """Yield the first step that stands at another place than its stage."""
    for (number, place), expected in zip(pairs.items(), sorted(pairs.values()), strict=True):
        if place != expected:
            names = _listing(steps[number].names)
            why = reason("order-differs", names=names, stage=stages[expected].name)
            yield Difference("error", steps[number].line, why)
            return


def _listing(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(names))
