"""Where versions that may repair a check come from, and what came of those that were tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from packaging.version import Version

from stackproof.base.invocation import typed
from stackproof.base.times import timestamp
from stackproof.evidence.records import Built
from stackproof.experiments.found import Found
from stackproof.experiments.planner import Planner
from stackproof.experiments.prober import Prober
from stackproof.experiments.repair.record import RemedyTrial, Tried
from stackproof.index.history import Releases
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["Sources", "older_steps"]

#: How many steps down a range are tried.
_STEPS = 4


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
    _repairing: dict[str, Reason] = field(default_factory=dict)
    _unanswered: dict[str, list[Reason]] = field(default_factory=dict)
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
                sources=tuple(map(in_words, [reason("one-go"), *self._tried(check.id)])),
                message=last.why_not(check.id),
            )
            for check in last.checks.values()
            if check.outcome == "failed"
        )

    def unbuilt(self, item: Built) -> Reason:
        """Say that no pin repairs what cannot be built, and with what it once could be."""
        known = self.prober.built_at(item, self.planner.at, self.moment)
        why = reason("unbuilt-for-good", release=f"{item.name} {item.version}")
        if known is None:
            return why.then(reason("may-find-build", command=self._tracing))
        moment, good = known
        other = tuple(
            reason("then-built", release=f"{name} {at}", before=good.requires[name])
            if name in good.requires
            else reason("then-none", release=f"{name} {at}")
            for name, at in item.requires.items()
            if good.requires.get(name) != at
        )
        return why.then(reason("was-built", when=timestamp(moment), others=other))

    def notes(self, failing: Sequence[str]) -> tuple[Reason, ...]:
        """Say what versions repaired a check, and of which checks no earlier date was asked."""
        notes = [
            reason("fixed-by", check=check, source=name)
            for check, name in self._repairing.items()
            if check not in failing
        ]
        undated = [check for check in failing if check in self._undated]
        if undated:
            never = reason("no-date-asked", checks=tuple(undated))
            notes.append(never.then(reason("may-find-date", command=self._tracing)))
        return tuple(notes)

    @property
    def _tracing(self) -> str:
        return typed("timeline", self.planner.label)

    def _tried(self, check: str) -> Sequence[Reason]:
        return self._unanswered.get(check, ())

    def _named(self, check: str) -> Iterator[tuple[Reason, Mapping[str, str]]]:
        """Yield each source's name and versions.

        Remedies or days of which none has any to offer are named all the same.
        """
        yield reason("newest-agreeing"), self.newest
        for number, versions in enumerate(self.older, 1):
            yield reason("steps-down", number=number), versions
        repairing = [
            (reason("by-remedy", name=trial.name), found.freeze)
            for trial, found in self.remedied
            if found.answers(check) and found.passes(check)
        ]
        yield from repairing
        if self.remedied and not repairing:
            yield reason("remedies-alone"), {}
        dates = self.prober.dates(check, self.planner.at, self.moment)
        earlier = [moment for moment, _ in dates if moment < self.moment]
        better = next((date for date in dates if date[1].passes(check)), None)
        if better is not None:
            yield reason("versions-as-of", when=timestamp(better[0])), better[1].freeze
        elif earlier:
            since, until = timestamp(earlier[-1]), timestamp(earlier[0])
            yield reason("dates-asked", number=len(earlier), since=since, until=until), {}
        if not earlier:
            self._undated.add(check)
