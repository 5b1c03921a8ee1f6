"""Carry out one trial: resolve it, run it, and say what it would break that worked before."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from stackproof.base.records import write_atomically
from stackproof.base.side_by_side import OneAtATime
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import CheckResult, Move, RunRecord, StageRecord, drift_between
from stackproof.evidence.reports import InRow, InRun
from stackproof.evidence.verdict import Check, Verdict, judge
from stackproof.experiments.candidate.comparison import compare, moved, unheld, versions_asked
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.experiments.reach import Reach, TrialReach
from stackproof.experiments.resolution import RefusedStage, TrialResolver
from stackproof.experiments.runner import Runner
from stackproof.installers.compiling import shown_command
from stackproof.matrix.checks import CheckId
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import Change
from stackproof.reasons.reason import Reason
from stackproof.reasons.words import in_words
from stackproof.run.first_look import FirstLook

__all__ = ["Bench", "FirstAnswer", "FirstAnswers", "LookFirst"]


@dataclass(frozen=True, kw_only=True)
class FirstAnswers:
    """What the checks that a trial reaches answer, and the verdict on the row as it is."""

    verdict: Verdict
    baseline: Verdict

    @property
    def asked(self) -> tuple[Check, ...]:
        """The checks that needed a process: what the build answers costs nothing more."""
        return tuple(
            check for check in self.verdict.checks if CheckId.parse(check.id).answered_by == "suite"
        )

    @property
    def left(self) -> int:
        """How many checks of the row were not asked yet."""
        return len(self.baseline.checks) - len(self.verdict.checks)

    @property
    def broken(self) -> tuple[Check, ...]:
        """The checks that passed for the row, and fail here."""
        worked = _passed(self.baseline)
        return tuple(check for check in self.verdict.checks if _breaks(check, worked))


@dataclass(frozen=True, kw_only=True)
class FirstAnswer:
    """One of them, and the seconds of the trial until then; `breaks` if it passed for the row."""

    result: CheckResult
    breaks: bool
    seconds: float


@dataclass(frozen=True, kw_only=True)
class LookFirst:
    """What to make of the checks that a trial reaches, before all others are asked.

    Each answer is `heard` as soon as it is there. `go_on` gets all of them, and says whether the
    others are to be asked. Where `one_break_is_enough`, the first check that breaks ends the trial.
    """

    go_on: Callable[[FirstAnswers], bool]
    heard: Callable[[FirstAnswer], None] = lambda _: None
    one_break_is_enough: Callable[[], bool] = lambda: False


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where trials are made; `write` writes their reports.

    A baseline from before `not_before` is made anew, and so is every trial, unless `recall` takes
    the one that was made before of the very same plan. With `look_first` the checks that a trial
    reaches are asked before all others. `reaches` holds, by what was asked for, what each whole
    trial came to of that which it did not reach. Several threads may have trials made.
    """

    runner: Runner
    resolver: TrialResolver
    write: Callable[[Evidence, TrialVerdict], None]
    not_before: datetime
    recall: bool = False
    look_first: LookFirst | None = None
    reaches: dict[tuple[Change, ...], TrialReach] = field(default_factory=dict)
    _making: OneAtATime = field(default_factory=OneAtATime, init=False, repr=False)

    def try_out(self, plan: Plan, base: Plan, companions: tuple[Change, ...]) -> TrialVerdict:
        """Make the trial `plan`, derived from the row's own plan `base`, and judge it.

        Raises CannotJudgeError if there is no baseline to compare it with.
        """
        baseline = self.baseline(base)
        with self._making(self.runner.project.home(plan)):
            return self._try_out(plan, base, companions, baseline)

    def _try_out(
        self, plan: Plan, base: Plan, companions: tuple[Change, ...], baseline: Evidence
    ) -> TrialVerdict:
        evidence = (
            (self.runner.recall(plan) or self._broken_at_first(plan)) if self.recall else None
        )
        if evidence is not None and _is_concluded(evidence):
            # What was written about it stays: more may have been found out than is found now.
            return self._counted(_judged(evidence, base, companions, baseline=baseline))
        if evidence is None:
            _, evidence = self.runner.run(plan, first=self._first(plan, baseline))
        trial = self._counted(_judged(evidence, base, companions, baseline=baseline))
        return self._conclude(trial, evidence)

    def _broken_at_first(self, plan: Plan) -> Evidence | None:
        """Return a run of the same build that ended with its first look, if there is one."""
        if self.look_first is None:
            return None
        for evidence in self.runner.comparable(self.runner.project.home(plan)):
            same = evidence.plan.build_fingerprint == plan.build_fingerprint
            same = same and evidence.plan.is_judged_as(plan)
            narrow = evidence.plan.only and same and _is_concluded(evidence)
            if narrow and judge(evidence).settled:
                return evidence
        return None

    def _counted(self, trial: TrialVerdict) -> TrialVerdict:
        if trial.reach is not None:
            self.reaches[trial.requested] = trial.reach
        return trial

    def _first(self, plan: Plan, baseline: Evidence) -> FirstLook | None:
        """Return what to ask first of a trial; nothing with another Python, which reaches all."""
        look = self.look_first
        if look is None or plan.python != baseline.plan.python:
            return None
        reach = Reach(baseline)
        worked = _passed(reach.verdict)

        def hear(result: CheckResult, seconds: float) -> None:
            breaks = _breaks(result, worked)
            look.heard(FirstAnswer(result=result, breaks=breaks, seconds=seconds))

        return FirstLook(
            reached=reach.reached,
            heard=hear,
            settles=lambda result: _breaks(result, worked) and look.one_break_is_enough(),
            go_on=lambda verdict: look.go_on(FirstAnswers(verdict=verdict, baseline=reach.verdict)),
        )

    def end(
        self,
        plan: Plan,
        base: Plan,
        companions: tuple[Change, ...],
        seconds: float,
        *,
        refused: RefusedStage | None = None,
        trouble: str | None = None,
    ) -> TrialVerdict:
        """Leave evidence and verdict of a trial that ended with its resolution in some seconds.

        Either a stage was `refused`, or `trouble` says why nothing is known of it.
        """
        evidence = Evidence.create(self.runner.project.home(plan), plan)
        started = datetime.now(timezone.utc) - timedelta(seconds=seconds)
        if refused is not None:
            log = evidence.folder / InRun.STAGE_LOGS / f"{refused.stage.name}.log"
            write_atomically(log, refused.words)
            record = StageRecord(
                started=started,
                seconds=round(seconds, 3),
                name=refused.stage.name,
                command=shown_command(refused.stage.requirements),
                exit=1,
                log=log.relative_to(evidence.folder).as_posix(),
                tries=1,
                drift=drift_between({}, {}),
                failure="refused",
                message=in_words(refused.why),
            )
            evidence.write_stages([record])
            trouble = in_words(refused.trouble) if refused.trouble else None
        RunRecord.of_nothing_run(
            plan,
            suite=self.runner.project.suite_fingerprint,
            started=started,
            seconds=round(seconds, 3),
            notes=("nothing was installed: the trial ended with its resolution",),
            trouble=trouble,
        ).write(evidence.folder / InRun.RECORD)
        why = refused.why if refused is not None else None
        return self._conclude(_judged(evidence, base, companions, why=why), evidence)

    def amend(self, trial: TrialVerdict, **more: object) -> TrialVerdict:
        """Write down what was found about a trial after it was judged."""
        amended = trial.model_copy(update=more)
        self.write(self.evidence(trial), amended)
        return amended

    def evidence(self, trial: TrialVerdict) -> Evidence:
        """Return what the latest trial of the same requirements on the same row left behind."""
        matrix, row = trial.base_row.split("/")
        home = self.runner.project.trial_home(matrix, row, trial.requested)
        return Evidence((home / InRow.LATEST).resolve())

    def baseline(self, base: Plan) -> Evidence:
        """Return the evidence to compare with: a fresh enough run of the row, or a new one.

        Raises CannotJudgeError if a new one could not be judged.
        """
        with self._making(self.runner.project.home(base)):
            found = self.runner.recall(base, not_before=self.not_before)
            if found is not None:
                return found
            verdict, evidence = self.runner.run(base)
        if not verdict.settled:
            said = verdict.trouble or verdict.untold
            raise CannotJudgeError(f"the baseline {base.matrix}/{base.row}: {said}")
        return evidence

    def _conclude(self, trial: TrialVerdict, evidence: Evidence) -> TrialVerdict:
        """Write a trial's verdict and reports, and make it the latest of its kind."""
        self.write(evidence, trial)
        evidence.publish()
        return trial


def _passed(verdict: Verdict) -> AbstractSet[str]:
    return {check.id for check in verdict.checks if check.outcome == "passed"}


def _breaks(answer: CheckResult | Check, worked: AbstractSet[str]) -> bool:
    """Tell whether a trial's answer to a check breaks it: it passed for the row, and fails here."""
    return answer.outcome == "failed" and answer.id in worked


def _is_concluded(evidence: Evidence) -> bool:
    """Tell whether a run was written down as a trial: one may end before it comes to that."""
    return TrialVerdict.load_or_none(evidence.folder / InRun.VERDICT) is not None


def _gone(plan: Plan, verdict: Verdict) -> frozenset[str]:
    """Return the checks that go with the pins which a plan leaves out by their markers."""
    of_pins = {CheckId(kind, pin) for kind in ("import", "version") for pin in plan.left_out}
    lacking = verdict.left_out.items()
    workloads = {name for name, needs in lacking if needs and plan.left_out.keys() >= {*needs}}
    return frozenset(of_pins | {CheckId("smoke", name) for name in workloads})


def _judged(
    evidence: Evidence,
    base: Plan,
    companions: tuple[Change, ...],
    *,
    why: Reason | None = None,
    baseline: Evidence | None = None,
) -> TrialVerdict:
    """Judge a trial, and compare it with its baseline."""
    plan, verdict = evidence.plan, judge(evidence)
    comparison = reach = None
    if baseline is not None and not plan.only and plan.python == baseline.plan.python:
        reach = Reach(baseline).judged(evidence, verdict)
    if baseline is not None:
        sides = [(baseline, judge(baseline)), (evidence, verdict)]
        lucky = {
            check.id
            for run, judged in sides
            for check in judged.checks
            if run.overwritten is not None and run.overwritten.obscures(check.id)
        }
        before = sides[0][1]
        if plan.only:  # it ended with its first look: what was not asked says nothing
            ids = {check.id for check in verdict.checks}
            checks = tuple(check for check in before.checks if check.id in ids)
            before = before.model_copy(update={"checks": checks})
        comparison = compare(before, verdict, lucky=lucky, gone=_gone(plan, verdict))
    changes: dict[str, Move] = {}
    unmet: dict[str, str | None] = {}
    freeze = evidence.freeze
    if baseline is not None and freeze:
        built = not any(stage.failure for stage in evidence.stages)
        asked = versions_asked(plan.requested)
        changes = moved(baseline.freeze, freeze, asked, built=built)
        unmet = unheld(asked, freeze) if built else {}
    return TrialVerdict(
        **dict(verdict),
        base_row=f"{base.matrix}/{base.row}",
        requested=plan.requested,
        resolvable=why is None,
        reason=in_words(why) if why else None,
        why=why,
        baseline=f"{base.matrix}/{base.row}/{baseline.folder.name}" if baseline else None,
        comparison=comparison,
        moved=changes,
        # What has a range may move in it; the version check tells whether it left it.
        pins_moved=tuple(
            name for name in changes if name in base.versions and name not in plan.left_out
        ),
        companions=companions,
        unmet=unmet,
        reach=reach,
    )
