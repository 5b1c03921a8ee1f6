"""Repair a row: from what is consistent, by a search, to the record of what was found and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, partial

from stackproof.base.invocation import typed
from stackproof.base.times import timestamp
from stackproof.base.versions import satisfies
from stackproof.experiments.facts import Facts
from stackproof.experiments.found import Found
from stackproof.experiments.planner import Planner
from stackproof.experiments.prober import Prober
from stackproof.experiments.repair.bounds import Bound
from stackproof.experiments.repair.consistent import Consistency
from stackproof.experiments.repair.documented_fixes import RemedyTrials
from stackproof.experiments.repair.reasons import Reasons
from stackproof.experiments.repair.record import RemedyTrial, Removal, Repair
from stackproof.experiments.repair.search import PinSearch, Versions
from stackproof.experiments.repair.sources import Sources, older_steps
from stackproof.experiments.repair.writing import repair_text
from stackproof.index.history import Releases
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.refusal import refusal, release_of
from stackproof.installers.resolver import Resolver
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["Repairer"]


@dataclass(frozen=True, kw_only=True)
class Repairer:
    """Repairs a row as of a moment; `like` is what a recent run of it found, and may answer for it.

    `today` is the date of what is to be written. The search begins with the `bounds`, by name, that
    leave out releases which were seen to break the row.
    """

    planner: Planner
    moment: datetime
    prober: Prober
    releases: Releases
    resolver: Resolver
    like: Found | None
    today: date
    bounds: Mapping[str, Bound] = field(default_factory=dict)

    def repair(self, *, remedies: bool) -> Repair:
        """Search, minimise and confirm; the document's `remedies` are a start if wanted.

        Raises CannotJudgeError if a probe cannot be judged or the index fails.
        """
        plan = partial(self.planner.at, self.moment)
        broken = self.prober.ask_whole(plan, f"as of {timestamp(self.moment)}", self.like)
        failing = broken.failed
        remedied = self._remedied(broken) if remedies and failing else ()
        joint = self._consistency.joint(broken.freeze)
        sources = Sources(
            planner=self.planner,
            moment=self.moment,
            prober=self.prober,
            newest={name: chosen.version for name, chosen in joint.newest.items()},
            older=older_steps(self.releases, plan().asked, self._held(broken), self.moment),
            remedied=remedied,
        )
        search = PinSearch(
            planner=self.planner,
            moment=self.moment,
            prober=self.prober,
            sources=sources,
            joint=joint,
            held=self._held(broken),
            like=broken,
        )
        start, nothing = broken, not failing or joint.refused is not None
        if broken.refusal is not None and not nothing:
            # What comes after the stage that cannot be installed is not known yet.
            start = search.probe({}, ())
            failing = tuple(dict.fromkeys([*failing, *start.failed]))
        unbuilt = [item for item in start.built if item.failed and start.refusal is not None]
        versions: Versions = {}
        bounds: dict[str, Bound] = {}
        removals: dict[str, tuple[str, ...]] = {}
        if nothing or unbuilt:
            # More pins are installed after the stages, and are no build dependencies.
            last, unmended = broken, failing
            notes = (*_refused(joint.refused), *map(sources.unbuilt, unbuilt))
        else:
            first = self._consistency.departing(joint, start.freeze)
            first |= {name: bound.version for name, bound in self.bounds.items()}
            versions, last = search.search(first, failing)
            unmended, removals = last.failed, search.removals(versions, last)
            bounds = self._bounds(search, versions, last)
            notes = (*sources.notes(unmended), *_luck(last))
        reasons = Reasons(
            builds=(broken, start),
            joint=search.joint,
            versions=versions,
            removals=removals,
            facts=Facts(self.releases, self.planner.at(self.moment).versions),
            consistency=self._consistency,
            pins=self._pins,
            ranges=search.narrowed(versions),
            bounds=bounds,
        )
        found = not unmended
        if not found:
            notes = (*notes, *self._kept(search.joint.changed))
        repair = Repair(
            matrix=self.planner.name,
            row=self.planner.row,
            as_of=timestamp(self.moment),
            found=found,
            failing=failing,
            unmended=unmended,
            tried=sources.tried(last),
            pins=reasons.changes(),
            confirmed=found,
            minimal=found and all(removals.values()),
            removals=tuple(Removal(without=name, failed=item) for name, item in removals.items()),
            remedies=tuple(trial for trial, _ in remedied),
            builds=self.prober.builds,
            built=self.prober.built,
            notes=tuple(map(in_words, notes)),
            whys=notes,
            toml="",
        )
        return repair.model_copy(update={"toml": repair_text(repair, self._pins, self.today)})

    def _kept(self, changed: Collection[str]) -> Iterator[Reason]:
        """Say that a repair keeps exact pins, if it did, and what looks for a change of them."""
        plan = self.planner.at(self.moment)
        if any(name not in changed for name in plan.versions):
            stated = [] if self.planner.as_of is None else ["--as-of", timestamp(self.moment)]
            yield reason("pins-kept", command=typed("diagnose", self.planner.label, *stated))

    def _bounds(self, search: PinSearch, versions: Versions, last: Found) -> dict[str, Bound]:
        """Return the bounds that may stand in place of versions: a build shows that they do."""
        narrowed = search.narrowed(versions)
        found = {
            name: bound
            for name, bound in self.bounds.items()
            if versions.get(name) == bound.version and name not in narrowed
        }
        if not found or last.failed:
            return {}
        asked = {name: bound.range for name, bound in found.items()}
        return {} if search.whole({**versions, **asked}, last).failed else found

    def _remedied(self, broken: Found) -> tuple[tuple[RemedyTrial, Found], ...]:
        trials = RemedyTrials(
            planner=self.planner,
            moment=self.moment,
            prober=self.prober,
            broken=broken,
            failing=broken.failed,
        )
        return trials.every()

    @cached_property
    def _pins(self) -> Versions:
        """What the row asks for of its pins."""
        return self.planner.at(self.moment).asked

    def _held(self, found: Found) -> Versions:
        """Return the versions of pins that a build has in their ranges."""
        pins = (pin for pin in self.planner.at(self.moment).pins if pin.version is None)
        held = {pin.name: (found.freeze.get(pin.name, ""), pin.range) for pin in pins}
        return {name: at for name, (at, asked) in held.items() if satisfies(at, asked)}

    @cached_property
    def _consistency(self) -> Consistency:
        return Consistency(
            plan=self.planner.at(self.moment),
            resolver=self.resolver,
            releases=self.releases,
            moment=self.moment,
        )


def _refused(words: str | None) -> tuple[Reason, ...]:
    """Say why there is no set of versions to begin with, if there is none."""
    if words is None:
        return ()
    build = failed_build(words)
    unbuilt = reason("cannot-be-built", release=release_of(build)) if build else None
    return (reason("no-versions", why=unbuilt or refusal(words)),)


def _luck(found: Found) -> Iterator[Reason]:
    """Say of which checks nothing follows from their answers, and why."""
    reasons: dict[Reason, list[str]] = {}
    for check in found.checks:
        if (luck := found.luck(check)) is not None:
            reasons.setdefault(luck, []).append(check)
    for luck, checks in reasons.items():
        yield reason("nothing-follows", checks=tuple(checks), why=luck)
