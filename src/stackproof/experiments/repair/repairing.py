"""Find pins that mend a row: from what is consistent, cut down to the needed, proved whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from stackproof.base.times import timestamp
from stackproof.base.versions import satisfies
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import Freeze
from stackproof.experiments.delta_debugging import drop_needless, reduce_to_minimum
from stackproof.experiments.planner import RowAt
from stackproof.experiments.prober import Found, Prober
from stackproof.experiments.repair.consistent import Consistency, Joint
from stackproof.experiments.repair.documented_fixes import RemedyTrials
from stackproof.experiments.repair.record import RemedyTrial, Tried
from stackproof.experiments.repair.sources import Sources
from stackproof.experiments.tracebacks import traceback_packages
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.refusal import sentence
from stackproof.installers.resolver import Refused
from stackproof.matrix.checks import CheckId
from stackproof.matrix.plan import Plan

__all__ = ["Mended", "Repairer"]

_SHOWN = 3
Versions = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Mended:
    """What a search found: the versions of a last stage, and what is known of each.

    `broken` is the row as it is; `start` is the row again, or what it is with the documented pins
    changed without which it cannot be installed. `failing` is what failed without the versions,
    `unmended` what fails with them, and `tried` what was tried for each. `removals` maps each
    version to the first checks that were seen to fail without it alone.
    """

    broken: Found
    start: Found
    failing: tuple[str, ...]
    unmended: tuple[str, ...]
    tried: tuple[Tried, ...]
    joint: Joint
    versions: Mapping[str, str]
    removals: Mapping[str, tuple[str, ...]]
    remedies: tuple[RemedyTrial, ...]
    notes: tuple[str, ...]


@dataclass(kw_only=True)
class Repairer:
    """Mends a row as of a moment; `like` is a recent run of it, whose suite may answer for it.

    With `remedies`, those of the document are tried before all else: what mends is a start.
    """

    row: RowAt
    moment: datetime
    prober: Prober
    consistency: Consistency
    remedies: bool
    like: Evidence | None = None
    _joint: Joint = field(init=False)
    _sources: Sources = field(init=False)
    _trials: dict[frozenset[str], tuple[str, ...]] = field(default_factory=dict)

    def repair(self) -> Mended:
        """Search, minimise and confirm; raises CannotJudgeError if a probe cannot be judged."""
        plan = partial(self.row.plan, self.moment)
        broken = self.prober.ask_whole(plan, f"as of {timestamp(self.moment)}", self.like)
        failing = _failed(broken)
        remedied = self._try_remedies(broken, failing) if self.remedies and failing else ()
        joint = self._joint = self.consistency.joint(broken.freeze)
        self._sources = Sources(
            row=self.row,
            moment=self.moment,
            prober=self.prober,
            newest={name: chosen.version for name, chosen in joint.newest.items()},
            remedied=remedied,
        )
        start, nothing = broken, not failing or joint.refused is not None
        if broken.refusal is not None and not nothing:
            # What comes after the stage that cannot be installed is not known yet.
            start = self._probe({}, ())
            failing = tuple(dict.fromkeys([*failing, *_failed(start)]))
        unbuilt = [item for item in start.built if item.failed and start.refusal is not None]
        if nothing or unbuilt:
            # More pins are installed after the stages, and are no build dependencies.
            found = self._nothing(broken, failing)
            notes = (*found.notes, *map(self._sources.unbuilt, unbuilt))
            return replace(found, start=start, notes=notes)
        kept, whole = self._search(self._consistent(start.freeze), list(failing))
        trials = {name: self._trials.get(frozenset(kept) - {name}, ()) for name in kept}
        changed = [name for name in self._joint.changed if name not in kept]
        return Mended(
            broken=broken,
            start=start,
            failing=failing,
            unmended=_failed(whole),
            tried=self._sources.tried(whole),
            joint=self._joint,
            versions=kept,
            removals=trials | {name: self._as_documented(name, kept, whole) for name in changed},
            remedies=self._trials_of_remedies,
            notes=(*self._sources.notes(_failed(whole)), *_luck(whole)),
        )

    def _try_remedies(
        self, broken: Found, failing: tuple[str, ...]
    ) -> tuple[tuple[RemedyTrial, Found], ...]:
        trials = RemedyTrials(
            row=self.row, moment=self.moment, prober=self.prober, broken=broken, failing=failing
        )
        return trials.every()

    def _search(self, versions: Versions, wanted: list[str]) -> tuple[Versions, Found]:
        """Return the versions that are needed, and what the whole suite says of them.

        What mends one check may break another that passed before; that one is then `wanted` too.
        A documented pin that was changed for nothing gets its version back.
        """
        while True:
            versions, unmended = self._mend_the_rest(versions, wanted)
            mended = [check for check in wanted if check not in unmended]
            versions = self._needed(versions, mended)
            whole = self._probe(versions, ())
            more = [check for check in _failed(whole) if check not in wanted]
            if more:
                wanted = [*wanted, *more]
                continue
            needless = self._needless_change(versions, whole)
            if needless is None:
                return versions, whole
            versions = self._put_back(needless, versions)

    def _needed(self, versions: Versions, mended: Sequence[str]) -> Versions:
        """Return the versions without which some of what was mended fails."""
        # What is no pin is more often needless; asked first, the others are then asked once.
        needed = drop_needless(
            sorted(versions, key=lambda name: name in self._joint.versions),
            lambda part: self._holds({name: versions[name] for name in part}, mended),
        )
        return {name: versions[name] for name in needed}

    def _needless_change(self, versions: Versions, whole: Found) -> str | None:
        """Return a pin that was changed although nothing fails with the document's version."""
        # Where clashes of pins meet, what was done about one may undo another.
        return next(
            (
                name
                for name in self._joint.changed
                if not self._as_documented(name, versions, whole)
            ),
            None,
        )

    def _put_back(self, name: str, versions: Versions) -> Versions:
        """Give a pin the document's version again; return the versions of the others."""
        joint = self._joint
        self._joint = replace(
            joint,
            versions={**joint.versions, name: self._documented[name]},
            changed={other: why for other, why in joint.changed.items() if other != name},
        )
        return {other: version for other, version in versions.items() if other != name}

    def _as_documented(self, name: str, versions: Versions, whole: Found) -> tuple[str, ...]:
        """Return what fails if a pin that was changed stays at the document's version.

        That may be a check which the broken row never came to, so all are asked, if need be. What
        fails of the `whole` anyway does not count.
        """
        changed = {other: v for other, v in self._changed.items() if other != name}
        others = {other: v for other, v in versions.items() if other != name}
        pins = {**self._joint.versions, name: self._documented[name]}
        plan, what = self._plan(others, changed), f"with {name} as documented"
        failed: tuple[str, ...] = ()
        for checks in ([CheckId("pip-check")], []):
            found = self.prober.ask(plan, checks, what)
            lost = _lost_pins(pins, found) if found.refusal is None else []
            told = [check for check in _failed(found) if found.passes(check) is False]
            named = dict.fromkeys([*told, *lost])
            failed = tuple(check for check in named if check not in _failed(whole))
            if failed:
                break
        return failed

    def _nothing(self, broken: Found, failing: tuple[str, ...]) -> Mended:
        """Say that there is nothing to mend, or no set of versions to begin with."""
        refused = self._joint.refused
        build = failed_build(refused) if refused else None
        why = f"{build.shown} cannot be built" if build else sentence(refused or "")
        because = f"no versions satisfy all pins: {why}" if refused else None
        return Mended(
            broken=broken,
            start=broken,
            failing=failing,
            unmended=failing,
            tried=self._sources.tried(broken),
            joint=self._joint,
            versions={},
            removals={},
            remedies=self._trials_of_remedies,
            notes=(because,) if because else (),
        )

    @property
    def _trials_of_remedies(self) -> tuple[RemedyTrial, ...]:
        return tuple(trial for trial, _ in self._sources.remedied)

    def _consistent(self, freeze: Freeze) -> Versions:
        """Return what differs between the row and the resolution of all pins near to it.

        What comes along as somebody's requirement is left to the installer.
        """
        versions = {
            name: chosen.version
            for name, chosen in self._joint.near.items()
            if not satisfies(freeze.get(name, ""), chosen.version)
            and (name in self._joint.versions or name in freeze)
        }
        return self._guard(versions, freeze)

    def _guard(self, versions: Versions, freeze: Freeze) -> Versions:
        """Add the pins that an installer would else move to make room for the rest."""
        pins = self._joint.versions
        while versions:
            answer = self.consistency.last_stage(versions, freeze)
            if isinstance(answer, Refused):
                break
            moved = {
                name: pins[name]
                for name, chosen in answer.items()
                if name in pins and not satisfies(chosen.version, pins[name])
            }
            if moved.keys() <= versions.keys():
                break
            versions = {**versions, **moved}
        return versions

    def _mend_the_rest(
        self, versions: Versions, failing: Sequence[str]
    ) -> tuple[Versions, list[str]]:
        """Add versions for what consistency alone does not mend; return what stays broken too."""
        found = self._probe(versions, failing)
        still = [check for check in failing if found.passes(check) is not True]
        unmended: list[str] = []
        while still:
            more = self._more(still[0], versions, found)
            if not more:
                unmended.append(still.pop(0))
                continue
            versions = {**versions, **more}
            found = self._probe(versions, still)
            still = [check for check in still if found.passes(check) is not True]
        return versions, unmended

    def _more(self, check: str, versions: Versions, found: Found) -> Versions:
        """Return versions, all of them needed, that mend a check besides those there are.

        There are none if none do.
        """
        through = traceback_packages(found.evidence, check)
        for source in self._sources.of(check):
            others = {
                name: version
                for name, version in source.items()
                if name not in self._joint.versions
                and not satisfies(found.freeze.get(name, version), version)
            }
            likely = [name for name in through if name in others]
            mends = partial(self._mends, check, versions, others)
            guilty = reduce_to_minimum(sorted(others), mends, likely=likely)
            if guilty is not None:
                return {name: others[name] for name in guilty}
        return {}

    def _mends(
        self, check: str, versions: Versions, others: Versions, names: Sequence[str]
    ) -> bool:
        more = {name: others[name] for name in names}
        return self._probe({**versions, **more}, [check]).passes(check) is True

    def _holds(self, versions: Versions, mended: Sequence[str]) -> bool:
        """Tell whether all that was mended passes with so few versions, cheap questions first.

        Where one of these fails, the answer is known and the costly ones are not asked.
        """
        cheap = [check for check in mended if CheckId.parse(check).answered_by == "build"]
        rest = [check for check in mended if check not in cheap]
        found = self._probe(versions, cheap or [self._last_stage])
        failed = [check for check in cheap if found.passes(check) is not True]
        lost = _lost_pins(self._joint.versions, found)
        failed += [name for name in lost if name not in failed]
        if not failed and rest:
            found = self._probe(versions, rest)
            failed = [check for check in rest if found.passes(check) is not True]
        self._trials[frozenset(versions)] = tuple(failed)
        return not failed

    @property
    def _last_stage(self) -> str:
        return CheckId("stage", self.row.plan(self.moment).stages[-1].name)

    def _probe(self, versions: Versions, checks: Sequence[str]) -> Found:
        named = [f"{name} {version}" for name, version in versions.items()]
        rest = f" and {len(named) - _SHOWN} more" if named[_SHOWN:] else ""
        what = f"with {', '.join(named[:_SHOWN]) or 'no more pins'}{rest}"
        return self.prober.ask(self._plan(versions, self._changed), checks, what)

    @property
    def _changed(self) -> Versions:
        """The versions of the documented pins that had to change."""
        return {name: self._joint.versions[name] for name in self._joint.changed}

    @property
    def _documented(self) -> Versions:
        """The versions that the row has of its pins."""
        return {pin.name: pin.version for pin in self.row.plan(self.moment).pins}

    def _plan(self, versions: Versions, changed: Versions) -> Callable[[Sequence[str]], Plan]:
        extra = [f"{name}=={version}" for name, version in sorted(versions.items())]
        return partial(self.row.plan, self.moment, versions=changed, extra=extra)


def _lost_pins(pins: Mapping[str, str], found: Found) -> list[str]:
    """Return the version checks that fail by what is installed: no suite is needed to know."""
    return [
        CheckId("version", name)
        for name, version in pins.items()
        if not satisfies(found.freeze.get(name, ""), version)
    ]


def _luck(found: Found) -> Iterator[str]:
    """Say of which checks nothing follows from their answers, and why."""
    reasons: dict[str, list[str]] = {}
    for check in found.checks:
        if (luck := found.luck(check)) is not None:
            reasons.setdefault(luck, []).append(check)
    for luck, checks in reasons.items():
        yield f"nothing follows from any answer to {', '.join(checks)}: {luck}"


def _failed(found: Found) -> tuple[str, ...]:
    return tuple(item.id for item in found.checks.values() if item.outcome == "failed")
