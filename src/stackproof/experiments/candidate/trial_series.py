"""Make the trials of one command line: each upgrade alone, all together, and who is to blame."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property

from packaging.version import Version

from stackproof.base.side_by_side import side_by_side
from stackproof.errors import CannotJudgeError, NoConstraintsError, UnknownConstraintsError
from stackproof.experiments.candidate.group_resolution import Baseline
from stackproof.experiments.candidate.record import UNJUDGED, TrialVerdict
from stackproof.experiments.candidate.trial import Bench
from stackproof.experiments.candidate.trial_plan import Trial, TrialPlan
from stackproof.experiments.planner import Planner
from stackproof.experiments.resolution import RefusedStage
from stackproof.index.choice import Catalogue
from stackproof.index.upgrade_path import upgrade_path
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import Change
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["TrialSeries"]

#: How many versions are resolved at once in the search for the nearest one that would go.
_AT_ONCE = 4
#: Of two, the rest without one is the other alone, which was tried already.
_PAIR = 2


@dataclass(frozen=True)
class _Made:
    """A trial that was made, and the refusal that it ended with, if it did."""

    verdict: TrialVerdict
    refused: RefusedStage | None = None


@dataclass(frozen=True, kw_only=True)
class TrialSeries:
    """Makes planned trials on a bench; what several requests come to is made once."""

    bench: Bench
    planner: Planner
    catalogue: Catalogue
    _made: dict[tuple[Change, ...], _Made] = field(default_factory=dict, init=False, repr=False)

    def run(self, plan: TrialPlan) -> Iterator[TrialVerdict]:
        """Make the trials, as many at a time as the bench's machines are to make.

        Each is yielded as soon as it is known, in their order, so that none is lost where a later
        one raises. The trial of a group that fails comes last, since who is to blame may take more
        trials.
        """
        found: list[TrialVerdict] = []
        groups: list[TrialVerdict] = []
        machines = self.bench.runner.machines
        first = {self.planner.trial(item.versions).requested: item for item in plan.trials[::-1]}
        distinct = [item for item in plan.trials if item in first.values()]
        coming = side_by_side(self._make, distinct, at_once=machines.at_once, stop=machines.stop)
        try:
            for trial in plan.trials:
                found.append(next(coming) if trial in distinct else self._make(trial))
                if len(trial.asked) > 1 and not found[-1].safe:
                    groups.append(found[-1])
                else:
                    yield found[-1]
            named = self._guilty(plan.trials, found)
        except CannotJudgeError:
            yield from groups
            raise
        for verdict in groups:
            self.bench.amend(self._made[verdict.requested].verdict, guilty=named)
            yield verdict.model_copy(update={"guilty": named})

    def _make(self, trial: Trial) -> TrialVerdict:
        """Make a trial, or answer by the one of the same versions: what was written of that stays.

        Raises CannotJudgeError for what no other trial can do without: index, baseline, room.
        """
        plan = self.planner.trial(trial.versions)
        made = self._made.get(plan.requested)
        if made is None:
            made = self._made[plan.requested] = self._first(trial, plan)
            return made.verdict
        why = self._why(made.refused, trial) if made.refused is not None else None
        words = in_words(why) if why else None
        changes = {"companions": _along(trial), "reason": words, "why": why}
        return made.verdict.model_copy(update=changes)

    def _first(self, trial: Trial, plan: Plan) -> _Made:
        """Make a trial; one that cannot be resolved for want of an answer is not judged."""
        began = time.monotonic()
        base, along = self.planner.base(), _along(trial)
        try:
            refused = self.bench.resolver.refusal(plan, base)
        except CannotJudgeError as error:
            self.bench.resolver.require_index()
            seconds = time.monotonic() - began
            return _Made(self.bench.end(plan, base, along, seconds, trouble=str(error)))
        if refused is None:
            tried = self.bench.try_out(plan, base, along)
            return _Made(self._explained(tried, plan, base))
        told = replace(refused, why=self._why(refused, trial))
        seconds = time.monotonic() - began
        return _Made(self.bench.end(plan, base, along, seconds, refused=told), refused)

    def _why(self, refused: RefusedStage, trial: Trial) -> Reason:
        """Say why a trial is refused and, unless its row is refused too, what would not be."""
        return refused.why.then(self._hint(trial) if refused.trouble is None else None)

    def _explained(self, verdict: TrialVerdict, plan: Plan, base: Plan) -> TrialVerdict:
        """Add what is behind a later stage's moving back what was asked for, if it can be told."""
        if not verdict.breaks:
            return verdict
        try:
            conflict = self.bench.resolver.conflict(plan, base)
        except CannotJudgeError:
            return verdict  # an index that fails now takes nothing from what was proved
        if conflict is None:
            return verdict
        return self.bench.amend(verdict, conflict=in_words(conflict), conflict_why=conflict)

    def _hint(self, trial: Trial) -> Reason | None:
        """Say what could be resolved in place of a refused trial, if that can be told."""
        try:
            return self._nearest(trial)
        except CannotJudgeError:
            return None  # an index that fails now takes nothing from the refusal

    def _nearest(self, trial: Trial) -> Reason | None:
        """Say which version between the row's own and the one asked for could be resolved.

        Nothing is said of several upgrades, since each is tried alone, nor of one that is still to
        be tried with its companions.
        """
        if len(trial.asked) != 1:
            return None
        (name, asked), base = next(iter(trial.asked.items())), self.planner.base()
        if self._moving(name, asked) and not trial.companions:
            return None
        own = Version(self._baseline.pins[name])
        wanted = Version(asked)
        between = upgrade_path(
            self.catalogue.releases(name),
            above=min(own, wanted),
            below=max(own, wanted),
            as_of=base.as_of,
        )
        nearby = [str(step.version) for step in (between if wanted > own else between[::-1])]
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            found = first_that_goes(
                nearby, lambda some: list(pool.map(lambda item: self._goes(name, item), some))
            )
        if found:
            release = f"{name} {found}"
            along = tuple(f"{who} {at}" for who, at in self._moving(name, found).items())
            if not along:
                return reason("nearest-resolving", release=release)
            return reason("nearest-resolving-with", release=release, others=along)
        return reason("none-between", own=str(own), asked=asked)

    def _goes(self, name: str, version: str) -> bool:
        """Tell whether a version can be resolved; not if a constraint file cannot be had for it."""
        plan = self.planner.trial({name: version, **self._moving(name, version)})
        try:
            return self.bench.resolver.refused_stage(plan, self.planner.base()) is None
        except (NoConstraintsError, UnknownConstraintsError):
            return False

    def _moving(self, name: str, version: str) -> dict[str, str]:
        moving = self._baseline.companions({name: Version(version)})
        return {item.name: item.version for item in moving}

    @cached_property
    def _baseline(self) -> Baseline:
        return Baseline.of(self.planner.base(), self.catalogue)

    def _guilty(self, trials: Sequence[Trial], found: Sequence[TrialVerdict]) -> tuple[str, ...]:
        """Return who is to blame for a group that fails: a group hides its guilty member.

        Those that fail alone, if the others are safe together; or else those without one of whom
        all others are safe. Nobody, where one of these trials was not judged: what is not known
        accuses nobody.
        """
        codes: dict[tuple[str, ...], set[int]] = {}
        for trial, verdict in zip(trials, found, strict=True):
            codes.setdefault(tuple(trial.asked), set()).add(verdict.exit_code)
        names = tuple(trials[-1].asked)
        if len(names) <= 1 or 0 in codes[names] or max(codes[names]) == UNJUDGED:
            return ()
        failed = tuple(name for name in names if 0 not in codes[(name,)])
        if any(UNJUDGED in codes[(name,)] for name in failed):
            return ()
        return self._named(trials, failed)

    def _named(self, trials: Sequence[Trial], failed: tuple[str, ...]) -> tuple[str, ...]:
        """Return who is to blame for a group, some of which fail alone; it may take more trials."""
        names = tuple(trials[-1].asked)
        if failed and len(names) - len(failed) <= 1:
            return failed
        if failed:
            code = self._make(_without(trials, failed)).exit_code
            if code != 1:
                return failed if code == 0 else ()
        if len(names) == _PAIR:
            return names
        # What fails alone may lack another upgrade, and the group fail for quite another reason.
        alone: list[str] = []
        for name in names:
            code = self._make(_without(trials, {name})).exit_code
            if code == UNJUDGED:
                return ()
            alone += [name] if code == 0 else []
        return tuple(alone) or failed or names


def first_that_goes(nearby: Sequence[str], goes: Callable[[Sequence[str]], list[bool]]) -> str:
    """Return the first version that goes, or "" if none was found, asking for few of them.

    The nearest are all asked for. Beyond them, one that does not go is taken to have none nearer
    that does: the want of a newer companion mostly begins with some version and stays.
    """
    answers = goes(nearby[:_AT_ONCE])
    if True in answers:
        return nearby[answers.index(True)]
    refused, found = len(answers) - 1, ""
    end = len(nearby)
    while refused < end - 1:
        step = -(-(end - 1 - refused) // _AT_ONCE)
        places = list(range(refused + step, end, step)) or [end - 1]
        answers = goes([nearby[place] for place in places])
        if True in answers:
            end = places[answers.index(True)]
            found = nearby[end]
            refused = max(refused, end - step)
        else:
            refused = places[-1]
    return found


def _along(trial: Trial) -> tuple[Change, ...]:
    return tuple(Change(item.name, item.version) for item in trial.companions)


def _without(trials: Sequence[Trial], names: Collection[str]) -> Trial:
    """Return the trial of all, less some upgrades and what moves along with those alone."""
    rest = {name: version for name, version in trials[-1].asked.items() if name not in names}
    needed = {
        item
        for trial in trials
        if len(trial.asked) == 1 and not trial.asked.keys() & set(names)
        for item in trial.companions
    }
    staying = tuple(item for item in trials[-1].companions if item in needed)
    return Trial(asked=rest, companions=staying)
