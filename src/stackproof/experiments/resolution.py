"""Answer the cheap question: whether a trial can be resolved at all, installing nothing."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stackproof.errors import CannotJudgeError
from stackproof.evidence.layout import Project
from stackproof.index.constraints.published import find_constraints
from stackproof.installers.installer import ALWAYS_THERE
from stackproof.installers.refusal import refusal
from stackproof.installers.resolver import Refused, Resolution, Resolver, Wanted
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedStage
from stackproof.reasons.reason import Reason, reason

__all__ = ["RefusedStage", "TrialResolver"]


@dataclass(frozen=True, kw_only=True)
class RefusedStage:
    """A stage that cannot be resolved: the resolver's words, and why, in one sentence.

    `trouble` says why this tells nothing of the upgrade: the row's own stage cannot be resolved
    either, or could not be asked. It is None where that can be resolved, or was not asked.
    """

    stage: PlannedStage
    words: str
    why: Reason
    trouble: Reason | None = None


@dataclass(frozen=True, kw_only=True)
class TrialResolver:
    """Resolves the stages of trials; each method raises CannotJudgeError if the index fails."""

    project: Project
    resolver: Resolver

    def refused_stage(self, plan: Plan, base: Plan) -> RefusedStage | None:
        """Return the first stage that differs from the row's own and cannot be resolved."""
        return next(iter(self._refused(plan, base)), None)

    def refusal(self, plan: Plan, base: Plan) -> RefusedStage | None:
        """Return the first such stage that the row itself can have resolved.

        Where there is none, return the first one, with its `trouble`: what the row itself cannot
        have either is no work of the upgrade.
        """
        unjudged: list[RefusedStage] = []
        for found in self._refused(plan, base):
            trouble = self._trouble(found, base)
            if trouble is None:
                return found
            unjudged.append(replace(found, trouble=trouble))
        return unjudged[0] if unjudged else None

    def _refused(self, plan: Plan, base: Plan) -> list[RefusedStage]:
        """Return the stages that differ from the row's own and cannot be resolved.

        An installer call is bound by none of the stages before it (it may move whatever they
        installed), so a stage that cannot be resolved alone cannot be installed after them either.
        """
        known = {stage.arguments for stage in base.stages} if plan.python == base.python else set()
        changed = [stage for stage in plan.stages if stage.arguments not in known]
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            found = list(pool.map(lambda stage: self._refusal(plan, stage), changed))
        return [stage for stage in found if stage is not None]

    def require_index(self) -> None:
        """Raise CannotJudgeError if the default index does not answer at all."""
        self.resolver.client.require(self.resolver.index, ALWAYS_THERE)

    def _refused_together(self, plan: Plan) -> Refused | None:
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
            exempt=plan.exempt,
            prereleases=plan.prereleases,
        )
        answer = self.resolver.resolve(wanted)
        return answer if isinstance(answer, Refused) else None

    def conflict(self, plan: Plan, base: Plan) -> Reason | None:
        """Say why no environment can hold a trial's requirements, if one can hold the row's own."""
        refused = self._refused_together(plan)
        if refused is None or self._refused_together(base) is not None:
            return None
        return refusal(refused.words)

    def _trouble(self, found: RefusedStage, base: Plan) -> Reason | None:
        """Say why the row's own stage cannot be resolved either, or whether that is not known."""
        own = next((stage for stage in base.stages if stage.name == found.stage.name), None)
        try:
            refused = self._refusal(base, own) if own is not None else None
        except CannotJudgeError as error:
            return reason("row-unknown", said=str(error))
        if refused is None:
            return None
        return reason("row-unresolvable", why=refused.why)

    def _refusal(self, plan: Plan, stage: PlannedStage) -> RefusedStage | None:
        answer = self._resolve(plan, stage)
        if not isinstance(answer, Refused):
            return None
        why = reason("at-stage", stage=stage.name, why=refusal(answer.words))
        return RefusedStage(stage=stage, words=answer.words, why=why)

    def _resolve(self, plan: Plan, stage: PlannedStage) -> Resolution | Refused:
        constraints = None
        if stage.constraints is not None:
            file = find_constraints(
                stage.constraints, snapshots=self.project.snapshots, environ=self.project.environ
            )
            constraints = file.text
        return self.resolver.resolve(
            Wanted(
                requirements=stage.requirements,
                python=plan.python,
                preferences={},
                constraints=stage.limits(constraints),
                index=self._reachable(stage),
                as_of=plan.as_of,
                exempt=plan.exempt,
                prereleases=plan.prereleases,
            )
        )

    def _reachable(self, stage: PlannedStage) -> str | None:
        """Return a stage's own index, or None where the default one will have to serve instead."""
        if stage.index is None:
            return None
        try:
            self.resolver.client.require(stage.index, next(iter(stage.pins), ALWAYS_THERE))
        except CannotJudgeError:
            return None
        return stage.index
