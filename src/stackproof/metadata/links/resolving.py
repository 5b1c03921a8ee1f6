"""What a row would install, stage by stage, on paper: each stage upon what those before left.

Nothing is built for it, not even to learn what a source distribution requires: its own code would
run then. What is pinned exactly and has no wheel is taken with what it says that it requires.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from pathlib import Path

from packaging.utils import canonicalize_name

from stackproof.base.times import timestamp
from stackproof.base.versions import name_of
from stackproof.errors import CannotJudgeError, StackproofError
from stackproof.index.constraints.published import find_constraints
from stackproof.index.target import Target
from stackproof.installers.installer import ALWAYS_THERE
from stackproof.installers.interpreters import find_target
from stackproof.installers.refusal import sentence, wheelless
from stackproof.installers.resolver import Refused, Resolver, Wanted
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedStage
from stackproof.metadata.links.looking import Stack
from stackproof.metadata.links.source_files import requirements_in
from stackproof.metadata.links.unpacking import Unpacker

__all__ = ["own_indexes", "resolved_stack", "stack_of"]

#: How many seconds it is remembered of today's index what has no wheel.
_DAY = 24 * 3600


def own_indexes(plan: Plan, resolver: Resolver) -> tuple[str, ...]:
    """Return the indexes that stages of a plan name and that answer, each once."""
    found = (_answering(stage, resolver) for stage in plan.stages)
    return tuple(dict.fromkeys(url for url in found if url is not None))


def resolved_stack(
    plan: Plan,
    resolver: Resolver,
    unpacker: Unpacker,
    *,
    environ: Mapping[str, str],
    snapshots: Path,
) -> Stack:
    """Return a plan's stack in the versions that its stages would leave.

    Raises StackproofError for a stage that cannot be resolved, CannotJudgeError if an index fails.
    """
    versions: dict[str, str] = {}
    target = find_target(plan.python, environ)
    unbuilt = _Unbuilt(resolver=resolver, unpacker=unpacker, target=target)
    for stage in plan.stages:
        wanted = Wanted(
            requirements=stage.requirements,
            python=plan.python,
            preferences=dict(sorted(versions.items())),
            constraints=_limits(stage, environ, snapshots),
            index=_answering(stage, resolver),
            as_of=plan.as_of,
            builds=False,
            exempt=plan.exempt,
            prereleases=plan.prereleases,
        )
        try:
            versions |= unbuilt.resolved(wanted)
        except _RefusedError as error:
            raise StackproofError(
                f"{plan.label}: stage {stage.name} cannot be resolved: {error}; nothing is built "
                "to look at links"
            ) from error
    return stack_of(plan, versions, target)


def stack_of(plan: Plan, versions: Mapping[str, str], target: Target) -> Stack:
    """Return a plan's stack in some versions, which may lack a pin."""
    return Stack(
        matrix=plan.matrix,
        row=plan.row,
        as_of=plan.as_of,
        target=target,
        versions=versions,
        pins={pin.name: pin.imports for pin in plan.pins if pin.name in versions},
    )


class _RefusedError(Exception):
    """There is no such set of versions, and why."""


@dataclass(frozen=True, kw_only=True)
class _Unbuilt:
    """Resolves without builds: what has no wheel is read, and taken out of what uv resolves.

    So it is in each stage that follows, where uv would move what requires it, to be rid of it.
    """

    resolver: Resolver
    unpacker: Unpacker
    target: Target
    _sourced: dict[str, str] = field(default_factory=dict)

    def resolved(self, wanted: Wanted) -> dict[str, str]:
        """Return the versions that a call would install; raise _RefusedError if there are none."""
        memory = self.unpacker.client.memory
        inputs = vars(wanted) | {"as_of": wanted.as_of and timestamp(wanted.as_of)}
        known = memory.recall("sourced", inputs)
        fresh = known is not None and (wanted.as_of is not None or known.age < _DAY)
        own: dict[str, str] = dict(known.value) if known and fresh else {}
        while True:
            found = self.resolver.resolve(self._without(wanted, own))
            if not isinstance(found, Refused):
                memory.keep("sourced", inputs, own)
                self._sourced.update(own)
                return {**{name: item.version for name, item in found.items()}, **own}
            more = self._more(found.words, wanted.as_of)
            if not more.keys() - own.keys():
                raise _RefusedError(sentence(found.words))
            own |= more

    def _more(self, words: str, as_of: datetime | None) -> dict[str, str]:
        """Return the newest of the versions that lack a wheel, where that can be read."""
        found: dict[str, str] = {}
        for name, versions in wheelless(words).items():
            project = self.unpacker.client.project(self.unpacker.index, name)
            offered = project.offered(versions, as_of) if project else []
            if offered and self._requires(name, str(offered[0].version)) is not None:
                found[canonicalize_name(name)] = str(offered[0].version)
        return found

    def _without(self, wanted: Wanted, own: Mapping[str, str]) -> Wanted:
        """Return what is wanted, without what was read before, and what is to be read for it.

        The requirements of the latter are in their place.
        """
        asked = set(map(name_of, wanted.requirements))
        kept = [text for text in wanted.requirements if name_of(text) not in own]
        more = chain.from_iterable(self._requires(*item) or () for item in own.items())
        return replace(
            wanted,
            requirements=tuple(dict.fromkeys([*kept, *more])),
            without=tuple(sorted({*own, *(self._sourced.keys() - asked)})),
        )

    def _requires(self, name: str, version: str) -> list[str] | None:
        """Return what a source distribution requires, None where there is none to be read.

        A released file does not change, so what was read once is kept.
        """
        memory, inputs = self.unpacker.client.memory, [self.unpacker.index, name, version]
        known = memory.recall("source-requirements", inputs)
        if known is not None:
            return list(map(str, known.value))
        archive = self.unpacker.source(name, version, self.target)
        if archive is None:
            return None
        found = requirements_in(archive)
        memory.keep("source-requirements", inputs, found)
        return found


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
