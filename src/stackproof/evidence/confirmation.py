"""What unexpected results of a run came to when they were asked for once more."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from stackproof.base.records import Record
from stackproof.evidence.records import CheckResult

__all__ = ["Confirmation"]


class Confirmation(Record):
    """The answers of a second environment, the form of `confirmation.json`.

    `run` is the name of the folder that has its evidence. `same` says whether it held the same
    distributions as the first one did: answers of any other one say nothing of that. `released` are
    the answers of a third one without the pre-releases that the row lets in, where it does.
    """

    format: Literal[1] = 1
    run: str
    started: datetime
    same: bool
    checks: tuple[CheckResult, ...]
    released: tuple[CheckResult, ...] | None = None

    @property
    def answers(self) -> dict[str, CheckResult]:
        """The answers that count beside those of the first environment, by check."""
        return {check.id: check for check in self.checks} if self.same else {}
