"""One check of a run, judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from stackproof.base.records import Record
from stackproof.evidence.failures import Failure, severity
from stackproof.evidence.records import Outcome
from stackproof.reasons.reason import Reason

__all__ = ["Again", "Check", "State", "by_root"]

State = Literal["ok", "known", "new", "fixed", "unsteady", "skipped"]


class Again(Record):
    """What a check answered when it was asked once more, in a fresh environment.

    `why` is the `message` as a record, where that is in words of ours.
    """

    outcome: Outcome
    message: str
    why: Reason | None = None


class Check(Record):
    """One check, judged; `reason` is the matrix's where the failure is a known one.

    `why` is the `message` as a record, where that is in words of ours.
    `failure` says what kind of failure it met, and is None for a check that did not fail.
    `processor_seconds` are those of its processes, `peak_memory` is that of the largest of them in
    bytes, each None where nobody measured. `modules` are those that an import check imported: of a
    distribution that installs none it passes, and shows nothing. `again` is its second answer,
    where it was asked for one.
    """

    id: str
    kind: str
    subject: str
    outcome: Outcome
    state: State
    grade: str
    message: str
    why: Reason | None = None
    reason: str | None
    seconds: float
    processor_seconds: float | None = None  # older files have none, nor what comes next
    peak_memory: int | None = None
    modules: tuple[str, ...] | None = None
    failure: Failure | None = None  # older files have none
    again: Again | None = None  # older files have none

    @property
    def because(self) -> str | None:
        """The id of the check that this one fails only because of, if there is one."""
        return self.failure.because if self.failure else None


def by_root(checks: Sequence[Check]) -> list[tuple[Check, list[Check]]]:
    """Return each check that fails for itself, the worst first, and those that fail because of it.

    One whose root is not among them stands for itself.
    """
    here = {check.id for check in checks}
    roots = [check for check in checks if check.because not in here]
    return [
        (root, [check for check in checks if check.because == root.id])
        for root in sorted(roots, key=lambda check: severity(check.failure))
    ]
