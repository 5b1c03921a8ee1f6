"""Make the trials of one command line: each upgrade alone, all together, and who is to blame."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from packaging.version import Version

from stackproof.candidate.choice import Catalogue
from stackproof.candidate.ladder import ladder
from stackproof.candidate.planner import RowPlanner
from stackproof.candidate.scheme import Scheme, Trial
from stackproof.candidate.trial import Bench
from stackproof.candidate.verdict import TrialVerdict

__all__ = ["Campaign"]

#: How many versions are looked at for the nearest one that would go: an answer in seconds.
_NEAREST = 6


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """The trials of a scheme, made on a bench."""

    bench: Bench
    planner: RowPlanner
    catalogue: Catalogue

    def run(self, scheme: Scheme) -> list[TrialVerdict]:
        """Make the trials, one after another: each of them uses every core."""
        found = [self._make(trial) for trial in scheme.trials]
        named = self._guilty(scheme.trials, found)
        return [
            self.bench.blame(verdict, named) if _is_group(verdict) else verdict for verdict in found
        ]

    def _make(self, trial: Trial) -> TrialVerdict:
        base, plan = self.planner.base(), self.planner.trial(trial.versions)
        companions = tuple(f"{item.name}=={item.version}" for item in trial.companions)
        refused = self.bench.resolver.refused_stage(plan, base)
        if refused is None:
            return self.bench.try_out(plan, base, companions)
        told = replace(refused, reason=refused.reason + self._nearest(trial))
        return self.bench.refuse(plan, base, companions, told)

    def _nearest(self, trial: Trial) -> str:
        """Say which version between the row's own and the one asked for could be resolved.

        Nothing is said of several upgrades, nor of one with companions: there each is tried alone.
        """
        if len(trial.asked) != 1 or trial.companions:
            return ""
        (name, asked), base = next(iter(trial.asked.items())), self.planner.base()
        own = Version(next(pin.version for pin in base.pins if pin.name == name))
        wanted = Version(asked)
        between = ladder(
            self.catalogue.releases(name),
            above=min(own, wanted),
            below=max(own, wanted),
            as_of=base.as_of,
        )
        nearby = (between if wanted > own else between[::-1])[:_NEAREST]
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            goes = list(pool.map(lambda item: self._goes(name, str(item.version)), nearby))
        found = [str(item.version) for item, fits in zip(nearby, goes, strict=True) if fits]
        if found:
            return f"; the nearest version that can be resolved is {name} {found[0]}"
        return f"; no version between the row's {own} and {asked} was found that can be resolved"

    def _goes(self, name: str, version: str) -> bool:
        plan = self.planner.trial({name: version})
        return self.bench.resolver.refused_stage(plan, self.planner.base()) is None

    def _guilty(self, trials: Sequence[Trial], found: Sequence[TrialVerdict]) -> tuple[str, ...]:
        """Return who is to blame for a group that fails: a group hides its guilty member.

        Those that fail alone, or else those without whom the rest of the group is safe.
        """
        safe = {name: False for trial in trials for name in trial.asked if len(trial.asked) == 1}
        group_is_safe = True
        for trial, verdict in zip(trials, found, strict=True):
            if len(trial.asked) == 1:
                safe[next(iter(trial.asked))] |= verdict.safe
            else:
                group_is_safe = verdict.safe
                group = trial
        if group_is_safe:
            return ()
        alone = tuple(name for name, is_safe in safe.items() if not is_safe)
        if alone or len(safe) == len(("one", "other")):
            return alone or tuple(safe)
        return tuple(name for name in safe if self._make(_without(group, name)).safe)


def _is_group(verdict: TrialVerdict) -> bool:
    asked = set(verdict.requested) - set(verdict.companions)
    return len(asked) > 1 and not verdict.safe


def _without(trial: Trial, name: str) -> Trial:
    return replace(
        trial, asked={other: version for other, version in trial.asked.items() if other != name}
    )
