"""Carry out a repair: the search, the reasons for what it finds, and the record of both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from stackproof.base.times import timestamp
from stackproof.evidence.folder import Evidence
from stackproof.experiments.facts import Facts
from stackproof.experiments.planner import RowAt
from stackproof.experiments.prober import Prober
from stackproof.experiments.repair.consistent import Consistency
from stackproof.experiments.repair.reasons import Reasons
from stackproof.experiments.repair.record import Change, Removal, Repair
from stackproof.experiments.repair.repairing import Mended, Repairer
from stackproof.experiments.repair.writing import RepairedRow
from stackproof.index.history import Releases
from stackproof.installers.resolver import Resolver
from stackproof.matrix.plan import Plan

__all__ = ["Workshop"]


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What a repair of a row as of a moment needs; `like` is a recent run of the row, or None."""

    row: RowAt
    moment: datetime
    prober: Prober
    releases: Releases
    resolver: Resolver
    like: Evidence | None
    today: date

    def repair(self, *, remedies: bool) -> tuple[Repair, RepairedRow]:
        """Repair the row, with the document's `remedies` as a start if wanted.

        Raises CannotJudgeError if a probe cannot be judged or the index fails.
        """
        plan = self.row.plan(self.moment)
        consistency = Consistency(
            plan=plan, resolver=self.resolver, releases=self.releases, moment=self.moment
        )
        mended = Repairer(
            row=self.row,
            moment=self.moment,
            prober=self.prober,
            consistency=consistency,
            remedies=remedies,
            like=self.like,
        ).repair()
        pins = {pin.name: pin.version for pin in plan.pins}
        changes = Reasons(
            mended=mended,
            facts=Facts(self.releases, pins),
            consistency=consistency,
            pins=pins,
        ).changes()
        row = RepairedRow(
            row=self.row.row,
            changes=changes,
            pins=pins.keys(),
            installed=mended.versions.keys(),
            moment=self.moment,
            today=self.today,
            unmended=mended.unmended,
        )
        return self._record(plan, mended, changes, row), row

    def _record(
        self, plan: Plan, mended: Mended, changes: tuple[Change, ...], row: RepairedRow
    ) -> Repair:
        found = not mended.unmended
        return Repair(
            matrix=plan.matrix,
            row=plan.row,
            as_of=timestamp(self.moment),
            found=found,
            failing=mended.failing,
            unmended=mended.unmended,
            tried=mended.tried,
            pins=changes,
            confirmed=found,
            minimal=found and all(mended.removals.values()),
            removals=tuple(
                Removal(without=name, failed=failed) for name, failed in mended.removals.items()
            ),
            remedies=mended.remedies,
            builds=self.prober.builds,
            built=self.prober.built,
            notes=mended.notes,
            toml=row.text() if changes else "",
        )
