"""What an audit says of each pin, whatever comes of it: the table of `audit.json`."""

from __future__ import annotations

from collections.abc import Iterator

from stackproof.metadata.audit import constraints, exists, freshness, python_support
from stackproof.metadata.audit.record import PinAnswer
from stackproof.metadata.audit.subject import Subject

__all__ = ["pin_answers"]


def pin_answers(subject: Subject) -> Iterator[PinAnswer]:
    """Yield what there is to say of each pin of a row, in the order of the matrix."""
    for pin in subject.pins.values():
        how = exists.how(pin)
        yield PinAnswer(
            matrix=subject.plan.matrix,
            row=subject.plan.row,
            pin=pin.name,
            version=pin.version,
            range=None if pin.exact else pin.planned.range,
            exists=how,
            nearest=exists.nearest(subject, pin) if how not in ("wheel", "source") else (),
            requires_python=python_support.requires_python(pin),
            classifiers=pin.metadata.pythons if pin.metadata else (),
            python=python_support.support(subject, pin),
            constraints=constraints.answers(subject, pin),
            freshness=freshness.answer(pin, subject.as_of),
        )
