"""What would come of a row on another platform: files, resolution, builds, and what differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Literal

from stackproof.base.text import first_of
from stackproof.index.target import Target
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.planning import make_plan
from stackproof.installers.refusal import sentence
from stackproof.installers.resolver import Refused, Resolver
from stackproof.matrix.platforms import PLATFORMS
from stackproof.metadata.audit import exists
from stackproof.metadata.audit.combined import together
from stackproof.metadata.audit.gathering import Gatherer
from stackproof.metadata.audit.record import Finding, JointAnswer, PlatformAnswer
from stackproof.metadata.audit.sequential import walk
from stackproof.metadata.audit.subject import PinFacts, Source, Subject

__all__ = ["There", "ask", "check"]

_State = Literal["resolved", "refused", "unknown"]
#: Platforms of wheels that a sentence names.
_NAMED = 4


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
        whys = (f"{pin} {_why_not(there, pin)}{_wheels(there, pin)}" for pin in lacking)
        built = [str(pin) for pin in there.pins.values() if exists.how(pin) == "source"]
        return _there(there, ("refused", "refused"), whys, built, {})
    way = walk(there, resolver, gatherer.serves)
    further = tuple(url for url in gatherer.serves.values() if url)
    whole = together(there, resolver, way, further).together
    stage, stopped = way.refused or ("", None)
    final = {} if stopped else dict(way.final)
    built = [f"{name} {final[name]}" for name in gatherer.without_wheel(there, final)]
    states = (_state(whole), _state(stopped))
    return _there(there, states, _reasons(platform, whole, stage, stopped), built, final)


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
        if exists.how(first.pins[name]) == "no file" and exists.admits_python(
            first, first.pins[name]
        ):
            on = ", ".join(there.answer.platform for there in where)
            message = (
                f"{first.pins[name]} {_why_not(first, first.pins[name])} on {on}"
                f"{_wheels(first, first.pins[name])}"
            )
            yield subject.finding("platform", "warning", message, pin=name)
    for there in found:
        yield from _of_resolution(subject, there.answer, joint)


def _of_resolution(
    subject: Subject, answer: PlatformAnswer, joint: JointAnswer | None
) -> Iterator[Finding]:
    here = (joint.together, joint.stages) if joint else ()
    if answer.reason and not answer.lacking and here != (answer.together, answer.stages):
        yield subject.finding("platform", "warning", f"on {answer.platform}: {answer.reason}")
    if answer.built:
        message = f"on {answer.platform} built from source: {first_of(answer.built)}"
        yield subject.finding("platform", "note", message)


def _moved(subject: Subject, platform: str, gatherer: Gatherer) -> Subject:
    """Return a row as it is on a platform: its pins by their markers, its files by their tags."""
    target = _target(subject.target, platform)
    plan = make_plan(
        subject.matrix, name=subject.plan.matrix, row=subject.plan.row, platform=target.platform
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
    reasons: Iterator[str],
    built: Sequence[str],
    final: Mapping[str, str],
) -> There:
    answer = PlatformAnswer(
        matrix=there.plan.matrix,
        row=there.plan.row,
        platform=there.target.platform_name or "",
        pins={name: exists.how(pin) for name, pin in there.pins.items()},
        together=states[0],
        stages=states[1],
        reason="; ".join(reasons),
        built=tuple(built),
        differs={},
    )
    return There(subject=there, answer=answer, final=final)


def _state(answer: object) -> _State:
    """Return how a resolution ended; a build that failed here tells nothing of another machine."""
    if not isinstance(answer, Refused):
        return "resolved"
    return "unknown" if failed_build(answer.words) else "refused"


def _reasons(platform: str, whole: object, stage: str, stopped: Refused | None) -> Iterator[str]:
    for where, answer in ("", whole), (f"stage {stage}: ", stopped):
        if isinstance(answer, Refused):
            build = failed_build(answer.words)
            said = (
                f"{build.shown} has to be built to tell what it requires, and a build that fails "
                f"here says nothing of {platform}"
                if build
                else sentence(answer.words)
            )
            yield f"{where}{said}"


def _why_not(there: Subject, pin: PinFacts) -> str:
    state = exists.how(pin)
    if state == "no file":
        return f"has no file for Python {there.target.python}"
    said = {"yanked": "was yanked", "no project": "is no project of the index"}
    return said.get(state, "was never released")


def _wheels(there: Subject, pin: PinFacts) -> str:
    """Say which platforms a release has wheels for, for this Python."""
    found = there.target.platforms_of(pin.release) if pin.release else []
    return f"; it has wheels for {first_of(found, _NAMED)}" if found else ""
