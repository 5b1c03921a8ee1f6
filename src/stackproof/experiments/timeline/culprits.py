"""Name the releases that turned a check, by letting them alone in and seeing it turn."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from stackproof.base.times import timestamp
from stackproof.experiments.bisection import Transition
from stackproof.experiments.culprit import Culprit
from stackproof.experiments.delta_debugging import reduce_to_minimum
from stackproof.experiments.facts import Facts
from stackproof.experiments.found import Found
from stackproof.experiments.planner import Planner
from stackproof.experiments.prober import Prober
from stackproof.experiments.timeline.differences import Differences
from stackproof.experiments.timeline.guiding import named_in
from stackproof.experiments.timeline.record import Break
from stackproof.index.releases import Release
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.refusal import refusal, release_of
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["Attribution", "Case", "yanked_since"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A turn of a check; `together` are other checks of the same turn.

    They are asked of the same builds, so that their own explanation costs nothing more.
    """

    check: str
    turn: Transition
    together: tuple[str, ...]

    @property
    def checks(self) -> list[str]:
        """Return every check to ask of a build."""
        return [self.check, *self.together]


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Finds the culprits of turns among `differences`; `words` are what failures said.

    `ask` makes the answers to checks as of a moment known, to `differences` too.
    """

    planner: Planner
    prober: Prober
    differences: Differences
    facts: Facts
    words: Mapping[str, str]
    ask: Callable[[datetime, Sequence[str]], None]
    _explained: dict[Transition, tuple[str, ...]] = field(default_factory=dict)

    def explain(self, case: Case) -> Break:
        """Return the turn of a check with its culprits."""
        turn = case.turn
        candidates = self._candidates(turn)
        if not candidates:
            return self._break(turn, (), confirmed=False, why=reason("both-ways"))
        found = self._first(case, candidates)
        if found is None:
            after = self.differences.build(turn.after)
            culprits = tuple(self._culprit(name, turn, turn.after, after) for name in candidates)
            return self._break(turn, culprits, confirmed=False, why=reason("no-turn-alone"))
        names, until = found
        harmless_until = self._harmless_until(case, names, until)
        if harmless_until is not None:
            self.ask(harmless_until, case.checks)
            return self.explain(replace(case, turn=replace(turn, before=harmless_until)))
        self._explained[turn] = names
        build = self._probe(case, until, names)
        culprits = tuple(self._culprit(name, turn, until, build) for name in names)
        why = self._why(turn, culprits, build)
        return self._break(turn, culprits, confirmed=True, why=why)

    def _first(
        self, case: Case, candidates: Sequence[str]
    ) -> tuple[tuple[str, ...], datetime] | None:
        """Return the first candidates that turn the check, and until when their releases do.

        What had come before the last of them is seen not to turn it.
        """
        turn, turns = case.turn, partial(self._turns, case)
        until, names = turn.after, list(candidates)
        while True:
            likely = self._likely(case, names) if names[1:] else ()
            culprits = reduce_to_minimum(names, partial(turns, until), likely=likely)
            if culprits is None:
                return None
            until = self._cut_off(turn, culprits, until, turns)
            last = max(self._instants(turn, culprits, until), default=turn.before)
            names = self._came(turn, names, last)
            if not names or not turns(last, names):
                return culprits, until
            until = last

    def _harmless_until(self, case: Case, names: Sequence[str], until: datetime) -> datetime | None:
        """Return a moment after releases that turn the check alone, as of which it has not turned.

        Alone they may lack what came before them and goes with them, and fail for that reason. A
        moment as of which the row cannot be built tells nothing, so a later one is asked then.
        """
        turn, candidates = case.turn, self._candidates(case.turn)
        last = max(self._instants(turn, names, until), default=turn.before)
        # A cut-off has no parts of a second, and what came is let in by one that is later.
        ends = {end.replace(microsecond=0) for end in self._instants(turn, candidates, turn.after)}
        later = sorted(end for end in ends if end > last)
        if later and all(name in names for name in self._came(turn, candidates, later[0])):
            return None  # nothing else had come, and that was seen
        while later:
            passes = self._row_at(case, later[0]).passes(case.check)
            if passes is not None:
                return None if passes is turn.passes else later[0]
            later = later[(len(later) + 1) // 2 :]
        return None

    def _cut_off(
        self,
        turn: Transition,
        names: Sequence[str],
        until: datetime,
        turns: Callable[[datetime, Sequence[str]], bool],
    ) -> datetime:
        """Return the earliest end of releases that turns the check: one may have several a day."""
        ends = [*self._instants(turn, names, until)[1:], until]
        first = bisect_left(ends[:-1], 1, key=lambda end: turns(end, names))
        return ends[first]

    def _instants(self, turn: Transition, names: Sequence[str], until: datetime) -> list[datetime]:
        found = (self.differences.instants(name, turn.before, turn.after) for name in names)
        return sorted({instant for instants in found for instant in instants if instant < until})

    def _came(self, turn: Transition, names: Sequence[str], until: datetime) -> list[str]:
        """Return the distributions of which something came between the earlier side and then."""
        return [name for name in names if self._instants(turn, [name], until)]

    def _likely(self, case: Case, candidates: Sequence[str]) -> list[str]:
        """Return the candidates that a failure names, or else that move something it names."""
        words = f"{case.check} {self.words.get(case.check, '')}"
        known = {*self._explained.get(case.turn, ()), *named_in(words, candidates)}
        named = [name for name in candidates if name in known]
        return named or [name for name in candidates if self._moves(name, case.turn, words)]

    def _moves(self, name: str, turn: Transition, words: str) -> bool:
        before, after = map(self.differences.build, (turn.before, turn.after))
        version = after.version(name, before)
        return version is not None and bool(
            named_in(words, self.facts.moved(name, version, before.freeze))
        )

    def yanked(
        self, since: datetime, turn: Transition, culprits: Sequence[Culprit]
    ) -> list[Reason]:
        """Say which releases of the culprits came before the turn and were yanked since."""
        came = self.differences.releases.between
        return [
            note
            for culprit in culprits
            for note in yanked_since(culprit.name, came(culprit.name, since, turn.after))
        ]

    def _candidates(self, turn: Transition) -> list[str]:
        """Return what differs between both sides and came between them, in the order it came."""
        differing = self.differences.between(turn.before, turn.after)
        moments = partial(self.differences.moments, before=turn.before, after=turn.after)
        came = {name: times[0] for name in differing if (times := moments(name))}
        return sorted(came, key=lambda name: (came[name], name)) or list(differing)

    def _turns(self, case: Case, until: datetime, names: Sequence[str]) -> bool:
        return self._probe(case, until, names).passes(case.check) is case.turn.passes

    def _probe(self, case: Case, until: datetime, names: Sequence[str]) -> Found:
        """Ask the earlier side, with the releases of some distributions let in until later."""
        before = case.turn.before
        what = f"as of {timestamp(before)}, {', '.join(names)} of {timestamp(until)}"
        plan = partial(self.planner.moved, before, tuple(sorted(names)), until)
        return self.prober.ask(plan, case.checks, what)

    def _row_at(self, case: Case, moment: datetime) -> Found:
        """Ask the row as of a moment, with all that had come."""
        plan = partial(self.planner.at, moment)
        return self.prober.ask(plan, case.checks, f"as of {timestamp(moment)}")

    def _why(self, turn: Transition, culprits: Sequence[Culprit], found: Found) -> Reason:
        if found.refusal is not None:
            build = failed_build(found.refusal)
            unbuilt = reason("cannot-be-built", release=release_of(build)) if build else None
            why = unbuilt or refusal(found.refusal)
            return reason("of-them", releases=tuple(map(_shown, culprits)), why=why)
        before = self.differences.build(turn.before)
        return self.facts.why(culprits, before.freeze, found.freeze)

    def _culprit(self, name: str, turn: Transition, until: datetime, after: Found) -> Culprit:
        sides = turn.before, until
        before = self.differences.build(turn.before)
        version = self._version(name, turn, until, after)
        moment = self.differences.uploaded(name, version, *sides) if version else None
        return Culprit(
            name=name,
            before=before.version(name, after),
            after=version,
            uploaded=timestamp(moment) if moment else None,
            builds=after.built_with(name) if _only_builds(name, before, after) else (),
        )

    def _version(self, name: str, turn: Transition, until: datetime, after: Found) -> str | None:
        """Return the version that came with a turn: the newest, if it could not be installed."""
        before = self.differences.build(turn.before)
        if _only_builds(name, before, after):
            return after.version(name, before)
        came = self.differences.releases.between(name, turn.before, until)
        versions = [release.version for release in came if release.yanked is None]
        if after.refusal is not None and versions:
            return str(max(versions))
        return after.version(name, before)

    def _break(
        self, turn: Transition, culprits: tuple[Culprit, ...], *, confirmed: bool, why: Reason
    ) -> Break:
        sides = (turn.after, turn.before) if turn.passes else (turn.before, turn.after)
        good, bad = map(timestamp, sides)
        uploads = [item.uploaded for item in culprits if item.uploaded is not None]
        return Break(
            good=good,
            bad=bad,
            since=max(uploads, default=None) if confirmed else None,
            culprits=culprits,
            confirmed=confirmed,
            reason=in_words(why),
            why=why,
        )


def yanked_since(name: str, releases: Iterable[Release]) -> list[Reason]:
    """Say of those of a distribution's releases that were yanked that nothing shows what they did.

    An index tells no time of a yank, so one of which it tells no upload either is passed over.
    """
    return [
        reason(
            "yanked-since", release=f"{name} {release.version}", when=timestamp(release.uploaded)
        )
        for release in releases
        if release.yanked is not None and release.uploaded is not None
    ]


def _only_builds(name: str, before: Found, after: Found) -> bool:
    """Tell whether a distribution differs between two builds in what was built with it alone."""
    built = before.building.get(name) != after.building.get(name)
    if before.refusal is None and after.refusal is None:
        return built and before.held.get(name) == after.held.get(name)
    # Of a stage that could not be installed nothing is held, so the other side alone can tell.
    return built and name not in before.held and name not in after.held


def _shown(culprit: Culprit) -> str | Reason:
    """Return a culprit with what it is, and when it came."""
    shown: str | Reason = f"{culprit.name} {culprit.after}"
    if culprit.after is None:
        shown = reason("removed", name=culprit.name)
    if culprit.builds:
        shown = reason("as-build-dependency", release=shown, names=culprit.builds)
    if culprit.uploaded is None:
        return shown
    return reason("uploaded-on", release=shown, when=culprit.uploaded)
