"""The answers of a run, check by check: what the build left, what the suite said, what counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import (
    CheckResult,
    FailureKind,
    Outcome,
    RunRecord,
    StageRecord,
    SuiteResults,
)
from stackproof.evidence.reports import InRun
from stackproof.evidence.suspects import link_answers
from stackproof.evidence.worded import of_complaints, with_why
from stackproof.matrix.checks import ALL, KINDS, CheckId
from stackproof.matrix.plan import Plan
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words, sayable

__all__ = ["Answers", "answer_files", "answered_checks", "answers_of"]

#: pytest's exit codes where every test passed and where some failed
#: (https://docs.pytest.org/en/stable/reference/exit-codes.html): it came to its end.
_ENDED = (0, 1)
#: The files that hold answers, or what answers hang on.
_FILES = (
    InRun.ACCELERATORS,
    InRun.CHECKS,
    InRun.COMMANDS,
    InRun.FREEZE,
    InRun.LINKS,
    InRun.OVERWRITTEN,
    InRun.PIP_CHECK,
    InRun.STAGES,
)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What was answered, by the ids of checks.

    `given` holds the answers; a check that is planned and is not among them was not run, and has a
    skip in `every` that says why. `suite` is what the suite said; `suite_ended` says whether it ran
    to its end, which may be the answer that settled what was asked, and `ended` whether the run
    came to its end and asked all that it was to ask.
    """

    given: Mapping[str, CheckResult]
    every: Mapping[str, CheckResult]
    suite: SuiteResults
    suite_ended: bool
    ended: bool


def answer_files(evidence: Evidence) -> tuple[str, ...]:
    """Return the names of the files with answers that are in a run's folder."""
    return tuple(name for name in _FILES if (evidence.folder / name).exists())


def answers_of(evidence: Evidence, plan: Plan, run: RunRecord) -> Answers:
    """Return what the checks of a run answered, from its files.

    A failure counts only if what it was seen in came to its end: what went on while a disk was
    full, or a run was being stopped, says nothing of the stack.
    """
    suite, stages, well = evidence.suite, evidence.stages, run.trouble is None
    suite_ended = suite.exit in _ENDED or run.settled_by is not None
    refused = next((stage.name for stage in stages if stage.failure), None)
    sound = {
        "build": well or run.built,
        "suite": well and suite_ended,
        "command": well,
        "links": well,
    }
    outside = (
        *_of_stages(stages),
        *_of_pip_check(evidence, plan),
        *_of_overwritten(evidence, plan),
        *_of_accelerators(evidence, plan),
        *link_answers(evidence.links, plan),
    )
    asked = (answer for answer in outside if _is_asked(answer, plan))
    made = (*asked, *map(with_why, (*suite.checks, *evidence.commands)))
    given = {answer.id: _counted(answer, sound) for answer in made}
    why = reason("not-run") if refused is None else reason("not-run-after", stage=refused)
    missing = {
        check: CheckResult(id=check, outcome="skipped", message=in_words(why), why=why, seconds=0.0)
        for check in plan.checks
        if check not in given
    }
    asked_all = not missing and (not plan.asks_suite or (sound["suite"] and not suite.errors))
    return Answers(
        given=given,
        every={**given, **missing},
        suite=suite,
        suite_ended=suite_ended,
        ended=well and (refused is not None or asked_all),
    )


def answered_checks(evidence: Evidence, plan: Plan, run: RunRecord) -> tuple[str, ...]:
    """Return the checks that have an answer, other than that they were skipped."""
    given = answers_of(evidence, plan, run).given
    return tuple(check for check, answer in given.items() if answer.outcome != "skipped")


def _counted(answer: CheckResult, sound: Mapping[str, bool]) -> CheckResult:
    """Return an answer, as a skip where it is a failure that does not count."""
    kind = KINDS.get(answer.kind)
    if answer.outcome != "failed" or kind is None or sound[kind.answered_by]:
        return answer
    why = reason("unended", why=sayable(answer.why, answer.message))
    changes = {"outcome": "skipped", "message": in_words(why), "why": why}
    return answer.model_copy(update=changes)


def _is_asked(answer: CheckResult, plan: Plan) -> bool:
    """Tell whether an answer belongs to the run; a stage that failed does, asked for or not."""
    failed_stage = answer.kind == "stage" and answer.outcome != "passed"
    return not plan.only or answer.id in plan.only or failed_stage


def _of_stages(stages: Sequence[StageRecord]) -> Iterator[CheckResult]:
    """Yield the answer of each stage that ran; one that was kept from running is no failure."""
    outcomes: dict[FailureKind | None, Outcome] = {None: "passed", "refused": "failed"}
    for stage in stages:
        yield CheckResult(
            id=CheckId("stage", stage.name),
            outcome=outcomes.get(stage.failure, "skipped"),
            message=stage.message,
            seconds=stage.seconds,
            processor_seconds=stage.processor_seconds,
            peak_memory=stage.peak_memory,
        )


def _of_pip_check(evidence: Evidence, plan: Plan) -> Iterator[CheckResult]:
    found = evidence.pip_check
    if found is None:
        return
    every = [line for lines in found.complaints.values() for line in lines]
    well = found.exit == 0 and not every
    yield CheckResult(
        id=CheckId("pip-check"),
        outcome="passed" if well else "failed",
        message="" if well else "\n".join(every) or found.output,
        why=None if well else of_complaints(every),
        seconds=found.seconds,
    )
    for name, lines in found.complaints.items():
        yield CheckResult(
            id=CheckId("pip-check", name),
            outcome="failed",
            message="\n".join(lines),
            why=of_complaints(lines),
            seconds=0.0,
        )
    yield from _over(plan, "pip-check", {ALL, *found.complaints})


def _of_overwritten(evidence: Evidence, plan: Plan) -> Iterator[CheckResult]:
    found = evidence.overwritten
    if found is None:
        return
    freeze = evidence.freeze
    for name in found.subjects:
        why = found.about(freeze, name).then(reason("last-stands"))
        yield CheckResult(
            id=CheckId("overwrite", name),
            outcome="failed",
            message=in_words(why),
            why=why,
            seconds=0.0,
        )
    yield from _over(plan, "overwrite", set(found.subjects))


def _of_accelerators(evidence: Evidence, plan: Plan) -> Iterator[CheckResult]:
    found = evidence.accelerators
    if found is None:
        return
    told = {name: (well, why) for name, well, why in found.answers()}
    for name, (well, why) in told.items():
        yield CheckResult(
            id=CheckId("build", name),
            outcome="passed" if well else "failed",
            message=in_words(why),
            why=why,
            seconds=0.0,
        )
    yield from _over(plan, "build", set(told))


def _over(plan: Plan, kind: str, failed: AbstractSet[str]) -> Iterator[CheckResult]:
    """Yield each check of a kind that is named and did not fail: the expected failure is over."""
    for check in dict.fromkeys([*(known.check for known in plan.known_failures), *plan.only]):
        asked = CheckId.parse(check)
        if asked.kind == kind and asked.subject not in failed:
            yield CheckResult(id=check, outcome="passed", message="", seconds=0.0)
