"""What is known to be consistent: all pins resolved in one go, near to what the row installs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from packaging.version import Version

from stackproof.base.versions import is_version, requirement, satisfies
from stackproof.evidence.records import Freeze
from stackproof.experiments.delta_debugging import reduce_to_minimum
from stackproof.index.history import Releases
from stackproof.installers.refusal import refusal
from stackproof.installers.resolver import Refused, Resolution, Resolver, Wanted
from stackproof.matrix.plan import Plan
from stackproof.reasons.reason import Reason, reason

__all__ = ["Consistency", "Joint", "without"]

Said = TypeVar("Said")


@dataclass(frozen=True, kw_only=True)
class Joint:
    """One resolution of all pins: near to what a row holds, or `newest` where that is asked.

    `pins` maps each to what it has to be then: a version, or the range that it stays in. `changed`
    maps pins that had to leave the document's version to the reason; `refused` holds the resolver's
    words where there is no such resolution.
    """

    near: Resolution
    newest: Resolution
    pins: Mapping[str, str]
    changed: Mapping[str, Reason | None]
    refused: str | None = None


@dataclass(frozen=True, kw_only=True)
class Consistency:
    """Resolves the pins of a plan together, as the index stood at `moment`."""

    plan: Plan
    resolver: Resolver
    releases: Releases
    moment: datetime
    _notes: dict[str, Reason | None] = field(default_factory=dict)

    def joint(self, freeze: Freeze) -> Joint:
        """Return the resolution of all pins; where there is none, of all but some freed ones.

        A pin whose version was never released, or is in the way of others, is replaced.
        Raises CannotJudgeError if the index fails.
        """
        pins = self.plan.asked
        pins |= {name: self._released(name, at) for name, at in self.plan.versions.items()}
        near = self._resolve(pins, freeze)
        if isinstance(near, Refused):
            near = self._free(pins, freeze)
        if isinstance(near, Refused):
            return Joint(near={}, newest={}, pins=pins, changed={}, refused=near.words)
        pins = {
            name: asked if name not in self._notes and not is_version(asked) else near[name].version
            for name, asked in pins.items()
        }
        newest = self._resolve(pins, {})
        return Joint(
            near=near,
            newest=near if isinstance(newest, Refused) else newest,
            pins=pins,
            changed=self._notes,
        )

    def last_stage(self, versions: Mapping[str, str], freeze: Freeze) -> Resolution | Refused:
        """Return what an installer would choose for a last stage upon what is installed."""
        return self._resolve(versions, freeze)

    def departing(self, joint: Joint, freeze: Freeze) -> dict[str, str]:
        """Return what differs between a row and the resolution of all pins near to it.

        What comes along as somebody's requirement is left to the installer. The pins that it would
        else move to make room for the rest are named too.
        """
        pins = joint.pins
        versions = {
            name: chosen.version
            for name, chosen in joint.near.items()
            if not satisfies(freeze.get(name, ""), chosen.version)
            and (name in pins or name in freeze)
        }
        while versions:
            answer = self.last_stage(versions, freeze)
            if isinstance(answer, Refused):
                break
            moved = {
                name: joint.near[name].version
                for name, chosen in answer.items()
                if name in pins and not satisfies(chosen.version, pins[name])
            }
            if moved.keys() <= versions.keys():
                break
            versions = {**versions, **moved}
        return versions

    def _resolve(
        self, pins: Mapping[str, str], freeze: Freeze, freed: Sequence[str] = ()
    ) -> Resolution | Refused:
        return self.resolver.resolve(
            Wanted(
                requirements=(*(requirement(*pin) for pin in pins.items()), *freed),
                python=self.releases.target.full,
                preferences=freeze,
                constraints=self.plan.common_limits,
                as_of=self.moment,
                exempt=self.plan.exempt,
            )
        )

    def _released(self, name: str, version: str) -> str:
        """Return a version, or the nearest release before it if it was never released."""
        every = self.releases.every(name, self.moment)
        # Installers take a yanked release where a pin asks for it, and no other.
        if any(satisfies(str(item.version), version) for item in every):
            return version
        kept = [item.version for item in every if item.yanked is None]
        final = [item for item in kept if not item.is_prerelease]
        if not final:
            return version
        below = [item for item in final if item < Version(version)]
        nearest = str(max(below, default=min(final)))
        never = reason("never-released", pin=version)
        self._notes[name] = never.then(reason("nearest-to-it", version=nearest))
        return nearest

    def _free(
        self, pins: Mapping[str, str], freeze: Freeze, freed: tuple[str, ...] = ()
    ) -> Resolution | Refused:
        """Return the resolution with one pin freed of each clash of no pin too many, if any."""
        clash = reduce_to_minimum(list(pins), lambda part: self._clashes(part, pins))
        if clash is None:
            return self._resolve(pins, freeze, freed)
        because = self._because({name: pins[name] for name in clash})
        for name in reversed(clash):
            found = self._resolve(without(pins, name), freeze, (*freed, name))
            if not isinstance(found, Refused):
                self._notes[name] = because
                return found
        # None of these helps alone, for others clash as well.
        self._notes[clash[-1]] = because
        return self._free(without(pins, clash[-1]), freeze, (*freed, clash[-1]))

    def _clashes(self, names: tuple[str, ...], pins: Mapping[str, str]) -> bool:
        answer = self._resolve({name: pins[name] for name in names}, {})
        return isinstance(answer, Refused)

    def _because(self, clash: Mapping[str, str]) -> Reason | None:
        answer = self._resolve(clash, {})
        return refusal(answer.words) if isinstance(answer, Refused) else None


def without(pins: Mapping[str, Said], name: str) -> dict[str, Said]:
    """Return pins, or what is said of them, without one."""
    return {other: version for other, version in pins.items() if other != name}
