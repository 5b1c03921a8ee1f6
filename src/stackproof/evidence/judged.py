"""The answers of a run as judged checks: which of them are expected, which news, which unsteady."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from stackproof.base.text import plain
from stackproof.evidence.check import Again, Check, State
from stackproof.evidence.failures import failures
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import CheckResult
from stackproof.evidence.said import says
from stackproof.evidence.worded import with_why
from stackproof.matrix.checks import ALL, KINDS, CheckId
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedFailure

__all__ = ["counts_of", "judged_checks", "settled_results"]


def judged_checks(
    plan: Plan, results: Mapping[str, CheckResult], evidence: Evidence
) -> tuple[Check, ...]:
    """Return the answers of a run as checks, by kind and then by subject."""
    return _ordered(_judged(plan, results, evidence))


def _judged(plan: Plan, results: Mapping[str, CheckResult], evidence: Evidence) -> Iterator[Check]:
    known = {failure.check: failure for failure in plan.known_failures}
    whys = failures(results.values(), unbuilt=_unbuilt(evidence))
    confirmation = evidence.confirmation
    second = confirmation.answers if confirmation else {}
    for result in results.values():
        expected, again = known.get(result.id), second.get(result.id)
        reason = _known_reason(result, expected)
        yield Check(
            id=result.id,
            kind=result.kind,
            subject=result.subject,
            outcome=result.outcome,
            state=_state(result, expected, again),
            grade=result.grade,
            message=plain(result.message),
            why=result.why,
            reason=reason,
            seconds=result.seconds,
            processor_seconds=result.processor_seconds,
            peak_memory=result.peak_memory,
            modules=result.modules,
            failure=whys.get(result.id),
            again=_again(again) if again else None,
        )


def _again(result: CheckResult) -> Again:
    why = with_why(result).why
    return Again(outcome=result.outcome, message=plain(result.message), why=why)


def _unbuilt(evidence: Evidence) -> bool:
    return any(item.failed for item in evidence.built)


def _state(result: CheckResult, known: PlannedFailure | None, again: CheckResult | None) -> State:
    """Return the state of a check: unsteady where what is unexpected came as expected again."""
    state = _first_state(result, known)
    if state not in ("new", "fixed") or again is None:
        return state
    return "unsteady" if _first_state(again, known) in ("ok", "known") else state


def _first_state(result: CheckResult, known: PlannedFailure | None) -> State:
    outcome, is_known = result.outcome, _known_reason(result, known) is not None
    if outcome == "skipped":
        return "skipped"
    if outcome == "failed":
        return "known" if is_known else "new"
    return "fixed" if is_known else "ok"


def _known_reason(result: CheckResult, known: PlannedFailure | None) -> str | None:
    """Return why a failure is a known one; None if it is not, or not the one that was meant."""
    if known is None:
        return None
    meant = known.says is None or all(says(text, known.says) for text in _complaints(result))
    return known.reason if meant or result.outcome != "failed" else None


def _complaints(result: CheckResult) -> Sequence[str]:
    """Return what a failure says, part by part: beside what is known, another may have come."""
    if result.kind in ("pip-check", "link") or result.id == CheckId("import"):
        # What a common import printed comes after an empty line.
        return result.message.partition("\n\n")[0].splitlines() or [""]
    return [result.message]


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


def settled_results(
    results: Mapping[str, CheckResult], unsteady: Collection[str]
) -> dict[str, CheckResult]:
    """Return the answers, one that is unsteady as a skip: it proves nothing, nor refutes it."""
    return {
        check: result.model_copy(update={"outcome": "skipped"}) if check in unsteady else result
        for check, result in results.items()
    }


def counts_of(checks: Sequence[Check]) -> dict[str, int]:
    """Count the checks by outcome and, where it says more, by state."""
    states = ("known", "new", "fixed", "unsteady")
    found = Counter[str](check.outcome for check in checks if check.state != "unsteady")
    found.update(check.state for check in checks if check.state in states)
    return {name: found[name] for name in ("passed", "failed", "skipped", *states)}
