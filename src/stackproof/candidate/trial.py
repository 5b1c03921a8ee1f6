"""Carry out one trial: resolve it, run it, and say what it would break that worked before."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from stackproof.candidate.comparison import compare, moved
from stackproof.candidate.summary import trial_markdown
from stackproof.candidate.verdict import TrialVerdict
from stackproof.environment import StageRecord, drift_between
from stackproof.environment.constraints import find_constraints
from stackproof.environment.drift import Change
from stackproof.errors import CannotJudgeError
from stackproof.evidence import Evidence, RunRecord
from stackproof.index.refusal import sentence
from stackproof.index.resolver import Refused, Resolution, Resolver, Wanted
from stackproof.laboratory import Laboratory
from stackproof.plan import Plan, PlannedStage
from stackproof.records import write_atomically
from stackproof.report import write_reports
from stackproof.verdict import judge

__all__ = ["Bench"]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where trials are made; a baseline older than `baseline_age` is made anew."""

    laboratory: Laboratory
    resolver: Resolver
    baseline_age: timedelta

    def try_out(self, plan: Plan, base: Plan, companions: tuple[str, ...]) -> TrialVerdict:
        """Make the trial `plan`, derived from the row's own plan `base`, and judge it.

        Raises CannotJudgeError if there is no baseline to compare it with.
        """
        refused = self._refusal(plan, base)
        if refused is not None:
            evidence = self._record_refusal(plan, *refused)
            return self._conclude(evidence, base, companions, reason=sentence(refused[1].words))
        baseline = self.baseline(base)
        _, evidence = self.laboratory.run(plan)
        return self._conclude(evidence, base, companions, baseline=baseline)

    def baseline(self, base: Plan) -> Evidence:
        """Return the evidence to compare with: a fresh enough run of the row, or a new one.

        Raises CannotJudgeError if a new one could not be judged.
        """
        oldest = datetime.now(timezone.utc) - self.baseline_age
        found = self.laboratory.recall(base, not_before=oldest)
        if found is not None:
            return found
        verdict, evidence = self.laboratory.run(base)
        if verdict.trouble is not None:
            raise CannotJudgeError(f"the baseline {base.matrix}/{base.row}: {verdict.trouble}")
        return evidence

    def _refusal(self, plan: Plan, base: Plan) -> tuple[PlannedStage, Refused] | None:
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
                return stage, answer
        return None

    def _resolve(self, plan: Plan, stage: PlannedStage) -> Resolution | Refused:
        constraints = None
        if stage.constraints is not None:
            file = find_constraints(
                stage.constraints,
                snapshots=self.laboratory.project.snapshots,
                environ=self.laboratory.project.environ,
            )
            constraints = file.content.decode("utf-8", errors="replace")
        return self.resolver.resolve(
            Wanted(
                requirements=stage.requirements,
                python=plan.python,
                preferences={},
                constraints=constraints,
                as_of=plan.as_of,
            )
        )

    def _record_refusal(self, plan: Plan, stage: PlannedStage, found: Refused) -> Evidence:
        """Leave evidence of a trial that ended with its resolution."""
        started = datetime.now(timezone.utc)
        evidence = Evidence.create(self.laboratory.project.home(plan), plan)
        log = evidence.folder / "stages" / f"{stage.name}.log"
        write_atomically(log, found.words)
        record = StageRecord(
            name=stage.name,
            command=("uv", "pip", "compile", *stage.requirements),
            started=started,
            seconds=0.0,
            exit=1,
            log=log.relative_to(evidence.folder).as_posix(),
            tries=1,
            drift=drift_between({}, {}),
            failure="refused",
            message=sentence(found.words),
        )
        evidence.write_stages([record])
        RunRecord(
            started=started,
            seconds=0.0,
            own_seconds=0.0,
            python=plan.python,
            installer=plan.installer,
            installer_version=plan.installer,
            index=None,
            constraints=(),
            notes=("the stages were resolved, not installed",),
            suite=self.laboratory.project.suite_fingerprint,
            suite_exit=None,
            trouble=None,
        ).write(evidence.folder / "run.json")
        return evidence

    def _conclude(
        self,
        evidence: Evidence,
        base: Plan,
        companions: tuple[str, ...],
        *,
        reason: str | None = None,
        baseline: Evidence | None = None,
    ) -> TrialVerdict:
        """Compare the trial with its baseline and write its verdict and reports."""
        plan, verdict = evidence.plan, judge(evidence)
        comparison = compare(judge(baseline), verdict) if baseline else None
        changes: dict[str, Change] = {}
        if baseline is not None and evidence.freeze:
            asked = {name.partition("==")[0] for name in plan.requested}
            changes = moved(baseline.freeze, evidence.freeze, asked)
        pins = {pin.name for pin in base.pins}
        trial = TrialVerdict(
            **dict(verdict),
            base_row=f"{base.matrix}/{base.row}",
            requested=plan.requested,
            resolvable=reason is None,
            reason=reason,
            baseline=f"{base.matrix}/{base.row}/{baseline.folder.name}" if baseline else None,
            comparison=comparison,
            moved=changes,
            pins_moved=tuple(name for name in changes if name in pins),
            companions=companions,
        )
        write_reports(evidence, trial)
        report = evidence.folder / "report.md"
        write_atomically(report, trial_markdown(trial) + report.read_text(encoding="utf-8"))
        evidence.publish()
        return trial
