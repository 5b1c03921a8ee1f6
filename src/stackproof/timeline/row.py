"""A row at any date, with some distributions of a later one: the plans that searches carry out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from stackproof.matrix import Matrix
from stackproof.plan import Plan, make_plan, timestamp

__all__ = ["RowAt"]


@dataclass(frozen=True, kw_only=True)
class RowAt:
    """A row of the matrix called `name`, to be built as of moments that are yet to be chosen.

    uv builds it: pip has no cut-off for some distributions alone.
    """

    matrix: Matrix
    name: str
    row: str

    def plan(
        self,
        moment: datetime,
        only: Sequence[str] = (),
        *,
        versions: Mapping[str, str] = MappingProxyType({}),
        extra: Sequence[str] = (),
    ) -> Plan:
        """Plan the row as of a moment, asking `only` some checks, or all where none is named.

        `versions` replace those of pins; `extra` requirements are installed by a last stage.
        """
        return make_plan(
            self.matrix,
            name=self.name,
            row=self.row,
            as_of=moment,
            only=only,
            versions=versions,
            extra=extra,
        )

    def moved(
        self, moment: datetime, names: Sequence[str], later: datetime, only: Sequence[str] = ()
    ) -> Plan:
        """Plan the row as of a moment, with the releases of some distributions until a later one.

        What they require follows from them, as it did then.
        """
        plan = self.plan(moment, only)
        options = [f"--exclude-newer-package={name}={timestamp(later)}" for name in names]
        stages = tuple(
            stage.model_copy(update={"arguments": (*stage.arguments, *options)})
            for stage in plan.stages
        )
        return plan.model_copy(update={"stages": stages})
