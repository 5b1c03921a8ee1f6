"""What the constraint files of a row say of each pin: agrees, differs, or does not mention it."""

from __future__ import annotations

from collections.abc import Iterator

from stackproof.base.versions import overlap, satisfies
from stackproof.index.constraints.facts import ConstraintFacts
from stackproof.metadata.audit.record import ConstraintAnswer, Finding
from stackproof.metadata.audit.subject import PinFacts, Subject
from stackproof.reasons.reason import reason

__all__ = ["answers", "check"]


def answers(subject: Subject, pin: PinFacts) -> tuple[ConstraintAnswer, ...]:
    """Return what each constraint file of the row says of a pin."""
    return tuple(_answer(facts, pin) for facts in subject.constraints)


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each pin at another version than a constraint file's."""
    for pin in subject.pins.values():
        for facts in subject.constraints:
            answer = _answer(facts, pin)
            if answer.state == "differs":
                why = reason(
                    "constraint-differs",
                    name=pin.name,
                    asked=pin.planned.asked,
                    file=facts.title,
                    says=answer.says or "",
                )
                yield subject.finding("constraints", "warning", why, pin=pin.name)


def _answer(facts: ConstraintFacts, pin: PinFacts) -> ConstraintAnswer:
    requirement = facts.says.get(pin.name)
    if requirement is None:
        return ConstraintAnswer(source=facts.name, state="not mentioned", says=None)
    says = str(requirement.specifier).removeprefix("==")
    specifier = str(requirement.specifier)
    agrees = (
        satisfies(pin.version, specifier) if pin.exact else overlap(specifier, pin.planned.range)
    )
    return ConstraintAnswer(source=facts.name, state="agrees" if agrees else "differs", says=says)
