"""The verdict: evidence judged. Works from files alone, so it can be had again a year later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from stackproof.checks import ALL, KINDS, CheckId
from stackproof.environment import FailureKind
from stackproof.evidence import CheckResult, Evidence, Outcome
from stackproof.plan import Installer, Plan, PlannedClaim, PlannedFailure, timestamp
from stackproof.records import Record
from stackproof.text import Said, plain

__all__ = ["Check", "ClaimVerdict", "State", "Verdict", "judge"]

State = Literal["ok", "known", "new", "fixed", "skipped"]

#: pytest's exit code where no test is one of those that were asked for.
_NOTHING_FOUND = 5


class Check(Record):
    """One check, judged; `reason` is the matrix's where the failure is a known one.

    `modules` are those that an import check imported: of a distribution that installs none it
    passes, and shows nothing.
    """

    id: str
    kind: str
    subject: str
    outcome: Outcome
    state: State
    grade: str
    message: str
    reason: str | None
    seconds: float
    modules: tuple[str, ...] | None = None


class ClaimVerdict(Record):
    """A claim of the document, judged by its checks; `because` holds those that decided."""

    pin: str | None
    text: str
    state: Literal["proved", "refuted", "not provable"]
    because: tuple[str, ...]


class UsedConstraints(Record):
    """Where the constraint file came from, and its sha256."""

    source: str
    sha256: str


class Verdict(Record):
    """A run, judged. The form of `verdict.json`; `seconds` is wall time.

    `trouble` says why a run could not be judged and is None for one that was. `left_out` maps the
    workloads that need distributions which the row neither pins nor has to those distributions.
    """

    format: Literal[1] = 1
    matrix: str
    row: str
    python: str
    installer: Installer
    as_of: str | None
    constraints: UsedConstraints | None
    verdict: Literal["ok", "broken", "unjudged"]
    trouble: Said | None
    started: datetime
    seconds: float
    checks: tuple[Check, ...]
    claims: tuple[ClaimVerdict, ...]
    left_out: dict[str, tuple[str, ...]] = Field(default={})  # older files have none
    counts: dict[str, int]

    @property
    def exit_code(self) -> int:
        """0 if nothing is news, 1 for news, 2 where the run could not be judged."""
        if self.verdict == "unjudged":
            return 2
        return 1 if self.news else 0

    @property
    def news(self) -> tuple[Check, ...]:
        """The checks that a reader does not know of yet: new failures, and failures now fixed."""
        return tuple(check for check in self.checks if check.state in ("new", "fixed"))

    def in_state(self, *states: State) -> tuple[Check, ...]:
        """Return the checks that are in one of the states."""
        return tuple(check for check in self.checks if check.state in states)


def judge(evidence: Evidence) -> Verdict:
    """Judge a run from its folder."""
    plan, run = evidence.plan, evidence.run
    answers = {answer.id: answer for answer in _answers(evidence, plan)}
    results = {**answers, **_unanswered(evidence, plan, answers)}
    checks = _ordered(_judged(plan, results))
    trouble = run.trouble or _gap(evidence, plan, answers)
    failed = any(check.outcome == "failed" for check in checks)
    used = run.constraints[0] if run.constraints else None
    return Verdict(
        matrix=plan.matrix,
        row=plan.row,
        python=run.python,
        installer=run.installer,
        as_of=timestamp(plan.as_of) if plan.as_of else None,
        constraints=UsedConstraints(source=used.source, sha256=used.sha256) if used else None,
        verdict="unjudged" if trouble else "broken" if failed else "ok",
        trouble=plain(trouble) if trouble else None,
        started=run.started,
        seconds=run.seconds,
        checks=checks,
        # A run that could not be judged proves nothing, and refutes nothing.
        claims=tuple(_judge_claim(claim, {} if trouble else results) for claim in plan.claims),
        left_out=evidence.left_out,
        counts=_counts(checks),
    )


def _answers(evidence: Evidence, plan: Plan) -> Iterator[CheckResult]:
    """Yield the result of every check that was made, skips by the suite among them."""
    outside = (*_stage_results(evidence), *_pip_check_results(evidence, plan))
    yield from (result for result in outside if _is_asked(result, plan))
    yield from evidence.suite.checks


def _unanswered(
    evidence: Evidence, plan: Plan, answers: Mapping[str, CheckResult]
) -> dict[str, CheckResult]:
    """Return a skip for every check that is planned and has no answer."""
    failed = next((stage for stage in evidence.stages if stage.failure), None)
    reason = f"not run: stage {failed.name} failed" if failed else "not run"
    return {
        check: CheckResult(id=check, outcome="skipped", message=reason, seconds=0.0)
        for check in plan.checks
        if check not in answers
    }


def _is_asked(result: CheckResult, plan: Plan) -> bool:
    """Tell whether a result belongs to the run; a stage that failed does, asked for or not."""
    failed_stage = result.kind == "stage" and result.outcome != "passed"
    return not plan.only or result.id in plan.only or failed_stage


def _stage_results(evidence: Evidence) -> Iterator[CheckResult]:
    """Yield a result for each stage that ran; one that was kept from running is no failure."""
    outcomes: dict[FailureKind | None, Outcome] = {None: "passed", "refused": "failed"}
    for stage in evidence.stages:
        yield CheckResult(
            id=CheckId("stage", stage.name),
            outcome=outcomes.get(stage.failure, "skipped"),
            message=stage.message,
            seconds=stage.seconds,
        )


def _pip_check_results(evidence: Evidence, plan: Plan) -> Iterator[CheckResult]:
    found = evidence.pip_check
    if found is None:
        return
    every = [line for lines in found.complaints.values() for line in lines]
    yield CheckResult(
        id=CheckId("pip-check"),
        outcome="passed" if found.exit == 0 else "failed",
        message="" if found.exit == 0 else "\n".join(every) or found.output,
        seconds=found.seconds,
    )
    for name, lines in found.complaints.items():
        yield CheckResult(
            id=CheckId("pip-check", name), outcome="failed", message="\n".join(lines), seconds=0.0
        )
    # A distribution that has stopped complaining is a check that passes: its known failure is over.
    named = dict.fromkeys([*(known.check for known in plan.known_failures), *plan.only])
    for check in named:
        asked = CheckId.parse(check)
        if asked.kind == "pip-check" and asked.subject not in (ALL, *found.complaints):
            yield CheckResult(id=check, outcome="passed", message="", seconds=0.0)


def _judged(plan: Plan, results: Mapping[str, CheckResult]) -> Iterator[Check]:
    known = {failure.check: failure for failure in plan.known_failures}
    for result in results.values():
        reason = _known_reason(result, known.get(result.id))
        yield Check(
            id=result.id,
            kind=result.kind,
            subject=result.subject,
            outcome=result.outcome,
            state=_state(result.outcome, known=reason is not None),
            grade=result.grade,
            message=plain(result.message),
            reason=reason,
            seconds=result.seconds,
            modules=result.modules,
        )


def _known_reason(result: CheckResult, known: PlannedFailure | None) -> str | None:
    """Return why a failure is a known one; None if it is not, or not the one that was meant."""
    if known is None:
        return None
    meant = known.says is None or all(known.says in text for text in _complaints(result))
    return known.reason if meant or result.outcome != "failed" else None


def _complaints(result: CheckResult) -> Sequence[str]:
    """Return what a failure says, part by part: beside what is known, another may have come."""
    if result.kind == "pip-check" or result.id == CheckId("import"):
        # What a common import printed comes after an empty line.
        return result.message.partition("\n\n")[0].splitlines() or [""]
    return [result.message]


def _state(outcome: Outcome, *, known: bool) -> State:
    if outcome == "skipped":
        return "skipped"
    if outcome == "failed":
        return "known" if known else "new"
    return "fixed" if known else "ok"


def _gap(evidence: Evidence, plan: Plan, answers: Mapping[str, CheckResult]) -> str | None:
    """Say what keeps a run without trouble from being judged all the same, or None."""
    if any(stage.failure for stage in evidence.stages):
        return (
            None  # the stack cannot be installed: that is the verdict, and nothing else could run
        )
    return (
        (_gap_in_suite(evidence) if plan.asks_suite else None)
        or _gap_in_checks(plan, answers)
        or _gap_in_skips(plan, answers)
    )


def _gap_in_suite(evidence: Evidence) -> str | None:
    suite = evidence.suite
    if suite.errors:
        return "the suite has errors:\n" + "\n".join(suite.errors)
    if suite.exit == _NOTHING_FOUND:
        return f"the suite has no check {' or '.join(evidence.plan.checks)}; see suite.log"
    if suite.exit not in (0, 1):
        return f"the suite did not run to its end (pytest's exit code: {suite.exit}); see suite.log"
    if all(result.outcome == "skipped" for result in suite.checks):
        return "the suite executed nothing: every check was skipped"
    return None


def _gap_in_skips(plan: Plan, answers: Mapping[str, CheckResult]) -> str | None:
    """Say which workloads were skipped that the matrix does not allow to be: they prove nothing."""
    skipped = [
        f"{result.id} ({result.message})"
        for result in answers.values()
        if result.outcome == "skipped" and result.id not in plan.allowed_skips
    ]
    if not skipped:
        return None
    return (
        f"checks were skipped that [[allowed-skips]] does not name: {'; '.join(skipped)}; "
        "give them what they need, or allow the skip with its reason"
    )


def _gap_in_checks(plan: Plan, answers: Mapping[str, CheckResult]) -> str | None:
    missing = [check for check in plan.checks if check not in answers]
    if missing:
        return f"planned checks were not run: {', '.join(missing)}"
    unknown = [item.check for item in plan.known_failures if item.check not in answers]
    if unknown:
        return (
            f"known failures name no check of this run: {', '.join(unknown)}; "
            "correct or remove them in the matrix"
        )
    return None


def _ordered(checks: Iterator[Check]) -> tuple[Check, ...]:
    """Return the checks by kind and, within a kind, the one over all first, then by subject."""

    def place(check: Check) -> tuple[int, bool, str]:
        return kinds.index(check.kind), check.subject != ALL, check.subject

    kinds = tuple(KINDS)
    stages: list[Check] = []
    others: list[Check] = []
    for check in checks:
        (stages if check.kind == "stage" else others).append(check)
    return (*stages, *sorted(others, key=place))


def _judge_claim(claim: PlannedClaim, results: Mapping[str, CheckResult]) -> ClaimVerdict:
    outcomes = {
        check: results[check].outcome if check in results else "skipped" for check in claim.checks
    }
    failed = tuple(check for check, outcome in outcomes.items() if outcome == "failed")
    open_ones = tuple(check for check, outcome in outcomes.items() if outcome == "skipped")
    state: Literal["proved", "refuted", "not provable"] = "proved"
    if failed:
        state = "refuted"
    elif open_ones or not outcomes:
        state = "not provable"
    return ClaimVerdict(
        pin=claim.pin,
        text=claim.text,
        state=state,
        because=failed or open_ones or tuple(outcomes),
    )


def _counts(checks: Sequence[Check]) -> dict[str, int]:
    found = Counter(check.outcome for check in checks) + Counter(
        check.state for check in checks if check.state in ("known", "new", "fixed")
    )
    return {name: found[name] for name in ("passed", "failed", "skipped", "known", "new", "fixed")}
