"""The steps up of pins: a version of one, with what moves along, and what several come down to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.version import Version

from stackproof.experiments.frontier.highest import Reached
from stackproof.experiments.frontier.record import Blocked, PinFrontier
from stackproof.index.choice import Release
from stackproof.reasons.reason import Reason
from stackproof.reasons.words import in_words

__all__ = ["Step", "above", "by_value", "gained_days", "height", "not_below", "versions_of"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """A version of the pin called `name`, and the companions that move along."""

    name: str
    release: Release
    companions: Mapping[str, str]

    @property
    def version(self) -> str:
        """The version of the pin that the step is of, as its release has it."""
        return str(self.release.version)

    @property
    def versions(self) -> dict[str, str]:
        """Every pin that moves, and its version."""
        return {self.name: self.version, **self.companions}


def height(step: Step) -> Version:
    """Return the version of the pin that a step is of."""
    return step.release.version


def above(reached: Version, steps: Sequence[tuple[Step, Reason]]) -> list[Blocked]:
    """Return the steps above a version, each with why it does not go."""
    return [
        Blocked(version=step.version, because=in_words(why), why=why)
        for step, why in steps
        if height(step) > reached
    ]


def by_value(pins: Sequence[PinFrontier]) -> list[PinFrontier]:
    """Return pins, those first that gain the most time."""
    return sorted(pins, key=lambda pin: -pin.gained_days)


def versions_of(pins: Sequence[PinFrontier]) -> dict[str, str]:
    """Return the versions that upgrades come down to; an earlier one's companions stay."""
    versions: dict[str, str] = {}
    for pin in pins:
        versions |= {
            name: version
            for name, version in {pin.name: pin.newest_passing, **pin.companions}.items()
            if name not in versions
        }
    return versions


def gained_days(releases: Sequence[Release], pinned: Version, reached: Release) -> int:
    """Return the days between the uploads of two releases of a pin; 0 where one is not known."""
    uploads = {release.version: release.uploaded for release in releases}
    before, after = uploads.get(pinned), reached.uploaded
    return (after - before).days if before and after else 0


def not_below(proved: Step | None, found: Reached[Step]) -> Reached[Step]:
    """Return what a search found that asks nothing below a step that is proved.

    It may have asked further down while the proof was still to come.
    """
    if proved is None:
        return found

    def counts(step: Step | None) -> bool:
        return step is not None and height(step) >= height(proved)

    return replace(
        found,
        resolvable=found.resolvable if counts(found.resolvable) else None,
        passing=found.passing if counts(found.passing) else None,
        failed=tuple(item for item in found.failed if counts(item[0])),
        unjudged=tuple(item for item in found.unjudged if counts(item[0])),
    )
