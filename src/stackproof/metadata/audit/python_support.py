"""Whether each pin is made for the row's Python, by Requires-Python and by its classifiers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from stackproof.metadata.audit.exists import nearest
from stackproof.metadata.audit.record import Finding
from stackproof.metadata.audit.subject import PinFacts, Subject
from stackproof.reasons.reason import Reason, reason

__all__ = ["check", "requires_python", "support"]


def requires_python(pin: PinFacts) -> str | None:
    """Return the Requires-Python of a pin's release, None where it sets no limit."""
    if pin.metadata is not None:
        return pin.metadata.requires_python
    files = pin.release.files if pin.release else ()
    return next((file.requires_python for file in files if file.requires_python), None)


def support(
    subject: Subject, pin: PinFacts
) -> Literal["declared", "admitted", "refused", "unknown"]:
    """Return how a pin stands to the row's Python; "declared" is by classifier as well.

    A page that sets no limit leaves open whether the release's own metadata does.
    """
    if pin.release is None or (pin.metadata is None and requires_python(pin) is None):
        return "unknown"
    if not subject.target.admits_python(requires_python(pin)):
        return "refused"
    pythons = pin.metadata.pythons if pin.metadata else ()
    return "declared" if subject.target.python in pythons else "admitted"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each pin that refuses the Python, a note where it names only others."""
    python = subject.target.python
    for pin in subject.pins.values():
        state = support(subject, pin)
        if state == "refused":
            near = nearest(subject, pin)
            asked = requires_python(pin) or ""
            why = reason("python-refused", pin=str(pin), requires=asked, python=python).then(
                reason("nearest-for-python", versions=near) if near else reason("none-for-python")
            )
            checks = subject.checks_of(pin.name)
            yield subject.finding("python", "error", why, pin=pin.name, checks=checks)
        elif state == "admitted" and pin.metadata is not None and pin.metadata.pythons:
            why = _unnamed(pin, python, pin.metadata.pythons)
            yield subject.finding("python", "note", why, pin=pin.name)


def _unnamed(pin: PinFacts, python: str, pythons: tuple[str, ...]) -> Reason:
    oldest, *others = sorted(pythons, key=lambda text: int(text.split(".")[1]))
    if not others:
        return reason("python-unnamed", pin=str(pin), python=python, named=oldest)
    return reason(
        "python-span-unnamed", pin=str(pin), python=python, oldest=oldest, newest=others[-1]
    )
