"""Find when answers turned: bisection over moments, with probes that many questions share."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby, pairwise
from typing import Protocol

__all__ = ["Answer", "Guide", "Probe", "Search", "Transition"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a probe found: whether each check passes, None where that could not be asked.

    Where two moments have the same `state`, every check has the same answer at both.
    """

    outcomes: Mapping[str, bool | None]
    state: Hashable


class Probe(Protocol):
    """Asks checks as of a moment; may be expensive, and is never asked the same twice."""

    def ask(self, moment: datetime, checks: Sequence[str]) -> Answer:
        """Return the answers to at least these checks."""


class Guide(Protocol):
    """Knows where between two moments anything could have changed."""

    def candidates(self, check: str, before: datetime, after: datetime) -> Sequence[datetime]:
        """Return the moments strictly between two others that are worth a probe, in order.

        Where there are none, the turn of the check between them counts as narrow enough.
        """

    def likely(self, check: str, before: datetime, after: datetime) -> Sequence[datetime]:
        """Return the candidates next to what the check's failure speaks of, in order."""

    def is_cheap(self, check: str) -> bool:
        """Tell whether a check costs next to nothing; such checks are searched for first."""


@dataclass(frozen=True, kw_only=True, order=True)
class Transition:
    """Two moments between which the answer to a check turned; it passes `after` if `passes`."""

    before: datetime
    after: datetime
    passes: bool


class Search:
    """The answers known so far, and the next probe that helps most.

    `unsteady` are checks that answered both ways for one state.
    """

    def __init__(self, probe: Probe, guide: Guide) -> None:
        self._probe = probe
        self._guide = guide
        self._states: dict[datetime, Hashable] = {}
        self._outcomes: dict[tuple[Hashable, str], bool | None] = {}
        self._asked: dict[str, set[datetime]] = {}
        self.unsteady: set[str] = set()

    def ask(self, moment: datetime, checks: Iterable[str]) -> None:
        """Probe a moment for those of the checks whose answer there is not known yet."""
        open_ones = self.open_at(moment, checks)
        if not open_ones:
            return
        answer = self._probe.ask(moment, open_ones)
        self._states[moment] = answer.state
        for check in open_ones:
            self._asked.setdefault(check, set()).add(moment)
            self._outcomes.setdefault((answer.state, check), answer.outcomes.get(check))
        for check, outcome in answer.outcomes.items():
            known = self._outcomes.get((answer.state, check))
            if None not in (known, outcome) and known is not outcome:
                self.unsteady.add(check)
            self._outcomes[answer.state, check] = outcome

    def open_at(self, moment: datetime, checks: Iterable[str]) -> list[str]:
        """Return those of the checks whose answer as of a moment is not known yet."""
        return [check for check in checks if not self._is_known(check, moment)]

    def narrow(self, checks: Sequence[str]) -> None:
        """Probe until no turn of any of the checks can be made narrower.

        Cheap checks come first, by themselves. The others then find the boundaries of those turns.
        """
        for cheap in (True, False):
            rank = [check for check in checks if self._guide.is_cheap(check) is cheap]
            while (moment := self._next(rank)) is not None:
                self.ask(moment, self._in_question(moment, rank))

    def outcomes(self, check: str) -> dict[datetime, bool]:
        """Return the known answers to a check, in order of time."""
        known = {moment: self.outcome(check, moment) for moment in sorted(self._states)}
        return {moment: outcome for moment, outcome in known.items() if outcome is not None}

    def outcome(self, check: str, moment: datetime) -> bool | None:
        """Return whether a check passes as of a moment, or None if that is not known."""
        return self._outcomes.get((self._states.get(moment), check))

    def transitions(self, check: str) -> list[Transition]:
        """Return the turns of a check as narrow as they are known, in order of time."""
        known = list(self.outcomes(check).items())
        return [
            Transition(before=before, after=after, passes=now)
            for (before, then), (after, now) in pairwise(known)
            if then is not now
        ]

    def asked(self, check: str) -> list[datetime]:
        """Return the moments at which a probe was made for a check, in order of time."""
        return sorted(self._asked.get(check, ()))

    def _is_known(self, check: str, moment: datetime) -> bool:
        return moment in self._states and (self._states[moment], check) in self._outcomes

    def _next(self, checks: Sequence[str]) -> datetime | None:
        """Return the best moment for a turn that can still be made narrower, or None."""
        for check in checks:
            for turn in self.transitions(check):
                candidates = self._candidates(check, turn)
                if candidates:
                    return self._best(check, turn, candidates)
        return None

    def _candidates(self, check: str, turn: Transition) -> list[datetime]:
        """Return the candidates inside a turn that are still worth a probe.

        What lies between two unanswered moments most likely has no answer either: a release that
        cannot be built stood for months. It comes last, and is left once that was seen often
        enough for so many candidates: the turn then stays as wide as the time that gives no answer.
        """
        candidates = self._guide.candidates(check, turn.before, turn.after)
        unanswered = self._unanswered(check, turn)
        if not unanswered:
            return list(candidates)
        outer = [moment for moment in candidates if not unanswered[0] <= moment <= unanswered[-1]]
        if outer or len(unanswered) >= len(candidates).bit_length():
            return outer
        return [moment for moment in candidates if moment not in unanswered]

    def _unanswered(self, check: str, turn: Transition) -> list[datetime]:
        """Return the moments inside a turn as of which the check could not be asked, in order."""
        return sorted(
            moment
            for moment in self._states
            if turn.before < moment < turn.after and self._is_known(check, moment)
        )

    def _best(self, check: str, turn: Transition, candidates: Sequence[datetime]) -> datetime:
        """Return the middle of the boundaries that are known, else of likely days, else of all.

        What breaks one check often breaks another, so the boundaries of its turn are tried first.
        It is the middle of the longest row of them that no unanswered moment parts.
        """
        likely = self._guide.likely(check, turn.before, turn.after)
        boundaries = self._boundaries(check, turn)
        moments = boundaries or [item for item in likely if item in candidates] or candidates
        place = partial(bisect, self._unanswered(check, turn))
        longest = max((list(row) for _, row in groupby(moments, place)), key=len)
        return longest[len(longest) // 2]

    def _boundaries(self, check: str, turn: Transition) -> list[datetime]:
        """Return the boundaries of finished turns of other checks that lie inside a turn."""
        others = sorted({name for _, name in self._outcomes if name != check})
        finished = (
            other
            for name in others
            for other in self.transitions(name)
            if not self._candidates(name, other)
        )
        boundaries = {side for other in finished for side in (other.before, other.after)}
        return sorted(
            side
            for side in boundaries
            if turn.before < side < turn.after and not self._is_known(check, side)
        )

    def _in_question(self, moment: datetime, checks: Sequence[str]) -> Iterator[str]:
        """Yield the checks for which a probe of the moment makes an unfinished turn narrower."""
        for check in checks:
            around = [turn for turn in self.transitions(check) if turn.before < moment < turn.after]
            if any(self._candidates(check, turn) for turn in around):
                yield check
