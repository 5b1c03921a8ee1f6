"""What unexpected results of a run came to when they were asked for once more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from stackproof.base.records import Record
from stackproof.evidence.records import CheckResult

__all__ = ["UNASKED", "UNLIKE", "Confirmation", "unconfirmed"]

#: How notes of a run begin that say why its unexpected results are not confirmed.
UNLIKE = "asked again, and not confirmed by that: the second environment"
UNASKED = "not confirmed, since it could not be asked again"


def unconfirmed(notes: Iterable[str]) -> tuple[str, ...]:
    """Return those notes of a run that say why its unexpected results are not confirmed."""
    return tuple(note for note in notes if note.startswith((UNLIKE, UNASKED)))


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
