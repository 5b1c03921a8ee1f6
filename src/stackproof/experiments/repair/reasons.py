"""Say why each pin of a repair is needed: the requirement, or what the failing check said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stackproof.base.versions import satisfies
from stackproof.evidence.verdict import Check
from stackproof.experiments.facts import Facts
from stackproof.experiments.found import Found
from stackproof.experiments.repair.bounds import Bound
from stackproof.experiments.repair.consistent import Consistency, Joint
from stackproof.experiments.repair.record import RepairedPin
from stackproof.experiments.tracebacks import telling_line
from stackproof.installers.resolver import Refused
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["Reasons"]


@dataclass(frozen=True, kw_only=True)
class Reasons:
    """What is known of the `versions` of a repair; `pins` are what the row asks for, by name.

    `ranges` are those that hold some of the versions; the others are installed by a last stage, of
    which `bounds` stand in place of the versions.
    `builds` are the row as it is, and as the versions were put upon it. `removals` maps each
    version to the first checks that were seen to fail without it alone.
    """

    builds: tuple[Found, Found]
    joint: Joint
    versions: Mapping[str, str]
    removals: Mapping[str, tuple[str, ...]]
    facts: Facts
    consistency: Consistency
    pins: Mapping[str, str]
    ranges: Mapping[str, str]
    bounds: Mapping[str, Bound]

    def changes(self) -> tuple[RepairedPin, ...]:
        """Return the pins of the repair, those of documented pins last."""
        versions = dict(self.versions)
        for name in self.joint.changed:
            versions.setdefault(name, self.joint.pins[name])
        return tuple(self._change(name, version) for name, version in versions.items())

    def _change(self, name: str, version: str) -> RepairedPin:
        departs = name in self.joint.changed or name in self.ranges
        bound = self.bounds.get(name)
        why = bound.why if bound else self.joint.changed.get(name)
        why = why or self._why(name, version)
        return RepairedPin(
            name=name,
            version=version,
            mends=self.removals.get(name, ()),
            because=in_words(why),
            why=why,
            documented=self.pins[name] if departs else None,
            installed=name in self.versions and name not in self.ranges,
            range=bound.range if bound else self.ranges.get(name),
        )

    def _failure(self, check: str) -> Check | None:
        """Return a check as it failed: what the row never came to, the start did."""
        for found in self.builds:
            item = found.checks.get(check)
            if item is not None and item.outcome == "failed":
                return item
        return None

    def _why(self, name: str, version: str) -> Reason:
        before = self.builds[1].freeze.get(name)
        if before is None:
            return reason("no-stage-installs")
        if satisfies(before, version):
            return self._guarded(name)
        clashes = self.facts.clashes(name, before, self.builds[1].freeze)
        if not clashes:
            return self._said(name, before)
        first, *rest = (reason("does", release=f"{name} {before}", did=clash) for clash in clashes)
        return first.then(*rest)

    def _guarded(self, name: str) -> Reason:
        """Say what the installer would do to a pin that is named again."""
        rest = {other: v for other, v in self.versions.items() if other != name}
        answer = self.consistency.last_stage(rest, self.builds[1].freeze)
        if isinstance(answer, Refused) or name not in answer:
            return reason("named-again")
        chosen = answer[name]
        if chosen.via:
            return reason("named-again-for", version=chosen.version, names=chosen.via)
        return reason("named-again-else", version=chosen.version)

    def _said(self, name: str, before: str) -> Reason:
        """Say what failed with the version before, where no requirement speaks against it."""
        for check in self.removals.get(name, ()):
            known = self._failure(check)
            line = telling_line(known.message) if known else ""
            if line:
                return reason("check-says", release=f"{name} {before}", check=check, said=line)
        return reason("agrees-not", version=before)
