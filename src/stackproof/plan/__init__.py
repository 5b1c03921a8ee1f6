"""The plan: a row of a matrix resolved to data. Pure."""

from stackproof.plan.make import make_plan
from stackproof.plan.model import (
    Installer,
    Plan,
    PlannedClaim,
    PlannedConstraints,
    PlannedFailure,
    PlannedPin,
    PlannedStage,
    timestamp,
)

__all__ = [
    "Installer",
    "Plan",
    "PlannedClaim",
    "PlannedConstraints",
    "PlannedFailure",
    "PlannedPin",
    "PlannedStage",
    "make_plan",
    "timestamp",
]
