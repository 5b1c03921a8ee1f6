"""What a team allows of what a stack is made of: licences, and advisories that it accepts."""

from __future__ import annotations

from pydantic import Field

from stackproof.matrix.table import Table
from stackproof.matrix.values import Day, Text

__all__ = ["AcceptedAdvisory", "Policy"]


class AcceptedAdvisory(Table):
    """An advisory that the team accepts for a time, and why."""

    advisory: Text = Field(description="Its id, or any other that it is known by.")
    reason: Text
    date: Day
    until: Day = Field(description="The last day on which it is accepted.")


class Policy(Table):
    """What a stack may be made of; what is left out is not asked."""

    licences: tuple[Text, ...] = Field(
        default=(),
        strict=False,
        description="The licences that are allowed: SPDX identifiers, or names of classifiers.",
    )
    advisories: Text | None = Field(
        default=None,
        description="A folder or a file of OSV records, from the top of the repository, or the "
        "address of a service that speaks OSV's API.",
    )
    accepted: tuple[AcceptedAdvisory, ...] = Field(default=(), strict=False)
