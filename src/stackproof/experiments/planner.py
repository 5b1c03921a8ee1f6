"""A row at any date, with some distributions of a later one: the plans that searches carry out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from stackproof.base.times import timestamp
from stackproof.matrix.model import Matrix
from stackproof.matrix.plan import Installer, Plan
from stackproof.matrix.planning import make_plan

__all__ = ["RowAt", "RowPlanner"]


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


@dataclass(frozen=True, kw_only=True)
class RowPlanner:
    """Plans trials on a row of the matrix called `name`.

    `as_of` is the cut-off of baseline and trials, the row's own if None; `python` stands in for the
    row's interpreter and `extra` requirements are added, in trials only.
    """

    matrix: Matrix
    name: str
    row: str
    as_of: datetime | None
    installer: Installer = "uv"
    python: str | None = None
    extra: tuple[str, ...] = ()

    def base(self) -> Plan:
        """Return the plan that trials are compared with."""
        return make_plan(
            self.matrix, name=self.name, row=self.row, as_of=self.as_of, installer=self.installer
        )

    def trial(self, versions: Mapping[str, str], only: Sequence[str] = ()) -> Plan:
        """Return the plan with these versions in place of the row's, by pin.

        It asks all checks, or `only` some of them by their ids.
        """
        requested = [f"{name}=={version}" for name, version in sorted(versions.items())]
        requested += [*self.extra, *([f"python=={self.python}"] if self.python else [])]
        return make_plan(
            self.matrix,
            name=self.name,
            row=self.row,
            python=self.python,
            as_of=self.as_of,
            installer=self.installer,
            versions=versions,
            extra=self.extra,
            requested=requested,
            only=only,
        )
