"""Explore the frontier of a row: resolve what can be, try what resolves, keep every answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import MappingProxyType

from packaging.version import Version

from stackproof.base.progress import Progress
from stackproof.base.side_by_side import OneAtATime, side_by_side
from stackproof.base.text import first_of
from stackproof.errors import CannotJudgeError, NoConstraintsError, UnknownConstraintsError
from stackproof.experiments.candidate.group_resolution import Baseline
from stackproof.experiments.candidate.reasons import reasons, told
from stackproof.experiments.candidate.record import UNJUDGED, TrialVerdict
from stackproof.experiments.candidate.trial import Bench
from stackproof.experiments.frontier.highest import (
    Reached,
    UnjudgedError,
    drop_conflicting,
    search_highest,
)
from stackproof.experiments.frontier.record import Blocked, Joint, LeftOut, PinFrontier
from stackproof.experiments.frontier.steps import (
    Step,
    above,
    by_value,
    gained_days,
    height,
    not_below,
    versions_of,
)
from stackproof.experiments.planner import Planner
from stackproof.experiments.prober import Prober
from stackproof.index.choice import Catalogue, Release, eligible
from stackproof.index.upgrade_path import upgrade_path
from stackproof.matrix.checks import CheckId
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import Change
from stackproof.reasons.common import quoted
from stackproof.reasons.reason import Reason, Value, reason
from stackproof.reasons.words import in_words

__all__ = ["Explorer"]

_MOST_REASONS = 2


@dataclass(frozen=True, kw_only=True)
class Explorer:
    """Explores a row's frontier; each trial's evidence is kept, and none is made twice.

    `progress` is told of each trial, and not of what is only resolved.
    """

    bench: Bench
    prober: Prober
    planner: Planner
    catalogue: Catalogue
    progress: Progress
    _asking: OneAtATime = field(default_factory=OneAtATime, init=False, repr=False)

    def explore(self, names: Sequence[str]) -> Iterator[list[PinFrontier]]:
        """Yield how far the pins can be taken, after each pin all that is known by then.

        A trial that passes for one pin proves the versions of its companions too. So it may take
        them further than they came, or come, by themselves: with the newest release that they
        admit, one of the family may fail where an older one passes.

        Pins that are searched side by side lead to the same answer as one after another: a search
        counts as far as it would have gone knowing all pins before its own. Raises CannotJudgeError
        if the index fails or the row itself cannot be judged.
        """
        searches: dict[str, Reached[Step]] = {}
        _ = self._pinned, self._baseline  # worked out once, before several threads ask for them
        machines = self.bench.runner.machines
        coming = side_by_side(
            lambda name: self._search(name, lambda: self._proved(name, dict(searches))),
            names,
            at_once=machines.at_once,
            stop=machines.stop,
        )
        for name, found in zip(names, coming, strict=True):
            searches[name] = not_below(self._proved(name, searches), found)
            yield [
                self._pin(known, reached, self._proved(known, searches))
                for known, reached in searches.items()
            ]

    def together(self, pins: Sequence[PinFrontier]) -> Joint:
        """Return the upgrades that pass all together, the most valuable one first in the queue.

        A trial of some of them that could not be judged leaves the whole answer open.
        """
        try:
            return self._together(pins)
        except UnjudgedError as error:
            return Joint(versions={}, left_out=(), unjudged=str(error), unjudged_why=error.why)

    def _together(self, pins: Sequence[PinFrontier]) -> Joint:
        wanted = [pin for pin in by_value(pins) if pin.newest_passing != pin.pinned]
        fitting: list[PinFrontier] = []
        left_out: list[LeftOut] = []
        for pin in wanted:
            refused = self.refusal(versions_of([*fitting, pin]))
            if refused is None:
                fitting.append(pin)
            else:
                left_out.append(_left_out(pin, refused))
        kept, gone = drop_conflicting(fitting, lambda some: self.failure(versions_of(some)))
        left_out += [_left_out(pin, why) for pin, why in gone]
        return Joint(versions=versions_of(kept), left_out=tuple(left_out))

    def _search(self, name: str, proved: Callable[[], Step | None]) -> Reached[Step]:
        """Search a pin's newest version that passes; none is asked below one that is proved."""
        pinned = Version(self._pinned[name])
        steps = upgrade_path(self.catalogue.releases(name), above=pinned, as_of=self.planner.as_of)

        def coming() -> Iterator[Step]:
            for release in steps:
                self.progress.tick()
                known = proved()
                if known is not None and release.version < height(known):
                    return
                yield self._step(name, release)

        return search_highest(coming(), lambda step: self.refusal(step.versions), _Trials(self))

    def _proved(self, name: str, searches: Mapping[str, Reached[Step]]) -> Step | None:
        """Return the newest step up of a pin that the trials of other pins prove, if any does."""
        releases = {str(item.version): item for item in self.catalogue.releases(name)}
        passing = [found.passing for found in searches.values() if found.passing is not None]
        steps = [
            Step(
                name=name,
                release=releases[step.companions[name]],
                companions={who: at for who, at in step.versions.items() if who != name},
            )
            for step in passing
            if name in step.companions
        ]
        newest = max(steps, key=height, default=None)
        above = newest is not None and height(newest) > Version(self._pinned[name])
        return newest if above else None

    def _pin(self, name: str, found: Reached[Step], proved: Step | None) -> PinFrontier:
        """Return how far a pin can be taken, by its own search and by what others' trials prove."""
        releases = self.catalogue.releases(name)
        pinned = Version(self._pinned[name])
        passing = max(filter(None, (found.passing, proved)), key=height, default=None)
        reached = height(passing) if passing else pinned
        resolvable = max(height(found.resolvable) if found.resolvable else pinned, reached)
        why = reason("no-distribution", name=name)
        unknown = Blocked(version=f">{pinned}", because=in_words(why), why=why)
        nothing_known = () if releases else (unknown,)
        usable = eligible(releases, self.planner.as_of)
        return PinFrontier(
            name=name,
            pinned=str(pinned),
            range=self._ranges.get(name),
            newest=str(max([pinned, *(release.version for release in usable)])),
            newest_resolvable=str(resolvable),
            newest_passing=str(reached),
            companions=dict(passing.companions) if passing else {},
            gained_days=gained_days(releases, pinned, passing.release) if passing else 0,
            blocked=next(iter(above(reached, found.failed[::-1])), None),
            unjudged=(*nothing_known, *above(reached, found.unjudged)),
        )

    def _step(self, name: str, release: Release) -> Step:
        found = self._baseline.companions({name: release.version})
        return Step(
            name=name, release=release, companions={item.name: item.version for item in found}
        )

    @cached_property
    def _pinned(self) -> dict[str, str]:
        """The version that each pin has: of one in a range that which the row came to."""
        base = self.planner.base()
        if base.versions.keys() == base.asked.keys():
            return base.versions
        known = self._baseline.pins
        held = self.bench.baseline(self._base).freeze
        return {pin.name: pin.version or held.get(pin.name, known[pin.name]) for pin in base.pins}

    @cached_property
    def _baseline(self) -> Baseline:
        return Baseline.of(self.planner.base(), self.catalogue)

    @cached_property
    def _ranges(self) -> dict[str, str]:
        return {pin.name: pin.range for pin in self.planner.base().pins if pin.version is None}

    @property
    def _base(self) -> Plan:
        """The row's own plan, once there is a run of it: its time is not the first trial's."""
        with self._asking("the row itself"):
            return self._built_base

    @cached_property
    def _built_base(self) -> Plan:
        base = self.planner.base()
        with self.progress.part(f"{base.label}: every check"):
            self.bench.baseline(base)
        return base

    def refusal(self, versions: Mapping[str, str]) -> Reason | None:
        """Say why the stages, or all of them together, cannot be resolved with these versions.

        Raises UnjudgedError where a constraint file cannot be had.
        """
        plan, base = self.planner.trial(versions), self.planner.base()
        try:
            stage = self.bench.resolver.refused_stage(plan, base)
        except NoConstraintsError as error:
            return quoted(str(error))
        except UnknownConstraintsError as error:
            raise UnjudgedError(quoted(str(error))) from error
        if stage is not None:
            return stage.why
        # Only where the row's own pins can be resolved in one go, that can be demanded.
        return self.bench.resolver.conflict(plan, base)

    def failure(self, versions: Mapping[str, str]) -> Reason | None:
        """Say what a trial of these versions breaks, or None if it is safe.

        Raises UnjudgedError as `trial` does.
        """
        trial = self.trial(versions)
        return None if trial.safe else _in_short(reasons(trial))

    def trial(
        self, versions: Mapping[str, str], companions: Mapping[str, str] = MappingProxyType({})
    ) -> TrialVerdict:
        """Make the whole trial of these versions, unless it was made before.

        `companions` are those of them that only move along. Raises UnjudgedError if it, or a part
        of it, could not be judged.
        """
        along = tuple(Change(name, version) for name, version in companions.items())
        plan, base = self.planner.trial(versions), self._base
        with self.progress.part(f"{plan.label}: every check"):
            trial = self.bench.try_out(plan, base, along)
        if trial.exit_code == UNJUDGED:
            raise UnjudgedError(_in_short(reasons(trial)))
        return trial

    def still_failing(self, versions: Mapping[str, str], checks: Sequence[str]) -> Reason | None:
        """Ask some checks alone; say which of them fail, or None if none is known to.

        One that fails as the matrix records settles nothing: it may have failed for the row too.
        """
        what = f"with {first_of([f'{name} {version}' for name, version in versions.items()])}"
        try:
            found = self.prober.ask(partial(self.planner.trial, versions), checks, what)
        except CannotJudgeError:
            return None
        failed = [told(check) for check in found.checks.values() if check.state == "new"]
        return _in_short(failed) if failed else None


class _Trials:
    """The trials of one pin's search: what failed a step above is asked first, and alone.

    Neighbours mostly fail for the same reason. One check that passed for the row and fails here
    settles a step; only where none of them does, the whole trial is made.
    """

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        self._failed: tuple[str, ...] = ()

    def __call__(self, step: Step) -> Reason | None:
        """Say what a step breaks, or None if it is safe."""
        if self._failed:
            found = self._explorer.still_failing(step.versions, self._failed)
            if found is not None:
                return found
        trial = self._explorer.trial(step.versions, step.companions)
        if trial.safe:
            return None
        self._failed = _quickest(trial)
        return _in_short(reasons(trial))


def _quickest(trial: TrialVerdict) -> tuple[str, ...]:
    """Return what a trial broke that is answered soonest: by the build alone, or by one check."""
    broken = set(trial.comparison.regressions) if trial.comparison else set()
    checks = sorted(
        (check for check in trial.checks if check.id in broken), key=lambda check: check.seconds
    )
    built = tuple(check.id for check in checks if CheckId.parse(check.id).answered_by == "build")
    return built or tuple(check.id for check in checks[:1])


def _in_short(found: Sequence[Reason]) -> Reason:
    """Say the first reasons, and how many more there are; of checks that fail alike one is named.

    So each complaint of `pip check` says what `pip-check:*` says of all.
    """
    alike: dict[Value, Reason] = {}
    for item in found:
        alike.setdefault(item.fields.get("why", item), item)
    unlike = list(alike.values())
    first, *others = unlike[:_MOST_REASONS] or [quoted("")]
    more = len(unlike) - _MOST_REASONS
    return first.then(*others, reason("so-many-more", number=more) if more > 0 else None)


def _left_out(pin: PinFrontier, why: Reason) -> LeftOut:
    return LeftOut(name=pin.name, because=in_words(why), why=why)
