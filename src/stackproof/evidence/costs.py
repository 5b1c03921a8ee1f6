"""What checks and stages took, and which of them went over the budget that a matrix sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from stackproof.base.records import Record
from stackproof.evidence.check import Check
from stackproof.matrix.planned import PlannedBudget

__all__ = ["MEASURES", "Cost", "Measure", "costs_of", "over_budget"]

Measure = Literal["seconds", "processor_seconds", "peak_memory"]
MEASURES: tuple[Measure, ...] = get_args(Measure)


class Cost(Record):
    """What a check took: wall time, processor seconds, and bytes of its largest process.

    None where that was not measured or, in a budget, where it is not limited.
    """

    seconds: float | None = None
    processor_seconds: float | None = None
    peak_memory: int | None = None

    def get(self, measure: Measure) -> float | None:
        """Return one of the measures."""
        value: float | None = getattr(self, measure)
        return value


def costs_of(checks: Iterable[Check]) -> dict[str, Cost]:
    """Return what each check took that passed and had processes of its own, by id.

    What failed may have ended early, and is not to be compared with.
    """
    return {
        check.id: Cost(
            seconds=check.seconds,
            processor_seconds=check.processor_seconds,
            peak_memory=check.peak_memory,
        )
        for check in checks
        if check.outcome == "passed" and check.processor_seconds is not None
    }


def over_budget(costs: Mapping[str, Cost], budgets: Iterable[PlannedBudget]) -> dict[str, Cost]:
    """Return by check the limits that it went over."""
    return {
        budget.check: Cost(**passed)
        for budget in budgets
        if (passed := _passed(costs.get(budget.check), budget))
    }


def _passed(cost: Cost | None, budget: PlannedBudget) -> dict[str, float]:
    limits: dict[Measure, float | None] = {
        "seconds": budget.seconds,
        "peak_memory": budget.peak_memory,
    }
    return {
        measure: limit
        for measure, limit in limits.items()
        if limit is not None and cost and (cost.get(measure) or 0) > limit
    }
