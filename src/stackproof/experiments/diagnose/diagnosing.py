"""Diagnose a row: verify it, explain what fails round by round, and prove what to add."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from itertools import chain
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stackproof.base.records import write_atomically
from stackproof.base.text import first_of
from stackproof.base.times import timestamp
from stackproof.base.versions import requirement
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.experiments.culprit import Culprit
from stackproof.experiments.delta_debugging import drop_needless
from stackproof.experiments.diagnose.causes import (
    blamed,
    bounds,
    causes_of,
    lacking_here,
    merged,
    overwritten,
    said_by,
    yanked,
)
from stackproof.experiments.diagnose.record import Cause, Diagnosis, Fix, Instead
from stackproof.experiments.found import Found
from stackproof.experiments.planner import Planner
from stackproof.experiments.prober import Prober
from stackproof.experiments.repair.record import RepairedPin
from stackproof.experiments.repair.repairing import Repairer
from stackproof.experiments.timeline.tracing import NotOlderError, Tracer
from stackproof.index.history import Releases
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.failures import cause
from stackproof.installers.refusal import yanks
from stackproof.installers.resolver import Resolver
from stackproof.matrix.checks import ALL, CheckId

__all__ = ["Diagnoser"]

#: How many faults, one behind the other, are looked for.
_ROUNDS = 5


@dataclass(kw_only=True)
class Diagnoser:
    """Diagnoses a row as of a moment; `like` is a recent run of it, whose suite may answer for it.

    `planner` takes up each line that is added, so that the next round asks what is left. What is
    known so far can be had at any time, whatever ended the search.
    """

    planner: Planner
    moment: datetime
    prober: Prober
    releases: Releases
    resolver: Resolver
    like: Evidence | None
    today: date
    verdict: Literal["ok", "broken", "unjudged"] = "unjudged"
    born: datetime | None = None
    causes: list[Cause] = field(default_factory=list)
    fix: Fix = field(default_factory=Fix)
    instead: list[Instead] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _constraints: tuple[str, ...] = ()
    _started: float = field(default_factory=time.monotonic)

    def diagnose(self) -> None:
        """Find the causes, and what to add.

        Raises CannotJudgeError if a probe cannot be judged or the index fails.
        """
        self.born = self.releases.born(self.planner.at(self.moment).asked)
        found = self._begin()
        if found is None or not found.failed:
            return
        found = self._without_an_owner(found)
        found = self._with_yanked(found)
        here = self._of_this_machine(found)
        if found.refusal is not None and failed_build(found.refusal) is None:
            self.causes.append(
                Cause(
                    kind="conflict",
                    checks=found.failed,
                    confirmed=True,
                    sentence=f"the requirements cannot be resolved: {cause(found.refusal)}",
                )
            )
        else:
            found = self._rounds(found, here)
        if {*found.failed} <= here:
            self._keep(found)
        else:
            self._repair(found)
            self._unknown(found)

    def so_far(self, trouble: str | None = None) -> Diagnosis:
        """Return what is known; `trouble` says what cut the diagnosis short."""
        plan = self.planner.at(self.moment)
        return Diagnosis(
            matrix=self.planner.name,
            row=self.planner.row,
            python=plan.python,
            as_of=timestamp(self.moment),
            verdict=self.verdict,
            born=timestamp(self.born) if self.born else None,
            builds=self.prober.builds,
            built=self.prober.built,
            seconds=round(time.monotonic() - self._started, 1),
            causes=tuple(self.causes),
            mend=self.fix,
            instead=tuple(self.instead),
            notes=tuple(self.notes),
            trouble=trouble,
        )

    def _begin(self) -> Found | None:
        """Return what the row does now; None if this machine cannot build it."""
        try:
            found = self._ask(self.planner)
        except CannotJudgeError as error:
            build = failed_build(str(error))
            if build is None or build.lacking is None:
                raise
            sentence = f"the build of {build.shown} needs {build.lacking}; this machine has none"
            self.causes.append(Cause(kind="system", checks=(), confirmed=True, sentence=sentence))
            return None
        self.verdict = "broken" if found.failed else "ok"
        return found

    def _ask(self, planner: Planner) -> Found:
        """Ask every check of the row, with what has been added by now."""
        added = [*planner.lines, *(["build constraints"] if planner.options else [])]
        what = f"as of {timestamp(self.moment)}{f' with {first_of(added)}' if added else ''}"
        return self.prober.ask_whole(partial(planner.at, self.moment), what, self.like)

    def _without_an_owner(self, found: Found) -> Found:
        """Drop one of the distributions that own the same files, if that lets more checks pass."""
        files = found.overwritten.files if found.overwritten else {}
        if found.overwritten is None or not files:
            return found
        owners = sorted({*chain(*files.values())})
        pins = self.planner.at(self.moment).asked
        best, dropped = found, None
        for name in (name for name in owners if name in pins and len(pins) > 1):
            planner = self.planner.without(name)
            less = self._ask(planner)
            if len(less.failed) < len(best.failed):
                best, dropped = less, planner
                self.fix = Fix(removed=(name,))
            if not less.failed:
                break
        self.planner = dropped or self.planner
        self.causes.append(overwritten(found, confirmed=dropped is not None))
        return best

    def _with_yanked(self, found: Found) -> Found:
        """Ask for yanked releases by their exact versions: installers take them so."""
        for item in yanks(found.refusal or ""):
            line = requirement(item.name, item.version)
            planner = replace(self.planner, lines=(*self.planner.lines, line))
            better = self._ask(planner)
            helps = better.refusal is None
            uploaded = self.releases.uploaded(item.name, item.version)
            self.causes.append(yanked(item, uploaded, found.failed, confirmed=helps))
            if helps:
                self.planner, found = planner, better
                self.notes.append(f"{line} is a yanked release: look for another soon")
        return found

    def _of_this_machine(self, found: Found) -> set[str]:
        """Return the checks that fail for want of a library that no release brings."""
        causes = list(lacking_here(found))
        self.causes += causes
        checks = {*chain(*(item.checks for item in causes))}
        over_all = {check for check in found.failed if CheckId.parse(check).subject == ALL}
        return checks | over_all if checks else set()

    def _rounds(self, found: Found, here: set[str]) -> Found:
        """Trace what fails back to the row's birth, leave the culprits out, and ask again.

        The newest fault hides the older one behind it, so what fails then is traced in turn.
        """
        for _ in range(_ROUNDS):
            failing = [check for check in found.failed if check not in here]
            culprits = self._traced(found, failing) if failing else []
            lines = bounds(item for item in culprits if not item.builds)
            constraints = bounds(item for item in culprits if item.builds)
            if not {*lines, *constraints} - {*self.planner.lines, *self._constraints}:
                break
            self._constraints = merged(self._constraints, constraints)
            self.planner = self._amended(merged(self.planner.lines, lines), self._constraints)
            found = self._ask(self.planner)
        return found

    def _traced(self, found: Found, failing: Sequence[str]) -> list[Culprit]:
        """Return the culprits of what fails, and keep the causes."""
        tracer = Tracer(
            planner=self.planner, prober=self.prober, releases=self.releases, like=self.like
        )
        try:
            since = tracer.birth(self.moment)
        except NotOlderError as error:
            self.notes.append(str(error))
            return []
        timeline = tracer.trace(since, self.moment, failing)
        self.notes += (note for note in tracer.notes if note not in self.notes)
        culprits: list[Culprit] = []
        for item, behind in causes_of(timeline, found):
            self.causes += [] if item in self.causes else [item]
            culprits += behind
        return culprits

    def _amended(self, lines: Sequence[str], constraints: Sequence[str]) -> Planner:
        """Return the planner of the row with requirement lines, and build constraints, added."""
        options: tuple[str, ...] = ()
        if constraints:
            text = "".join(f"{line}\n" for line in constraints)
            name = f"{sha256(text.encode()).hexdigest()[:16]}.txt"
            file = self.prober.home / "build-constraints" / name
            write_atomically(file, text)
            options = (f"--build-constraints={file}",)
        return replace(self.planner, lines=tuple(lines), options=options)

    def _keep(self, found: Found) -> None:
        """Keep what was added as the fix, without what is not needed."""
        every = [*self.planner.lines, *self._constraints]
        needed = every
        if every[1:]:
            needed = list(drop_needless(every, partial(self._passes_with, found.failed)))
        lines = [line for line in self.planner.lines if line in needed]
        self._constraints = tuple(line for line in self._constraints if line in needed)
        self.planner = self._amended(lines, self._constraints)
        found = self._ask(self.planner)
        names = [canonicalize_name(Requirement(line).name) for line in lines]
        self.fix = Fix(
            found=not found.failed,
            requirements=tuple(lines),
            versions={name: found.freeze[name] for name in names if name in found.freeze},
            build_constraints=self._constraints,
            removed=self.fix.removed,
            confirmed=not found.failed,
            minimal=not found.failed,
        )

    def _passes_with(self, failing: Sequence[str], added: Sequence[str]) -> bool:
        """Tell whether no more fails with some of the added lines alone."""
        lines = [line for line in self.planner.lines if line in added]
        constraints = [line for line in self._constraints if line in added]
        return {*self._ask(self._amended(lines, constraints)).failed} <= {*failing}

    def _repair(self, found: Found) -> None:
        """Search pins for what no bound on a culprit repairs."""
        repairer = Repairer(
            planner=self.planner,
            moment=self.moment,
            prober=self.prober,
            releases=self.releases,
            resolver=self.resolver,
            like=self.like,
            today=self.today,
        )
        repair = repairer.repair(remedies=False)
        self.notes += (note for note in repair.notes if note not in self.notes)
        added = [pin for pin in repair.pins if pin.documented is None]
        known = {item.culprit.name for item in self.causes if item.culprit}
        if repair.found:
            self.causes += (self._shown(pin, found) for pin in added if pin.name not in known)
        exact = [requirement(pin.name, pin.version) for pin in added]
        self.fix = Fix(
            found=repair.found,
            requirements=(*self.planner.lines, *exact),
            versions={pin.name: pin.version for pin in added},
            build_constraints=self._constraints,
            removed=self.fix.removed,
            confirmed=repair.confirmed,
            minimal=repair.minimal and not self.planner.lines,
        )
        self.instead = [
            Instead(pin=pin.name, version=pin.version, confirmed=repair.confirmed)
            for pin in repair.pins
            if pin.documented is not None
        ]

    def _shown(self, pin: RepairedPin, found: Found) -> Cause:
        """Return the cause that a pin of a repair shows: what stands in its place fails."""
        version = found.freeze.get(pin.name)
        uploaded = self.releases.uploaded(pin.name, version) if version else None
        return Cause(
            kind="release",
            checks=pin.mends,
            culprit=blamed(pin.name, version, uploaded),
            confirmed=bool(pin.mends),
            sentence=pin.because,
        )

    def _unknown(self, found: Found) -> None:
        """Name the failing checks that no cause speaks of."""
        explained = {*chain(*(item.checks for item in self.causes))}
        checks = tuple(check for check in found.failed if check not in explained)
        if checks and not self.fix.found:
            sentence = f"no release was seen to break it: {said_by(found, checks)}"
            self.causes.append(
                Cause(kind="unknown", checks=checks, confirmed=False, sentence=sentence)
            )
