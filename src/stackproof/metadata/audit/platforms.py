"""What would come of a row on another platform: files, resolution, builds, and what differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Literal

from stackproof.index.target import Target
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.planning import make_plan
from stackproof.installers.refusal import refusal, release_of
from stackproof.installers.resolver import Refused, Resolver
from stackproof.matrix.platforms import PLATFORMS
from stackproof.metadata.audit import exists
from stackproof.metadata.audit.combined import together
from stackproof.metadata.audit.gathering import Gatherer
from stackproof.metadata.audit.record import Finding, JointAnswer, PlatformAnswer
from stackproof.metadata.audit.sequential import walk, wanted_by
from stackproof.metadata.audit.subject import PinFacts, Source, Subject
from stackproof.reasons.common import yanked
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["There", "ask", "check"]

_State = Literal["resolved", "refused", "unknown"]


@dataclass(frozen=True, kw_only=True)
class There:
    """A row on another platform, and what would come of it there; `final` is what stages leave."""

    subject: Subject
    answer: PlatformAnswer
    final: Mapping[str, str]

    @property
    def lacking(self) -> list[PinFacts]:
        """The pins that cannot be installed there."""
        return [pin for pin in self.subject.pins.values() if not exists.installable(pin)]

    def beside(self, here: Mapping[str, str]) -> There:
        """Return it with what differs from the versions that the stages leave on this machine."""
        both = sorted(here.keys() | self.final.keys()) if here and self.final else []
        pairs = {name: (here.get(name), self.final.get(name)) for name in both}
        differs = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        return replace(self, answer=self.answer.model_copy(update={"differs": differs}))


def ask(subject: Subject, platform: str, resolver: Resolver, gatherer: Gatherer) -> There:
    """Return what would come of a row on a platform.

    Where a pin has no file there, nothing has to be resolved to know the end. Raises
    CannotJudgeError if an index fails.
    """
    there = _moved(subject, platform, gatherer)
    lacking = [pin for pin in there.pins.values() if not exists.installable(pin)]
    if lacking:
        whys = (_why_not(there, pin).then(_wheels(there, pin)) for pin in lacking)
        built = [str(pin) for pin in there.pins.values() if exists.how(pin) == "source"]
        return _there(there, ("refused", "refused"), whys, built, {})
    way = walk(there, resolver, gatherer.serves)
    further = tuple(url for url in gatherer.serves.values() if url)
    whole = together(there, resolver, way, further).together
    stage, stopped = way.refused or ("", None)
    final = {} if stopped else dict(way.final)
    built = [f"{name} {final[name]}" for name in _built(there, final, resolver, further)]
    states = (_state(whole), _state(stopped))
    return _there(there, states, _reasons(platform, whole, stage, stopped), built, final)


def _built(
    there: Subject, final: Mapping[str, str], resolver: Resolver, further: tuple[str, ...]
) -> list[str]:
    """Return the distributions that would be built of what the stages leave."""
    if not final:
        return []
    exactly = (f"{name}=={version}" for name, version in sorted(final.items()))
    return sorted(resolver.without_wheel(wanted_by(there, exactly, further=further)))


def check(subject: Subject, found: Sequence[There], joint: JointAnswer | None) -> Iterator[Finding]:
    """Yield a warning for what fails on a platform, and a note for what would be built there.

    They are no errors: a run is of this machine, and so is what is expected to fail. What is
    refused here as well is said once, of here.
    """
    places: dict[str, list[There]] = defaultdict(list)
    for there in found:
        for pin in there.lacking:
            places[pin.name].append(there)
    for name, where in places.items():
        first = where[0].subject
        pin = first.pins[name]
        if exists.how(pin) == "no file" and exists.admits_python(first, pin):
            names = tuple(there.answer.platform for there in where)
            python = first.target.python
            why = reason("no-file-on", pin=str(pin), python=python, platforms=names)
            yield subject.finding("platform", "warning", why.then(_wheels(first, pin)), pin=name)
    for there in found:
        yield from _of_resolution(subject, there.answer, joint)


def _of_resolution(
    subject: Subject, answer: PlatformAnswer, joint: JointAnswer | None
) -> Iterator[Finding]:
    here = (joint.together, joint.stages) if joint else ()
    if answer.why and not answer.lacking and here != (answer.together, answer.stages):
        why = reason("on-platform", platform=answer.platform, why=answer.why)
        yield subject.finding("platform", "warning", why)
    if answer.built:
        why = reason("built-on", platform=answer.platform, releases=answer.built)
        yield subject.finding("platform", "note", why)


def _moved(subject: Subject, platform: str, gatherer: Gatherer) -> Subject:
    """Return a row as it is on a platform: its pins by their markers, its files by their tags."""
    target = _target(subject.target, platform)
    plan = make_plan(
        subject.matrix,
        name=subject.plan.matrix,
        row=subject.plan.row,
        as_of=subject.as_of,
        platform=target.platform,
    )
    kept = {field.name: getattr(subject, field.name) for field in fields(Source)}
    return gatherer.elsewhere(subject, Source(**{**kept, "plan": plan, "target": target}))


@cache
def _target(here: Target, platform: str) -> Target:
    """Return an interpreter on a platform: one for all rows, since its tags take long to list."""
    return replace(here, platform=PLATFORMS[platform])


def _there(
    there: Subject,
    states: tuple[_State, _State],
    whys: Iterator[Reason],
    built: Sequence[str],
    final: Mapping[str, str],
) -> There:
    first = next(whys, None)
    why = first.then(*whys) if first is not None else None
    answer = PlatformAnswer(
        matrix=there.plan.matrix,
        row=there.plan.row,
        platform=there.target.platform_name or "",
        pins={name: exists.how(pin) for name, pin in there.pins.items()},
        together=states[0],
        stages=states[1],
        reason=in_words(why) if why else "",
        why=why,
        built=tuple(built),
        differs={},
    )
    return There(subject=there, answer=answer, final=final)


def _state(answer: object) -> _State:
    """Return how a resolution ended; a build that failed here tells nothing of another machine."""
    if not isinstance(answer, Refused):
        return "resolved"
    return "unknown" if failed_build(answer.words) else "refused"


def _reasons(platform: str, whole: object, stage: str, stopped: Refused | None) -> Iterator[Reason]:
    if isinstance(whole, Refused):
        yield _refusal(platform, whole)
    if stopped:
        yield reason("at-stage", stage=stage, why=_refusal(platform, stopped))


def _refusal(platform: str, answer: Refused) -> Reason:
    if build := failed_build(answer.words):
        return reason("build-here-says-nothing", release=release_of(build), platform=platform)
    return refusal(answer.words)


def _why_not(there: Subject, pin: PinFacts) -> Reason:
    state = exists.how(pin)
    if state == "no file":
        return reason("no-file", pin=str(pin), python=there.target.python)
    if state == "yanked":
        return yanked(str(pin), None)
    if state == "no project":
        return reason("no-such-project", pin=str(pin))
    return reason("never-released", pin=str(pin))


def _wheels(there: Subject, pin: PinFacts) -> Reason | None:
    """Say which platforms a release has wheels for, for this Python."""
    found = there.target.platforms_of(pin.release) if pin.release else []
    return reason("wheels-for", platforms=tuple(found)) if found else None
