"""The release that is left to suspect where nobody looked what broke a row."""

from __future__ import annotations

from stackproof.base.records import Record
from stackproof.evidence.history.changes import Changes

__all__ = ["Suspect", "suspect"]


class Suspect(Record):
    """The one distribution that moved since checks passed, from one version to another."""

    checks: tuple[str, ...]
    name: str
    before: str | None
    after: str | None


def suspect(changes: Changes) -> Suspect | None:
    """Return the distribution to blame for the checks that broke, if nothing else is different."""
    broken = tuple(check for check, (_, state) in changes.checks.items() if state == "new")
    if not broken or len(changes.moved) != 1 or changes.circumstances or not changes.complete:
        return None
    ((name, (before, after)),) = changes.moved.items()
    return Suspect(checks=broken, name=name, before=before, after=after)
