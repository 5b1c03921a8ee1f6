"""Whether a finding is an expected failure of its row, as a run would tell by the words of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from stackproof.evidence.said import says
from stackproof.matrix.checks import CheckId
from stackproof.matrix.planned import PlannedFailure
from stackproof.metadata.audit.record import Finding
from stackproof.reasons.reason import Reason, reason

__all__ = ["Account", "Exactly", "Messages", "expectation", "uncompared"]

#: Whether a run will say some words: where a run alone can tell, whether they were seen here.
Answer: TypeAlias = Literal["yes", "no", "likely", "untold"]


class Line(Protocol):
    """A line of a failure's message, as far as metadata tells it."""

    def has(self, words: str) -> Answer:
        """Tell whether it has words."""


#: What is known of the messages of checks.
Messages: TypeAlias = Mapping[str, Sequence[Line]]


@dataclass(frozen=True)
class Exactly:
    """A line that a run words in the same way."""

    text: str

    def has(self, words: str) -> Answer:
        """Tell whether it has words."""
        return "yes" if says(self.text, words) else "no"


@dataclass(frozen=True)
class Account:
    """Words like those of a run, which may put it otherwise."""

    text: str

    def has(self, words: str) -> Answer:
        """Tell whether it has words."""
        return "likely" if says(self.text, words) else "untold"


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """Why a failure is expected, None where it is not; `doubt` is why that cannot be told."""

    known: str | None = None
    doubt: Reason | None = None


def expectation(
    failures: Sequence[PlannedFailure], checks: Collection[str], messages: Messages
) -> Expectation:
    """Return whether what fails these checks is expected.

    Never where a run would tell it from the expected failure by its words, or might.
    """
    answers = list(_answers(failures, checks, messages))
    found: dict[Answer, PlannedFailure] = {answer: item for item, answer in reversed(answers)}
    if "no" in found:
        return Expectation()
    if "untold" in found:
        return Expectation(doubt=_doubt(found["untold"], seen=False))
    if "yes" in found:
        return Expectation(known=found["yes"].reason)
    if "likely" in found:
        return Expectation(doubt=_doubt(found["likely"], seen=True))
    return Expectation()


def uncompared(findings: Iterable[Finding]) -> tuple[Reason, ...]:
    """Return what cannot be judged: by which words of which row nobody here can go, each once."""
    doubts = (
        reason("of-name", name=f"{item.matrix}/{item.row}", why=doubt)
        for item in findings
        for doubt in (item.why.also if item.why else ())
        if doubt.name == "words-unseen"
    )
    return tuple(dict.fromkeys(doubts))


def _doubt(failure: PlannedFailure, *, seen: bool) -> Reason:
    check, words = failure.check, failure.says or ""
    return reason("words-uncompared" if seen else "words-unseen", check=check, words=words)


def _answers(
    failures: Sequence[PlannedFailure], checks: Collection[str], messages: Messages
) -> Iterator[tuple[PlannedFailure, Answer]]:
    """Yield each expected failure that counts, and whether it is this one.

    Where a stage is refused a run comes to no other check. What `pip-check:NAME` complains of is a
    line of `pip-check:*` as well, and may be news there.
    """
    felt = [check for check in checks if CheckId.parse(check).kind == "stage"] or checks
    complaints = [
        line for check in checks if _is_complaint(check) for line in messages.get(check, ())
    ]
    for item in failures:
        if item.check in felt:
            yield item, _answer(item, messages.get(item.check))
        elif item.check == CheckId("pip-check") and complaints:
            answer = _answer(item, complaints)
            if answer in ("no", "untold"):
                yield item, answer


def _answer(failure: PlannedFailure, lines: Sequence[Line] | None) -> Answer:
    """Return whether each line of a failure has the words that it is expected by."""
    words = failure.says
    if words is None:
        return "yes"
    if not lines:
        # Of a refused stage, and of what the stages leave, the rule `joint` has more to compare.
        return "likely" if CheckId.parse(failure.check).kind in ("stage", "version") else "untold"
    answers = {line.has(words) for line in lines}
    order: tuple[Answer, ...] = ("no", "untold", "likely", "yes")
    return next(answer for answer in order if answer in answers)


def _is_complaint(check: str) -> bool:
    return CheckId.parse(check).kind == "pip-check"
