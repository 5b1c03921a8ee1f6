"""What an installer may choose from: until when, who is exempt from that, and whose pre-releases.

A row's least age becomes a cut-off when its plan is made, at a full hour: what is asked again
within it is the same plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from stackproof.base.times import age, full_hour
from stackproof.installers.installer import Installer
from stackproof.matrix.checks import ALL
from stackproof.matrix.model import Row
from stackproof.matrix.plan import Plan
from stackproof.matrix.values import EVERYONE

__all__ = ["Choice"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Releases until `as_of` may be chosen, and pre-releases of `prereleases`, `*` for all.

    Of those that are `exempt`, releases count whenever they came. `min_age` is a row's own, where
    `as_of` comes of it.
    """

    as_of: datetime | None = None
    min_age: str | None = None
    exempt: tuple[str, ...] = ()
    prereleases: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: Row, as_of: datetime | None, exempt: Sequence[str] = ()) -> Choice:
        """Return what a row leaves to choose from, with a cut-off in place of its own.

        From that none is exempt but those named.
        """
        least = row.min_age if as_of is None else None
        return cls(
            as_of=as_of or row.as_of or _until(least),
            min_age=least,
            exempt=row.min_age_exempt if least else tuple(exempt),
            prereleases=(ALL,) if row.prereleases == (EVERYONE,) else row.prereleases,
        )

    @classmethod
    def within(cls, plan: Plan) -> Choice:
        """Return what the installer may choose from where a plan is built."""
        return cls(as_of=plan.as_of, exempt=plan.exempt, prereleases=plan.prereleases)

    def arguments(self, installer: Installer) -> list[str]:
        """Return it in an installer's words; raise StackproofError for what that cannot do."""
        return installer.choosing(self.as_of, self.exempt, self.prereleases)


def _until(least: str | None) -> datetime | None:
    return full_hour(datetime.now(timezone.utc) - age(least)) if least else None
