"""Answer the cheap question: whether a trial can be resolved at all, installing nothing."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stackproof.environment.constraints import find_constraints
from stackproof.errors import CannotJudgeError
from stackproof.index.default import require_index
from stackproof.index.refusal import sentence
from stackproof.index.resolver import Refused, Resolution, Resolver, Wanted
from stackproof.plan import Plan, PlannedStage
from stackproof.project import Project

__all__ = ["RefusedStage", "TrialResolver"]


@dataclass(frozen=True, kw_only=True)
class RefusedStage:
    """A stage that cannot be resolved: the resolver's words, and the reason in one sentence."""

    stage: PlannedStage
    words: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class TrialResolver:
    """Resolves the stages of trials; each method raises CannotJudgeError if the index fails."""

    project: Project
    resolver: Resolver

    def refused_stage(self, plan: Plan, base: Plan) -> RefusedStage | None:
        """Return the first stage that differs from the row's own and cannot be resolved.

        An installer call is bound by none of the stages before it (it may move whatever they
        installed), so a stage that cannot be resolved alone cannot be installed after them either.
        """
        known = {stage.arguments for stage in base.stages} if plan.python == base.python else set()
        changed = [stage for stage in plan.stages if stage.arguments not in known]
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            found = list(pool.map(lambda stage: self._resolve(plan, stage), changed))
        for stage, answer in zip(changed, found, strict=True):
            if isinstance(answer, Refused):
                reason = f"stage {stage.name}: {sentence(answer.words)}"
                return RefusedStage(stage=stage, words=answer.words, reason=reason)
        return None

    def refused_together(self, plan: Plan) -> Refused | None:
        """Return why no environment can hold all that the stages ask for, or None if one can.

        Where several stages name a distribution the last one counts, as it does in the environment.
        Constraint files bind single stages and are left out.
        """
        last: dict[str, str] = {}
        for stage in plan.stages:
            for text in stage.requirements:
                last[canonicalize_name(Requirement(text).name)] = text
        wanted = Wanted(
            requirements=tuple(last.values()),
            python=plan.python,
            preferences={},
            as_of=plan.as_of,
        )
        answer = self.resolver.resolve(wanted)
        return answer if isinstance(answer, Refused) else None

    def conflict(self, plan: Plan, base: Plan) -> str | None:
        """Say why no environment can hold a trial's requirements, if one can hold the row's own."""
        refused = self.refused_together(plan)
        if refused is None or self.refused_together(base) is not None:
            return None
        return sentence(refused.words)

    def _resolve(self, plan: Plan, stage: PlannedStage) -> Resolution | Refused:
        constraints = None
        if stage.constraints is not None:
            file = find_constraints(
                stage.constraints, snapshots=self.project.snapshots, environ=self.project.environ
            )
            constraints = file.content.decode("utf-8", errors="replace")
        return self.resolver.resolve(
            Wanted(
                requirements=stage.requirements,
                python=plan.python,
                preferences={},
                constraints=constraints,
                index=_reachable(stage),
                as_of=plan.as_of,
            )
        )


def _reachable(stage: PlannedStage) -> str | None:
    """Return the stage's own index, or None where the default one will have to serve instead."""
    if stage.index is None:
        return None
    try:
        require_index(stage.index, project=next(iter(stage.pins), "pip"), upload_times=False)
    except CannotJudgeError:
        return None
    return stage.index
