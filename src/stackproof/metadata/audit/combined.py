"""Whether a row's pins go together: all in one go, and stage by stage, and why the two differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from packaging.requirements import Requirement
from packaging.version import Version

from stackproof.base.versions import admits, satisfies
from stackproof.errors import CannotJudgeError
from stackproof.index.core_metadata import CoreMetadata
from stackproof.installers.complaints import Complaint
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.refusal import refusal
from stackproof.installers.resolver import Refused, Resolution, Resolver, Wanted
from stackproof.matrix.checks import CheckId
from stackproof.matrix.planned import PlannedPin
from stackproof.metadata.audit.exists import installable
from stackproof.metadata.audit.expected import Account, Exactly, Messages
from stackproof.metadata.audit.record import BrokenAnswer, Finding, JointAnswer, MoveAnswer
from stackproof.metadata.audit.sequential import Step, Walk, wanted_by
from stackproof.metadata.audit.subject import Subject
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["Lookup", "Outcome", "answer", "check", "needed", "require_builds", "together"]

#: The metadata of a distribution at a version, None where the index offers none.
Lookup = Callable[[str, str], CoreMetadata | None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Both ways of resolving a row, and the pins that were left out of the one go."""

    walk: Walk
    together: Resolution | Refused
    left_out: tuple[str, ...]


def together(subject: Subject, resolver: Resolver, way: Walk, further: tuple[str, ...]) -> Outcome:
    """Resolve all pins in one go, as near to what the stages leave as can be.

    A pin that does not exist would only hide all else, so it is left out. Raises CannotJudgeError
    if an index fails.
    """
    out = [name for name, pin in subject.pins.items() if not installable(pin)]
    wanted = wanted_by(
        subject,
        [pin.planned.requirement for name, pin in subject.pins.items() if name not in out],
        preferences=way.final,
        constraints=subject.plan.common_limits,
        further=further,
    )
    resolution = _known(way, wanted) or resolver.resolve(wanted)
    left = tuple(str(subject.pins[name]) for name in out)
    return Outcome(walk=way, together=resolution, left_out=left)


def require_builds(subject: Subject, outcome: Outcome) -> None:
    """Raise CannotJudgeError where a build failed that another Python than the row's made.

    That is what an installer takes where this machine lacks the row's.
    """
    answers = (outcome.together, *(answer for _, answer in filter(None, [outcome.walk.refused])))
    for answer in answers:
        build = failed_build(answer.words) if isinstance(answer, Refused) else None
        if build and not subject.target.found:
            raise CannotJudgeError(
                f"{build.shown} has to be built to tell what it requires, for Python "
                f"{subject.target.python}, which is not on this machine, and another one failed to"
            )


def _known(way: Walk, wanted: Wanted) -> Resolution | None:
    """Return what the only stage resolved to, where that asked for the very same in one go.

    What is preferred is that answer, and a resolver that is told its own answer gives it again.
    """
    if way.refused or len(way.steps) != 1:
        return None
    (step,) = way.steps
    told = step.wanted
    same = set(wanted.requirements) == set(told.requirements) and told == replace(
        wanted, requirements=told.requirements, preferences=told.preferences
    )
    return step.resolution if same else None


def needed(way: Walk) -> set[tuple[str, str]]:
    """Return the (name, version) of all whose requirements explain a move or a break."""
    found: set[tuple[str, str]] = set()
    for step in way.steps:
        for name in step.moved:
            found |= {(via, step.resolution[via].version) for via in step.resolution[name].via}
            found |= {(by, way.final[by]) for by in way.requirers[name] if by in way.final}
            found.add((name, step.moved[name][0]))
    return found


def answer(subject: Subject, outcome: Outcome, lookup: Lookup) -> JointAnswer:
    """Return how a row resolves, with every move and break explained."""
    way, whole = outcome.walk, outcome.together
    moves = [_move(subject, step, name, lookup) for step in way.steps for name in step.moved]
    broken = [] if way.refused else list(_broken(subject, way, lookup))
    why = _why(way, whole)
    return JointAnswer(
        matrix=subject.plan.matrix,
        row=subject.plan.row,
        together="refused" if isinstance(whole, Refused) else "resolved",
        stages="refused" if way.refused else "resolved",
        reason=in_words(why) if why else "",
        why=why,
        left_out=outcome.left_out,
        moves=tuple(moves),
        broken=tuple(broken),
        differs={} if way.refused else _differs(way, whole),
    )


def _why(way: Walk, whole: Resolution | Refused) -> Reason | None:
    """Return what the refusals of a row rest on, in one go and stage by stage."""
    stopped = None
    if way.refused:
        stage, refused = way.refused
        stopped = reason("at-stage", stage=stage, why=refusal(refused.words))
    return refusal(whole.words).then(stopped) if isinstance(whole, Refused) else stopped


def check(
    subject: Subject, joint: JointAnswer, outcome: Outcome, lookup: Lookup
) -> Iterator[Finding]:
    """Yield what keeps the pins from going together, and each move as a note."""
    way, whole = outcome.walk, outcome.together
    messages = _messages(subject, way, joint, lookup)
    if isinstance(whole, Refused):
        why = reason("not-in-one-go", why=refusal(whole.words))
        yield subject.finding("joint", "error", why, checks=_felt(way, joint), messages=messages)
    if way.refused:
        stage, refused = way.refused
        why = reason("stage-refused", stage=stage, why=refusal(refused.words))
        place = subject.stage_place(stage)
        checks = (CheckId("stage", stage),)
        yield subject.finding("joint", "error", why, place=place, checks=checks, messages=messages)
    else:
        yield from _wrong_pins(subject, way)
    for item in joint.broken:
        yield _break(subject, item, joint, messages)
    for move in joint.moves:
        if move.why is not None:
            place = subject.stage_place(move.stage)
            yield subject.finding("joint", "note", _moved(move, move.why), place=place)


def _messages(subject: Subject, way: Walk, joint: JointAnswer, lookup: Lookup) -> Messages:
    """Return what is known of the messages by which a run fails where pins do not go together."""
    if way.refused:
        stage, refused = way.refused
        said = f"{in_words(reason('not-as-documented'))}\n{refused.words}"
        return {CheckId("stage", stage): [Account(said)]}
    found: dict[str, list[Complaint]] = {}
    for item in joint.broken:
        metadata, (name, _, version) = (
            lookup(item.name, item.version),
            item.installed.partition(" "),
        )
        found.setdefault(CheckId("pip-check", item.name), []).extend(
            Complaint(by=item.name, at=item.version, requirement=requirement, version=version)
            for requirement in _unmet(subject, metadata, name, version)
            if f"{name}{requirement.specifier}" == item.requires
        )
    every = [complaint for complaints in found.values() for complaint in complaints]
    return {**found, CheckId("pip-check"): every}


def _moved(move: MoveAnswer, why: Reason) -> Reason:
    return reason(
        "upgrades" if Version(move.after) > Version(move.before) else "downgrades",
        stage=move.stage,
        name=move.name,
        before=move.before,
        after=move.after,
        why=why,
    )


def _felt(way: Walk, joint: JointAnswer) -> tuple[str, ...]:
    """Return the checks that fail where pins do not go together, if the stages run into it at all.

    They need not: of pins that no stage installs, nothing complains in a run.
    """
    if way.refused:
        return (CheckId("stage", way.refused[0]),)
    return (CheckId("pip-check"),) if joint.broken else ()


def _move(subject: Subject, step: Step, name: str, lookup: Lookup) -> MoveAnswer:
    before, after = step.moved[name]
    why = _because(subject, step, name, lookup)
    return MoveAnswer(
        stage=step.stage, name=name, before=before, after=after, because=in_words(why), why=why
    )


def _because(subject: Subject, step: Step, name: str, lookup: Lookup) -> Reason:
    before, _ = step.moved[name]
    if name in step.asked:
        return reason("stage-asks")
    for via in step.resolution[name].via:
        version = step.resolution[via].version
        for requirement in _unmet(subject, lookup(via, version), name, before):
            asked = f"{name}{requirement.specifier}"
            return reason("requires", by=f"{via} {version}", requirement=asked)
    for other, chosen in step.resolution.items():
        for requirement in _unmet(subject, lookup(name, before), other, chosen.version):
            by, has, asked = f"{name} {before}", chosen.version, f"{other}{requirement.specifier}"
            return reason("requires-against", by=by, requirement=asked, has=has)
    return reason("made-room", names=tuple(step.resolution[name].via), before=before)


def _unmet(
    subject: Subject, metadata: CoreMetadata | None, name: str, version: str
) -> Iterator[Requirement]:
    """Yield each requirement on a distribution that a version does not meet."""
    if metadata is None:
        return
    for required, requirement in metadata.requirements(subject.target.markers):
        if required == name and not admits(requirement, version):
            yield requirement


def _broken(subject: Subject, way: Walk, lookup: Lookup) -> Iterator[BrokenAnswer]:
    """Yield what the moves leave unmet.

    What a stage resolves is consistent in itself, so only what a later stage moved can break.
    """
    moved = sorted({name for step in way.steps for name in step.moved})
    for name in moved:
        for by in sorted(way.requirers[name] & way.final.keys()):
            metadata = lookup(by, way.final[by])
            for requirement in _unmet(subject, metadata, name, way.final[name]):
                yield BrokenAnswer(
                    name=by,
                    version=way.final[by],
                    requires=f"{name}{requirement.specifier}",
                    installed=f"{name} {way.final[name]}",
                    stage=way.brought_by[name],
                )


def _differs(way: Walk, whole: Resolution | Refused) -> dict[str, tuple[str | None, str | None]]:
    if isinstance(whole, Refused):
        return {}
    versions = {name: chosen.version for name, chosen in whole.items()}
    names = sorted(versions.keys() | way.final.keys())
    pairs = {name: (way.final.get(name), versions.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _wrong_pins(subject: Subject, way: Walk) -> Iterator[Finding]:
    """Yield an error for each pin that the stages leave out, or leave at another version."""
    said: Messages
    for name, pin in subject.pins.items():
        checks = (CheckId("version", name), CheckId("import", name))
        left = way.final.get(name)
        if left is None:
            why = reason("not-installed", pin=str(pin.planned))
            gone = reason("not-there", name=name, asked=pin.planned.asked or reason("any-version"))
            said = {checks[0]: [Exactly(in_words(gone))], checks[1]: [_unimported(pin.planned)]}
            yield subject.finding("joint", "error", why, pin=name, checks=checks, messages=said)
        elif not satisfies(left, pin.planned.asked):
            asked, stage = pin.planned.asked, way.brought_by[name]
            why = reason("left-other", name=name, asked=asked, stage=stage, left=left)
            other = reason("other-there", release=f"{name} {left}", asked=asked)
            said = {checks[0]: [Exactly(in_words(other))]}
            yield subject.finding("joint", "error", why, pin=name, checks=checks[:1], messages=said)


def _unimported(pin: PlannedPin) -> Account:
    """Return how an import of what is not there may fail: others may have brought its parents."""
    paths = (accumulate(module.split("."), "{}.{}".format) for module in pin.imports)
    return Account("\n".join(f"No module named '{name}'" for path in paths for name in path))


def _break(subject: Subject, item: BrokenAnswer, joint: JointAnswer, messages: Messages) -> Finding:
    culprit = item.installed.partition(" ")[0]
    why = reason(
        "left-unmet",
        release=f"{item.name} {item.version}",
        requirement=item.requires,
        stage=item.stage,
        installed=item.installed,
    )
    fits = tuple(
        f"{name} {joint.differs[name][1]}"
        for name in (item.name, culprit)
        if joint.differs.get(name, (None, None))[1] is not None
    )
    return subject.finding(
        "joint",
        "error",
        why.then(reason("in-one-go", releases=fits) if fits else None),
        place=() if culprit in subject.pins else subject.stage_place(item.stage),
        pin=culprit if culprit in subject.pins else None,
        checks=(CheckId("pip-check", item.name),),
        messages=messages,
    )
