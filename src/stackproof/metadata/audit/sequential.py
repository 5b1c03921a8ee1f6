"""Go through a row's stages in order, on paper: what each would bring, what it would move."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from stackproof.base.versions import name_of
from stackproof.installers.resolver import Chosen, Refused, Resolution, Resolver, Wanted
from stackproof.metadata.audit.subject import Subject

__all__ = ["Step", "Walk", "walk", "wanted_by"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One stage: what was wanted, what it resolved to, and the versions that it would replace."""

    stage: str
    wanted: Wanted
    resolution: Resolution
    moved: Mapping[str, tuple[str, str]]

    @property
    def asked(self) -> frozenset[str]:
        """The names of what the stage asks for itself."""
        return frozenset(map(name_of, self.wanted.requirements))


@dataclass
class Walk:
    """The stages so far: what is there, who brought it, and who requires what.

    `refused` is the stage at which the way ends, with the resolver's words, if it does.
    """

    steps: list[Step] = field(default_factory=list)
    final: dict[str, str] = field(default_factory=dict)
    brought_by: dict[str, str] = field(default_factory=dict)
    requirers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    refused: tuple[str, Refused] | None = None

    def take(self, stage: str, wanted: Wanted, resolution: Resolution) -> None:
        """Add what a stage resolved to."""
        moved = {
            name: (self.final[name], chosen.version)
            for name, chosen in resolution.items()
            if self.final.get(name, chosen.version) != chosen.version
        }
        step = Step(stage=stage, wanted=wanted, resolution=resolution, moved=moved)
        self.steps.append(step)
        for name, chosen in resolution.items():
            self._note(name, chosen, stage)

    def _note(self, name: str, chosen: Chosen, stage: str) -> None:
        self.requirers[name].update(chosen.via)
        if self.final.get(name) != chosen.version:
            self.final[name] = chosen.version
            self.brought_by[name] = stage


def wanted_by(
    subject: Subject,
    requirements: Iterable[str],
    *,
    preferences: Mapping[str, str] = MappingProxyType({}),
    constraints: str | None = None,
    index: str | None = None,
    further: tuple[str, ...] = (),
) -> Wanted:
    """Return an installer call for a row: on its Python and platform, within its cut-off."""
    return Wanted(
        requirements=tuple(requirements),
        python=subject.target.full,
        platform=subject.target.platform_name,
        preferences=dict(sorted(preferences.items())),
        constraints=constraints,
        index=index,
        further=further,
        as_of=subject.plan.as_of,
        exempt=subject.plan.exempt,
        prereleases=subject.plan.prereleases,
    )


def walk(subject: Subject, resolver: Resolver, indexes: Mapping[str, str | None]) -> Walk:
    """Resolve the stages one after another, each upon what the ones before it left.

    `indexes` maps the index of a stage to the one that serves it, None for the default one.
    Raises CannotJudgeError if an index fails.
    """
    way = Walk()
    constraints = {facts.stage: facts for facts in subject.constraints}
    for stage in subject.plan.stages:
        facts = constraints.get(stage.name)
        content = facts.content.decode("utf-8", errors="replace") if facts else None
        wanted = wanted_by(
            subject,
            stage.requirements,
            preferences=way.final,
            constraints=stage.limits(content),
            index=indexes.get(stage.index) if stage.index else None,
        )
        answer = resolver.resolve(wanted)
        if isinstance(answer, Refused):
            way.refused = (stage.name, answer)
            return way
        way.take(stage.name, wanted, answer)
    return way
