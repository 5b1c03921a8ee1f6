"""What a diagnosis works with, and what it knows so far: every step takes it, and adds to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from itertools import chain
from types import MappingProxyType
from typing import Literal

from stackproof.base.records import write_atomically
from stackproof.base.text import first_of
from stackproof.base.times import timestamp
from stackproof.base.versions import name_of
from stackproof.experiments.culprit import Culprit
from stackproof.experiments.diagnose.causes import said_by
from stackproof.experiments.diagnose.outcomes import Question
from stackproof.experiments.diagnose.record import Cause, Diagnosis, Fix, Instead
from stackproof.experiments.found import Found
from stackproof.experiments.planner import Planner
from stackproof.experiments.prober import Prober
from stackproof.index.history import Releases
from stackproof.installers.interpreters import find_target
from stackproof.installers.resolver import Refused, Resolution, Resolver, Wanted
from stackproof.matrix.plan import Plan
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["Inquiry"]


@dataclass(kw_only=True)
class Inquiry:
    """A row under diagnosis as of a moment; `like` is what a recent run of it found.

    `planner` takes up each line that is added, so that the next step asks what is left; the build
    `constraints` that it hands to installers are kept beside it. `excused` are checks that fail for
    what no release can mend, `in_front` those causes behind which checks were seen to fail
    otherwise, and not to pass. `start` is what the row did as it stands. `linked` names the
    distributions through whom links of a plan's stack are suspect. `in_vain` are the suspects that
    were asked for nothing, each with what the checks in question said. What is known so far can be
    had at any time, whatever ends the search.
    """

    planner: Planner
    moment: datetime
    prober: Prober
    releases: Releases
    resolver: Resolver
    like: Found | None
    today: date
    linked: Callable[[Plan], Sequence[str]] = lambda _: ()
    verdict: Literal["ok", "broken", "unjudged"] = "unjudged"
    born: datetime | None = None
    causes: list[Cause] = field(default_factory=list)
    start: Found | None = None
    in_front: list[tuple[Culprit, Cause]] = field(default_factory=list)
    fix: Fix = field(default_factory=Fix)
    instead: list[Instead] = field(default_factory=list)
    whys: list[Reason] = field(default_factory=list)
    constraints: tuple[str, ...] = ()
    excused: set[str] = field(default_factory=set)
    in_vain: set[Question] = field(default_factory=set)
    _started: float = field(default_factory=time.monotonic)

    def so_far(self, trouble: Reason | None = None) -> Diagnosis:
        """Return what is known; `trouble` says what cut the diagnosis short.

        Then what has been added by now is the fix, which nothing has proved.
        """
        plan = self.planner.at(self.moment)
        fix, whys = self.fix, self.whys
        if (
            trouble is not None
            and self.start is not None
            and (left := self.unexplained(self.start))
        ):
            whys = [*whys, reason("unexplained-yet", why=said_by(self.start, left))]
        if trouble is not None and not fix.found:
            added = {"requirements": self.planner.lines, "build_constraints": self.constraints}
            fix = fix.model_copy(update=added)
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
            mend=fix,
            instead=tuple(self.instead),
            notes=tuple(map(in_words, whys)),
            whys=tuple(whys),
            trouble=in_words(trouble) if trouble else None,
            trouble_why=trouble,
        )

    def ask(self, planner: Planner, before: Found | None = None) -> Found:
        """Ask every check of a row, with what has been added to it by now.

        What the build cannot have changed since `before` is not asked, which proves nothing.
        """
        added = [*planner.lines, *(["build constraints"] if planner.options else [])]
        what = f"as of {timestamp(self.moment)}{f' with {first_of(added)}' if added else ''}"
        plan = partial(planner.at, self.moment)
        if added:
            # What was added is there to move something, so no other run holds the same.
            return self.prober.ask(plan, (), what, before)
        return self.prober.ask_whole(plan, what, self.like)

    def amended(self, lines: Sequence[str], constraints: Sequence[str]) -> Planner:
        """Return the planner of the row with these requirement lines and build constraints."""
        options: tuple[str, ...] = ()
        if constraints:
            text = "".join(f"{line}\n" for line in constraints)
            name = f"{sha256(text.encode()).hexdigest()[:16]}.txt"
            file = self.prober.home / "build-constraints" / name
            write_atomically(file, text)
            options = (f"--build-constraints={file}",)
        return replace(self.planner, lines=tuple(lines), options=options)

    def resolved(
        self, planner: Planner, versions: Mapping[str, str] = MappingProxyType({})
    ) -> Resolution | Refused | None:
        """Return what a row resolves to, with other versions of pins, and install nothing.

        None where that cannot be told without a build: a row of several stages, or one with an
        index or a constraint file of its own.
        """
        plan = planner.at(self.moment, versions=versions)
        first, *rest = plan.stages
        if rest or first.index is not None or first.constraints is not None:
            return None
        target = find_target(plan.python, self.prober.runner.project.environ)
        return self.resolver.resolve(
            Wanted(
                requirements=first.requirements,
                python=target.full,
                preferences={},
                constraints=first.limits(),
                as_of=plan.as_of,
                exempt=plan.exempt,
            )
        )

    def versions(self, found: Found) -> dict[str, str]:
        """Return the versions that a build has of what the added lines name."""
        names = map(name_of, self.planner.lines)
        return {name: found.freeze[name] for name in names if name in found.freeze}

    def say(self, *notes: Reason) -> None:
        """Keep notes, each once."""
        self.whys += (note for note in dict.fromkeys(notes) if note not in self.whys)

    def failing(self, found: Found) -> list[str]:
        """Return the failing checks of a build that a release may mend."""
        return [check for check in found.failed if check not in self.excused]

    def absent(self, found: Found) -> list[str]:
        """Return the pins that no stage installs: what fails for that never worked."""
        plan = self.planner.at(self.moment)
        return [name for name in plan.versions if name not in found.freeze and not found.refusal]

    def unexplained(self, found: Found) -> tuple[str, ...]:
        """Return the failing checks of a build that no cause speaks of."""
        explained = {*chain(*(item.checks for item in self.causes))}
        return tuple(check for check in self.failing(found) if check not in explained)
