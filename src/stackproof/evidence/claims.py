"""The claims of the document, judged: by the checks of a run, and by what the audit answered.

This is the one judge of claims: `verdict.json`, the report, the page and the document repeat it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from stackproof.base.records import Record
from stackproof.evidence.records import CheckResult
from stackproof.matrix.planned import PlannedClaim
from stackproof.reasons.reason import Reason

__all__ = ["AuditAnswers", "ClaimAnswer", "ClaimState", "ClaimVerdict", "judge_claims"]

ClaimState = Literal["proved", "refuted", "not provable"]


class ClaimAnswer(Record):
    """What the audit says of one check of a claim, and why; `because` is that in English."""

    matrix: str
    row: str
    pin: str | None
    text: str
    check: str
    state: ClaimState
    because: str
    why: Reason | None = None


class ClaimVerdict(Record):
    """A claim of the document, judged by its checks; `because` holds those that decided."""

    pin: str | None
    text: str
    state: ClaimState
    because: tuple[str, ...]


#: What an audit answered of a row, by pin, words and check of the claim.
AuditAnswers: TypeAlias = Mapping[tuple[str | None, str, str], ClaimAnswer]

_DECISIVE_FIRST: tuple[ClaimState, ...] = ("refuted", "not provable", "proved")
_OF_OUTCOMES: Mapping[str, ClaimState] = {
    "passed": "proved",
    "failed": "refuted",
    "skipped": "not provable",
}


def judge_claims(
    claims: Sequence[PlannedClaim], results: Mapping[str, CheckResult], audited: AuditAnswers
) -> Iterator[ClaimVerdict]:
    """Yield the verdict on each claim, by the `results` of a run and what the audit answered.

    A claim is refuted if one of its checks is, or if the audit found something against it beside
    them, such as a pair that its words name; it is proved if all of its checks are.
    """
    for claim in claims:
        states = {check: _state(claim, check, results, audited) for check in claim.checks}
        states.update((check, "refuted") for check in _refuted_besides(claim, audited))
        found = set(states.values())
        state = next((state for state in _DECISIVE_FIRST if state in found), "not provable")
        because = tuple(check for check in states if states[check] == state)
        yield ClaimVerdict(pin=claim.pin, text=claim.text, state=state, because=because)


def _state(
    claim: PlannedClaim, check: str, results: Mapping[str, CheckResult], audited: AuditAnswers
) -> ClaimState:
    result, answer = results.get(check), audited.get((claim.pin, claim.text, check))
    if result is not None:
        return _OF_OUTCOMES[result.outcome]
    return answer.state if answer is not None else "not provable"


def _refuted_besides(claim: PlannedClaim, audited: AuditAnswers) -> Iterator[str]:
    for (pin, text, check), answer in audited.items():
        is_of_claim = (pin, text) == (claim.pin, claim.text) and check not in claim.checks
        if is_of_claim and answer.state == "refuted":
            yield check
