"""Whether each pin exists: on the index, not yanked, for Python and platform, with its extras."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from stackproof.base.times import timestamp
from stackproof.matrix.checks import CheckId
from stackproof.metadata.audit.expected import Exactly
from stackproof.metadata.audit.record import Finding, How
from stackproof.metadata.audit.subject import PinFacts, Subject
from stackproof.reasons.common import yanked
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["admits_python", "check", "how", "installable", "nearest", "never_released"]


def how(pin: PinFacts) -> How:
    """Return how a pin would be installed, or what keeps it from being."""
    if pin.project is None:
        return "no project"
    if pin.release is None:
        return "no version"
    if pin.file is None:
        return "no file"
    if pin.release.yanked is not None:
        return "yanked"
    return "wheel" if pin.file.is_wheel else "source"


def installable(pin: PinFacts) -> bool:
    """Tell whether an installer can take a pin: what was yanked it takes for an exact one alone."""
    state = how(pin)
    return state in ("wheel", "source") or (state == "yanked" and pin.exact)


def nearest(subject: Subject, pin: PinFacts) -> tuple[str, ...]:
    """Return the nearest releases below and above a pin that can be installed in the row."""
    if pin.project is None:
        return ()
    ends = _ends(pin)
    early = any(version.is_prerelease for version in ends)
    good = [
        version
        for version, release in pin.project.releases(subject.plan.cut_off_of(pin.name)).items()
        if version.is_prerelease <= early
        and release.yanked is None
        and subject.target.best(release) is not None
    ]
    if not ends:
        return tuple(map(str, good[-1:]))
    below = [version for version in good if version <= min(ends)][-1:]
    above = [version for version in good if version >= max(ends)][:1]
    return tuple(map(str, dict.fromkeys(below + above)))


def _ends(pin: PinFacts) -> list[Version]:
    """Return the versions that a pin names: its own, or those that its range lies between."""
    if pin.planned.version is not None:
        return [Version(pin.planned.version)]
    return [Version(item.version.removesuffix(".*")) for item in SpecifierSet(pin.planned.range)]


def check(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each pin that cannot be installed, a word on each that is unusual."""
    python = subject.target.python
    for pin in subject.pins.values():
        state = how(pin)
        checks = subject.checks_of(pin.name)
        if state in ("no project", "no version"):
            yield subject.finding(
                "exists", "error", _missing(subject, pin), pin=pin.name, checks=checks
            )
        elif state == "no file" and admits_python(subject, pin):
            why = reason("no-file-here", pin=str(pin), python=python).then(_hint(subject, pin))
            yield subject.finding("exists", "error", why, pin=pin.name, checks=checks)
        elif state == "yanked":
            why = yanked(str(pin), pin.release.yanked if pin.release else None)
            why = why.then(_hint(subject, pin))
            if pin.exact:
                yield subject.finding("exists", "warning", why, pin=pin.name)
            else:
                why = reason("only-yanked", pin=str(pin.planned), why=why)
                yield subject.finding("exists", "error", why, pin=pin.name, checks=checks)
        elif state == "source":
            why = reason("from-source", pin=str(pin), python=python)
            yield subject.finding("exists", "note", why, pin=pin.name)
        if pin.metadata and (lacking := pin.metadata.lacking(pin.planned.extras)):
            asked = (CheckId("pip-check", pin.name),)
            why = reason("extra-missing", pin=str(pin), extras=lacking)
            said = reason("extra-asked", pin=str(pin), missing=lacking)
            yield subject.finding(
                "exists",
                "error",
                why,
                pin=pin.name,
                checks=asked,
                messages={asked[0]: [Exactly(in_words(said))]},
            )


def _missing(subject: Subject, pin: PinFacts) -> Reason:
    if pin.project is None:
        return reason("no-project", name=pin.name).then(reason("check-name"))
    later = pin.project.find(pin.planned.asked)
    if later is not None and later.uploaded is not None and subject.plan.as_of is not None:
        release, day = f"{pin.name} {later.version}", later.uploaded.date().isoformat()
        return _too_late(subject, release, day).then(_hint(subject, pin))
    return never_released(pin).then(_hint(subject, pin))


def _too_late(subject: Subject, release: str, day: str) -> Reason:
    cut_off = timestamp(subject.plan.as_of) if subject.plan.as_of else ""
    if subject.as_of is not None:
        return reason("uploaded-after", release=release, day=day, cut_off=cut_off)
    least = subject.matrix.rows[subject.plan.row].min_age
    if least:
        return reason("uploaded-too-young", release=release, day=day, cut_off=cut_off, least=least)
    return reason("uploaded-later", release=release, day=day, cut_off=cut_off)


def never_released(pin: PinFacts) -> Reason:
    """Say that a project has no release that its pin asks for."""
    if pin.exact and "+" in pin.version:
        return reason("build-elsewhere", pin=str(pin))
    if pin.exact:
        return reason("never-released", pin=str(pin))
    if not pin.planned.range:
        return reason("no-release", name=pin.name)
    return reason("none-in-range", name=pin.name, range=pin.planned.range)


def _hint(subject: Subject, pin: PinFacts) -> Reason:
    near = nearest(subject, pin)
    return reason("nearest", versions=near) if near else reason("none-fits")


def admits_python(subject: Subject, pin: PinFacts) -> bool:
    """Tell whether any file of a pin is for the row's Python, whatever its platform."""
    files = pin.release.files if pin.release else ()
    return any(subject.target.admits_python(file.requires_python) for file in files)
