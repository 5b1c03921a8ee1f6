"""Whether each pin exists: on the index, not yanked, for Python and platform, with its extras."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from stackproof.base.times import timestamp
from stackproof.matrix.checks import CheckId
from stackproof.metadata.audit.record import Finding, How
from stackproof.metadata.audit.subject import PinFacts, Subject

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
    for pin in subject.pins.values():
        state = how(pin)
        checks = subject.checks_of(pin.name)
        if state in ("no project", "no version"):
            message = _missing(subject, pin)
            yield subject.finding("exists", "error", message, pin=pin.name, checks=checks)
        elif state == "no file" and admits_python(subject, pin):
            message = (
                f"{pin} has no file for Python {subject.target.python} on this platform"
                f"{_hint(subject, pin)}"
            )
            yield subject.finding("exists", "error", message, pin=pin.name, checks=checks)
        elif state == "yanked":
            reason = pin.release.yanked if pin.release else None
            message = f"{pin} was yanked{f' ({reason})' if reason else ''}{_hint(subject, pin)}"
            if pin.exact:
                yield subject.finding("exists", "warning", message, pin=pin.name)
            else:
                message = f"{pin.planned} admits no other release: {message}"
                yield subject.finding("exists", "error", message, pin=pin.name, checks=checks)
        elif state == "source":
            message = (
                f"{pin} has no wheel for Python {subject.target.python} on this platform, so it "
                "is built from source"
            )
            yield subject.finding("exists", "note", message, pin=pin.name)
        if pin.metadata and (lacking := pin.metadata.lacking(pin.planned.extras)):
            asked = (CheckId("pip-check", pin.name),)
            message = f"{pin} has {lacking}, and is installed without"
            yield subject.finding("exists", "error", message, pin=pin.name, checks=asked)


def _missing(subject: Subject, pin: PinFacts) -> str:
    if pin.project is None:
        return f"the index has no project {pin.name}; check the name"
    later = pin.project.find(pin.planned.asked)
    if later is not None and later.uploaded is not None and subject.plan.as_of is not None:
        return (
            f"{pin.name} {later.version} was uploaded on {later.uploaded.date()}, after the row's "
            f"cut-off {timestamp(subject.plan.as_of)}{_least_age(subject)}{_hint(subject, pin)}"
        )
    return f"{never_released(pin)}{_hint(subject, pin)}"


def _least_age(subject: Subject) -> str:
    least = subject.matrix.rows[subject.plan.row].min_age
    return f" (its min-age is {least})" if least else ""


def never_released(pin: PinFacts) -> str:
    """Say that a project has no release that its pin asks for."""
    if pin.exact and "+" in pin.version:
        return (
            f"the index has no {pin}; builds such as +cpu come from an index of their own, which a "
            "stage names"
        )
    if pin.exact:
        return f"{pin} was never released"
    if not pin.planned.range:
        return f"{pin.name} has no release"
    return f"no release of {pin.name} is in {pin.planned.range}"


def _hint(subject: Subject, pin: PinFacts) -> str:
    near = nearest(subject, pin)
    if not near:
        return "; no release of it fits the row"
    return f"; the nearest that can be installed: {' and '.join(near)}"


def admits_python(subject: Subject, pin: PinFacts) -> bool:
    """Tell whether any file of a pin is for the row's Python, whatever its platform."""
    files = pin.release.files if pin.release else ()
    return any(subject.target.admits_python(file.requires_python) for file in files)
