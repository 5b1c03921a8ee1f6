"""Say why each pin of a repair is needed: the requirement, or what the failing check said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stackproof.base.versions import satisfies
from stackproof.evidence.verdict import Check
from stackproof.experiments.facts import Facts
from stackproof.experiments.repair.consistent import Consistency
from stackproof.experiments.repair.record import Change
from stackproof.experiments.repair.repairing import Mended
from stackproof.installers.resolver import Refused

__all__ = ["Reasons"]


@dataclass(frozen=True, kw_only=True)
class Reasons:
    """What is known of the versions of a repair; `pins` are the row's own, by name."""

    mended: Mended
    facts: Facts
    consistency: Consistency
    pins: Mapping[str, str]

    def changes(self) -> tuple[Change, ...]:
        """Return the changes of the repair, those of documented pins last."""
        versions = dict(self.mended.versions)
        for name in self.mended.joint.changed:
            versions.setdefault(name, self.mended.joint.versions[name])
        return tuple(self._change(name, version) for name, version in versions.items())

    def _change(self, name: str, version: str) -> Change:
        departs = name in self.mended.joint.changed
        return Change(
            name=name,
            version=version,
            mends=self.mended.removals.get(name, ()),
            because=self.mended.joint.changed.get(name) or self._because(name, version),
            documented=self.pins[name] if departs else None,
        )

    def _heard(self, check: str) -> Check | None:
        """Return a check as it failed: what the row never came to was heard of the start."""
        for found in (self.mended.broken, self.mended.start):
            item = found.checks.get(check)
            if item is not None and item.outcome == "failed":
                return item
        return None

    def _because(self, name: str, version: str) -> str:
        before = self.mended.start.freeze.get(name)
        if before is None:
            return "stands among the pins, but no stage installs it"
        if satisfies(before, version):
            return self._guarded(name)
        clashes = self.facts.clashes(name, before, self.mended.start.freeze)
        said = (f"{name} {before} {clash}" for clash in clashes)
        return "; ".join(said) or self._said(name, before)

    def _guarded(self, name: str) -> str:
        """Say what the installer would do to a pin that is named again."""
        rest = {other: v for other, v in self.mended.versions.items() if other != name}
        answer = self.consistency.last_stage(rest, self.mended.start.freeze)
        if isinstance(answer, Refused) or name not in answer:
            return "named again, else the installer moves it"
        chosen = answer[name]
        for_whom = f" for {', '.join(chosen.via)}" if chosen.via else ""
        return f"named again, else the installer takes {chosen.version}{for_whom}"

    def _said(self, name: str, before: str) -> str:
        """Say what failed with the version before, where no requirement speaks against it."""
        for check in self.mended.removals.get(name, ()):
            known = self._heard(check)
            lines = known.message.splitlines() if known else []
            if lines:
                return f"with {name} {before}, {check} says: {lines[0]}"
        return f"{before} does not agree with the rest"
