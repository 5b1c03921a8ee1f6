"""Probes: builds that ask a few checks, kept as evidence so that nothing is asked twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from itertools import chain
from pathlib import Path

from stackproof.base.progress import Progress
from stackproof.base.side_by_side import OneAtATime
from stackproof.base.text import count
from stackproof.errors import CannotJudgeError
from stackproof.evidence.loaded import InstalledNames
from stackproof.evidence.records import Built, Freeze
from stackproof.evidence.verdict import judge
from stackproof.experiments.found import Found
from stackproof.experiments.runner import Runner
from stackproof.matrix.checks import CheckId
from stackproof.matrix.plan import Plan
from stackproof.run.first_look import FirstLook

__all__ = ["Prober"]

_NO_CUT_OFF = datetime.max.replace(tzinfo=timezone.utc)


@dataclass(kw_only=True)
class Prober:
    """Makes probes by `runner`, whose evidence goes to and is found again in `home`.

    `built` counts the environments that were made; `used` are the keys of all builds asked for.
    """

    runner: Runner
    home: Path
    progress: Progress
    built: int = 0
    used: set[str] = field(default_factory=set)
    _asking: OneAtATime = field(default_factory=OneAtATime, init=False, repr=False)

    @property
    def builds(self) -> int:
        """How many environments the answers rest on: a plan may have been built more than once."""
        used = (found.evidence for key, found in self._known.items() if key in self.used)
        return len({*chain.from_iterable(used)})

    def ask(
        self,
        plan: Callable[[Sequence[str]], Plan],
        checks: Sequence[str],
        what: str,
        like: Found | None = None,
    ) -> Found:
        """Return an answer to the checks, all of the row's where none is named.

        `plan` is given the checks to ask alone; `what` says in progress lines what is built. What
        the build cannot have changed since `like` is answered as there, and not asked: that shows
        the way, but proves nothing, and the answer is never `whole`.
        Raises CannotJudgeError if a probe could not be judged.
        """
        whole = plan(())
        self.used.add(whole.build_fingerprint)
        with self._asking(whole.build_fingerprint):
            # Nothing was heard of what could not be installed: there all would be asked.
            if like is not None and like.refusal is None and (checks or like.whole):
                wanted = checks or tuple(dict.fromkeys([*whole.checks, *like.checks]))
                return self._ask_like(whole, plan, wanted, what, like)
            return self._ask(whole, plan, checks, what)

    def _ask_like(
        self,
        whole: Plan,
        plan: Callable[[Sequence[str]], Plan],
        checks: Sequence[str],
        what: str,
        like: Found,
    ) -> Found:
        known = self._known.get(whole.build_fingerprint)
        if known is not None:
            known = known.with_unreached(like)
            if _is_enough(known, checks):
                return known

        def reached(freeze: Freeze, names: InstalledNames) -> Sequence[str]:
            there = like.unreached(freeze, names)
            # Where it reaches none, the build is all that is asked: nothing named would be all.
            built = CheckId("stage", whole.stages[-1].name)
            return [check for check in asked if check not in there] or [built]

        asked = [check for check in checks if known is None or not known.answers(check)]
        first = FirstLook(
            reached=reached,
            heard=lambda *_: None,
            settles=lambda _: False,
            go_on=lambda _: False,
        )
        return self._make(whole, plan(asked), what, first).with_unreached(like)

    def _ask(
        self,
        whole: Plan,
        plan: Callable[[Sequence[str]], Plan],
        checks: Sequence[str],
        what: str,
    ) -> Found:
        known = self._known.get(whole.build_fingerprint)
        if known is not None and _is_enough(known, checks):
            return known
        asked = [check for check in checks if known is None or not known.answers(check)]
        return self._make(whole, plan(asked) if asked else whole, what)

    def _make(self, whole: Plan, plan: Plan, what: str, first: FirstLook | None = None) -> Found:
        """Carry out a plan, and return what is known of its build by now."""
        asking = count(len(plan.only), "check") if plan.only else "every check"
        most = "at most " if first else ""
        with self.progress.part(f"{whole.matrix}/{whole.row}: {what}, {most}{asking}"):
            verdict, evidence = self.runner.run(plan, self.home, first)
        with self._asking("how many"):
            self.built += 1
        if not verdict.settled:
            raise CannotJudgeError(f"the probe {what}: {verdict.trouble or verdict.untold}")
        return self._learn(whole, Found.of(evidence, verdict))

    def ask_whole(
        self, plan: Callable[[Sequence[str]], Plan], what: str, like: Found | None
    ) -> Found:
        """Return an answer to every check of the row.

        `like` is a build of which every check was asked: where it held the same distributions, its
        suite answers for this build too, and only the build is made.
        """
        if like is None:
            return self.ask(plan, (), what)
        whole = plan(())
        found = self.ask(plan, [CheckId("stage", whole.stages[-1].name)], what)
        if found.whole or found.refusal is not None:
            return found
        if found.freeze != like.freeze:
            return self.ask(plan, (), what)
        return self._learn(whole, like)

    def dates(
        self, check: str, plan: Callable[[datetime], Plan], until: datetime
    ) -> list[tuple[datetime, Found]]:
        """Return the dates as of which builds of a plan were asked a check, the newest first."""
        return [(at, found) for at, found in self._dated(plan, until) if found.answers(check)]

    def built_at(
        self, item: Built, plan: Callable[[datetime], Plan], until: datetime
    ) -> tuple[datetime, Built] | None:
        """Return the newest date as of which a release was built from source, and with what."""
        found = (
            (moment, made)
            for moment, build in self._dated(plan, until)
            for made in build.built
            if (made.name, made.version, made.failed) == (item.name, item.version, False)
        )
        return next(found, None)

    def _dated(
        self, plan: Callable[[datetime], Plan], until: datetime
    ) -> list[tuple[datetime, Found]]:
        """Return what is known of the builds of a plan as of dates, the newest first.

        They may be of this run or of another. What else was built, such as the trials of a search,
        is no date.
        """
        found = [(build.as_of or _NO_CUT_OFF, key, build) for key, build in self._known.items()]
        dated = [
            (moment, build)
            for moment, key, build in found
            if moment <= until and plan(moment).build_fingerprint == key
        ]
        return sorted(dated, key=lambda pair: pair[0], reverse=True)

    @property
    def _known(self) -> dict[str, Found]:
        """What is known of each build by its fingerprint, that of earlier sessions included."""
        with self._asking("what is known"):
            return self._read

    @cached_property
    def _read(self) -> dict[str, Found]:
        known: dict[str, Found] = {}
        for evidence in self.runner.comparable(self.home):
            verdict = judge(evidence)
            if verdict.settled:
                key, found = evidence.plan.build_fingerprint, Found.of(evidence, verdict)
                known[key] = known[key].and_also(found) if key in known else found
        return known

    def _learn(self, plan: Plan, found: Found) -> Found:
        """Return what is known of a build by now, and remember it."""
        key, known = plan.build_fingerprint, self._known
        known[key] = found.and_also(known[key]) if key in known else found
        return known[key]


def _is_enough(known: Found, checks: Sequence[str]) -> bool:
    if known.refusal is not None:
        return True
    return all(map(known.answers, checks)) if checks else known.whole
