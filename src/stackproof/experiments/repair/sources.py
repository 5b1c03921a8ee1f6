"""Where versions that may repair a check come from, and what came of those that were tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from packaging.version import Version

from stackproof.base.invocation import typed
from stackproof.base.text import count
from stackproof.base.times import timestamp
from stackproof.evidence.records import Built
from stackproof.experiments.found import Found
from stackproof.experiments.planner import Planner
from stackproof.experiments.prober import Prober
from stackproof.experiments.repair.record import RemedyTrial, Tried
from stackproof.index.history import Releases

__all__ = ["Sources", "older_steps"]

#: How many steps down a range are tried.
_STEPS = 4

_CONSISTENT = "all pins resolved in one go"


def older_steps(
    releases: Releases, asked: Mapping[str, str], held: Mapping[str, str], moment: datetime
) -> list[dict[str, str]]:
    """Return the versions a step, two steps and so on below those that are `held` in ranges.

    `asked` maps pins to their ranges; a step is the newest patch of the minor version before.
    """
    found: list[dict[str, str]] = []
    for name, at in held.items():
        minors: dict[tuple[int, int, int], str] = {}
        for release in releases.offered(name, asked[name], moment):
            version = release.version
            if version < Version(at):
                minors.setdefault((version.epoch, version.major, version.minor), str(version))
        for number, older in enumerate(list(minors.values())[:_STEPS]):
            found += [{}] if number == len(found) else []
            found[number][name] = older
    return found


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Versions that are known to go together, for a row as of a moment.

    They are the `newest` that agree with all pins, `older` ones in the ranges of pins, a step down
    each, those that a remedy of the document left, and those of a better day.
    """

    planner: Planner
    moment: datetime
    prober: Prober
    newest: Mapping[str, str]
    older: Sequence[Mapping[str, str]]
    remedied: Sequence[tuple[RemedyTrial, Found]]
    _repairing: dict[str, str] = field(default_factory=dict)
    _unanswered: dict[str, list[str]] = field(default_factory=dict)
    _undated: set[str] = field(default_factory=set)

    def of(self, check: str) -> Iterator[Mapping[str, str]]:
        """Yield versions to try for a check, those first that depart least from the row.

        Whoever asks for the next has tried them without success.
        """
        tried = self._unanswered[check] = []
        for name, versions in self._named(check):
            self._repairing[check] = name
            yield versions
            del self._repairing[check]
            tried.append(name)

    def tried(self, last: Found) -> tuple[Tried, ...]:
        """Say of each check that fails in the `last` build what it says, and what was tried."""
        return tuple(
            Tried(
                check=check.id,
                sources=(_CONSISTENT, *self._unanswered.get(check.id, ())),
                message=last.why_not(check.id),
            )
            for check in last.checks.values()
            if check.outcome == "failed"
        )

    def unbuilt(self, item: Built) -> str:
        """Say that no pin repairs what cannot be built, and with what it once could be."""
        known = self.prober.built_at(item, self.planner.at, self.moment)
        said = f"{item.name} {item.version} cannot be built, so no pin beside it fixes the row"
        if known is None:
            return f"{said}; `{self._tracing}` may find which build dependency broke it"
        moment, good = known
        other = [
            f"{name} {at} (then {good.requires.get(name, 'none')})"
            for name, at in item.requires.items()
            if good.requires.get(name) != at
        ]
        return (
            f"{said}; as of {timestamp(moment)} it could, with other build dependencies: "
            f"{', '.join(other)}"
        )

    def notes(self, failing: Sequence[str]) -> tuple[str, ...]:
        """Say what versions repaired a check, and of which checks no earlier date was asked."""
        notes = [
            f"{check} is fixed by {name}"
            for check, name in self._repairing.items()
            if check not in failing
        ]
        undated = [check for check in failing if check in self._undated]
        if undated:
            notes.append(
                f"no earlier date was asked of {', '.join(undated)}; `{self._tracing}` "
                "may find one to start from"
            )
        return tuple(notes)

    @property
    def _tracing(self) -> str:
        return typed("timeline", self.planner.label)

    def _named(self, check: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield each source's name and versions.

        Remedies or days of which none has any to offer are named all the same.
        """
        yield "the newest versions that agree with all pins", self.newest
        for number, versions in enumerate(self.older, 1):
            yield f"releases in the ranges of pins, {count(number, 'step')} down", versions
        repairing = [
            (f"the remedy {trial.name}", found.freeze)
            for trial, found in self.remedied
            if found.answers(check) and found.passes(check)
        ]
        yield from repairing
        if self.remedied and not repairing:
            yield "the document's remedies, each alone", {}
        dates = self.prober.dates(check, self.planner.at, self.moment)
        earlier = [moment for moment, _ in dates if moment < self.moment]
        better = next((date for date in dates if date[1].passes(check)), None)
        if better is not None:
            yield f"the versions as of {timestamp(better[0])}", better[1].freeze
        elif earlier:
            asked = f"from {timestamp(earlier[-1])} to {timestamp(earlier[0])}"
            yield f"the dates that were asked, {len(earlier)} in all, {asked}", {}
        if not earlier:
            self._undated.add(check)
