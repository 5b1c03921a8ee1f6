"""A row as it is, as of other days, and with other versions: the plans that searches carry out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from stackproof.base.times import age, full_hour_after, timestamp
from stackproof.installers.planning import make_plan
from stackproof.matrix.model import Matrix
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import Change
from stackproof.matrix.platforms import Platform, Universal

__all__ = ["Planner"]


@dataclass(frozen=True, kw_only=True)
class Planner:
    """Plans builds of a row of the matrix called `name`.

    uv builds them: pip has no cut-off for some distributions alone. `as_of` is the cut-off that a
    user states: the past as it was, of every distribution. If it is None, cut-offs are the row's
    own, and who is exempt from its least age stays so as of every moment; with `own_cut_off` the
    same holds of `as_of`. `python` stands in for the row's interpreter and what `extra` names is
    added, in trials only. On another `platform`, or all at once, nothing is built: what is planned
    there is resolved, or judged by metadata. Requirement `lines` are added to what the row asks
    for, and `options` to each installer call: what a fix would write.
    """

    matrix: Matrix
    name: str
    row: str
    as_of: datetime | None = None
    own_cut_off: bool = False
    python: str | None = None
    platform: Platform | Universal | None = None
    extra: tuple[Change, ...] = ()
    lines: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The row as a user names it, such as mlops/verified."""
        return f"{self.name}/{self.row}"

    def base(self, only: Sequence[str] = ()) -> Plan:
        """Return the plan of the row, asking `only` some checks, or all where none is named."""
        return self.at(self.as_of, only)

    def at(
        self,
        moment: datetime | None,
        only: Sequence[str] = (),
        *,
        versions: Mapping[str, str] = MappingProxyType({}),
        extra: Sequence[str] = (),
    ) -> Plan:
        """Plan the row as of a moment, its own cut-off if None; ask as `base` does.

        On the day of which a moment would have been the row's own cut-off, releases that are exempt
        from it counted until that day: of other versions than the pins', none later is taken.

        `versions` replace those of pins; `extra` requirements are installed by a last stage, the
        planner's lines as those that a row adds.
        """
        plan = make_plan(
            self.matrix,
            name=self.name,
            row=self.row,
            as_of=moment,
            platform=self.platform,
            exempt=self._exempt,
            only=only,
            versions=versions,
            lines=self.lines,
            extra=extra,
        )
        return _with_options(plan, [*self._until_that_day(plan, moment), *self.options])

    @property
    def _exempt(self) -> tuple[str, ...]:
        stated = self.as_of is not None and not self.own_cut_off
        return () if stated else self.matrix.rows[self.row].min_age_exempt

    def _until_that_day(self, plan: Plan, moment: datetime | None) -> list[str]:
        least = self.matrix.rows[self.row].min_age
        if moment is None or least is None:
            return []
        day = timestamp(full_hour_after(moment + age(least)))
        moving = (name for name in plan.exempt if name not in plan.versions)
        return [f"--exclude-newer-package={name}={day}" for name in moving]

    def without(self, pin: str) -> Planner:
        """Return the planner of the row without a pin."""
        return self.with_row(without=(*self.matrix.rows[self.row].without, pin))

    def with_row(self, **entries: object) -> Planner:
        """Return the planner of the row with other entries in place of its own."""
        row = self.matrix.rows[self.row].model_copy(update=entries)
        rows = {**self.matrix.rows, self.row: row}
        return replace(self, matrix=self.matrix.model_copy(update={"rows": rows}))

    def moved(
        self, moment: datetime, names: Sequence[str], later: datetime, only: Sequence[str] = ()
    ) -> Plan:
        """Plan the row as of a moment, with the releases of some distributions until a later one.

        What they require follows from them, as it did then.
        """
        options = [f"--exclude-newer-package={name}={timestamp(later)}" for name in names]
        return _with_options(self.at(moment, only), options)

    def trial(self, versions: Mapping[str, str], only: Sequence[str] = ()) -> Plan:
        """Return the plan of a trial: these versions in place of the row's, by pin."""
        plan = make_plan(
            self.matrix,
            name=self.name,
            row=self.row,
            python=self.python,
            as_of=self.as_of,
            exempt=self._exempt,
            versions=versions,
            extra=list(map(str, self.extra)),
            requested=self.requested(versions),
            only=only,
        )
        return _with_options(plan, self._until_that_day(plan, self.as_of))

    def requested(self, versions: Mapping[str, str]) -> list[Change]:
        """Return all that a trial of these versions asks for."""
        python = [Change("python", self.python)] if self.python else []
        moved = [Change(name, version) for name, version in sorted(versions.items())]
        return [*moved, *self.extra, *python]


def _with_options(plan: Plan, options: Sequence[str]) -> Plan:
    """Return a plan each installer call of which has more options."""
    stages = tuple(
        stage.model_copy(update={"arguments": (*stage.arguments, *options)})
        for stage in plan.stages
    )
    return plan.model_copy(update={"stages": stages})
