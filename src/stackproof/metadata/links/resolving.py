"""What a row would install, stage by stage, on paper: each stage upon what those before left."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stackproof.errors import CannotJudgeError, StackproofError
from stackproof.index.constraints.published import find_constraints
from stackproof.installers.installer import ALWAYS_THERE
from stackproof.installers.interpreters import find_target
from stackproof.installers.refusal import sentence
from stackproof.installers.resolver import Refused, Resolver, Wanted
from stackproof.matrix.plan import Plan, PlannedStage
from stackproof.metadata.links.looking import Stack

__all__ = ["own_indexes", "resolved_stack"]


def own_indexes(plan: Plan, resolver: Resolver) -> tuple[str, ...]:
    """Return the indexes that stages of a plan name and that answer, each once."""
    found = (_answering(stage, resolver) for stage in plan.stages)
    return tuple(dict.fromkeys(url for url in found if url is not None))


def resolved_stack(
    plan: Plan, resolver: Resolver, *, environ: Mapping[str, str], snapshots: Path
) -> Stack:
    """Return a plan's stack in the versions that its stages would leave.

    Raises StackproofError for a stage that cannot be resolved, CannotJudgeError if an index fails.
    """
    versions: dict[str, str] = {}
    for stage in plan.stages:
        found = resolver.resolve(
            Wanted(
                requirements=stage.requirements,
                python=plan.python,
                preferences=dict(sorted(versions.items())),
                constraints=_limits(stage, environ, snapshots),
                index=_answering(stage, resolver),
                as_of=plan.as_of,
                exempt=plan.exempt,
                prereleases=plan.prereleases,
            )
        )
        if isinstance(found, Refused):
            raise StackproofError(
                f"{plan.label}: stage {stage.name} cannot be resolved: {sentence(found.words)}"
            )
        versions |= {name: chosen.version for name, chosen in found.items()}
    return Stack(
        matrix=plan.matrix,
        row=plan.row,
        as_of=plan.as_of,
        target=find_target(plan.python, environ),
        versions=versions,
        pins={pin.name: pin.imports for pin in plan.pins if pin.name in versions},
    )


def _limits(stage: PlannedStage, environ: Mapping[str, str], snapshots: Path) -> str | None:
    if stage.constraints is None:
        return stage.limits()
    file = find_constraints(stage.constraints, snapshots=snapshots, environ=environ)
    return stage.limits(file.text)


def _answering(stage: PlannedStage, resolver: Resolver) -> str | None:
    """Return a stage's own index; None where it has none, or the default one has to serve."""
    if stage.index is None:
        return None
    try:
        resolver.client.require(stage.index, next(iter(stage.pins), ALWAYS_THERE))
    except CannotJudgeError:
        return None
    return stage.index
