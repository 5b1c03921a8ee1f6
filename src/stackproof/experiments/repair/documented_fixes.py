"""Try the document's own remedies on a broken row: each is one more call of the installer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from stackproof.base.times import timestamp
from stackproof.experiments.found import Found
from stackproof.experiments.planner import Planner
from stackproof.experiments.prober import Prober
from stackproof.experiments.repair.record import RemedyTrial
from stackproof.installers.refusal import refusal
from stackproof.matrix.checks import CheckId
from stackproof.matrix.model import Remedy
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedStage
from stackproof.reasons.words import in_words

__all__ = ["RemedyTrials"]


@dataclass(frozen=True, kw_only=True)
class RemedyTrials:
    """Tries remedies on a row as of a moment; `broken` is the row without any."""

    planner: Planner
    moment: datetime
    prober: Prober
    broken: Found
    failing: Sequence[str]

    def every(self) -> tuple[tuple[RemedyTrial, Found], ...]:
        """Try each remedy of the matrix alone; return what it does, and what is known of the build.

        Raises CannotJudgeError like any probe.
        """
        return tuple(self._try(remedy) for remedy in self.planner.matrix.remedies)

    def _try(self, remedy: Remedy) -> tuple[RemedyTrial, Found]:
        plan = partial(self._plan, remedy)
        what = f"with the remedy {remedy.name}"
        found = self.prober.ask(plan, [CheckId("stage", remedy.name)], what)
        moved = found.freeze != self.broken.freeze
        if found.refusal is None and moved:
            found = self.prober.ask(plan, (), what)
        elif found.refusal is None and remedy.reinstall:
            # The same versions from the same files: only what failed can be another matter.
            found = self.prober.ask(plan, self.failing, what)
        why = refusal(found.refusal) if found.refusal else None
        trial = RemedyTrial(
            name=remedy.name,
            text=remedy.step,
            installs=found.refusal is None,
            moved=moved,
            mends=self._turned(found, passes=True) if moved or remedy.reinstall else (),
            breaks=self._turned(found, passes=False) if moved or remedy.reinstall else (),
            message=in_words(why) if why else "",
            why=why,
        )
        return trial, found

    def _turned(self, found: Found, *, passes: bool) -> tuple[str, ...]:
        """Return the checks that passed, or failed, only with the remedy."""
        names = dict.fromkeys([*self.failing, *found.checks])
        before = {name: _answer(self.broken, name) for name in names}
        after = {name: _answer(found, name) for name in names}
        return tuple(
            name
            for name in names
            if after[name] is passes and before[name] is not passes and self._is_known(name)
        )

    def _is_known(self, check: str) -> bool:
        return _answer(self.broken, check) is not None

    def _plan(self, remedy: Remedy, only: Sequence[str] = ()) -> Plan:
        plan = self.planner.at(self.moment, only)
        pins = [pin for pin in plan.pins if pin.name in remedy.pins]
        files = [stage.constraints for stage in plan.stages if stage.constraints is not None]
        constraints = next((file for file in files if file.name == remedy.constraints), None)
        options = ["--reinstall"] if remedy.reinstall else []
        options += ["--no-deps"] if remedy.alone else []
        options += ["--constraint", constraints.url] if constraints else []
        options += ["--exclude-newer", timestamp(self.moment)]
        stage = PlannedStage(
            name=remedy.name,
            step=remedy.step,
            pins=tuple(pin.name for pin in pins),
            arguments=(*(pin.requirement for pin in pins), *remedy.requirements, *options),
            constraints=constraints,
            index=None,
            reason="what the document says repairs a broken stack",
            reasons={},
        )
        return plan.model_copy(update={"stages": (*plan.stages, stage)})


def _answer(found: Found, check: str) -> bool | None:
    return found.passes(check) if found.answers(check) else None
