"""Plans of trials: a row's own plan with other versions, as the command line asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from stackproof.matrix import Matrix
from stackproof.plan import Installer, Plan, make_plan

__all__ = ["RowPlanner"]


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
