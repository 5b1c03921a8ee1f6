"""Name the releases that turned a check, by letting them alone in and seeing it turn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from stackproof.index.refusal import sentence
from stackproof.index.releases import Release
from stackproof.plan import timestamp
from stackproof.search import Turn, reduce_to_minimum
from stackproof.timeline.guiding import named_in
from stackproof.timeline.probing import Found, Prober
from stackproof.timeline.reasons import Facts
from stackproof.timeline.records import Break, Culprit
from stackproof.timeline.releases import Releases, utc
from stackproof.timeline.row import RowAt

__all__ = ["Detective"]

#: What uv says of a release that cannot be built from its source.
_NOT_BUILT = re.compile(r"Failed to (?:download and )?build [^\n]*")


@dataclass(frozen=True, kw_only=True)
class Detective:
    """Finds the culprits of turns; `builds` are the probes of dates, `words` what failures said."""

    row: RowAt
    prober: Prober
    releases: Releases
    facts: Facts
    builds: Mapping[datetime, Found]
    words: Mapping[str, str]
    _guilty: dict[Turn, tuple[str, ...]] = field(default_factory=dict)

    def explain(self, check: str, turn: Turn, together: Sequence[str]) -> Break:
        """Return a turn of a check with its culprits; `together` are checks of the same turn.

        They are asked of the same builds, so that their own explanation costs nothing more.
        """
        suspects = self._suspects(turn)
        if not suspects:
            reason = "both sides hold the same versions, so the check does not always answer alike"
            return self._break(turn, (), confirmed=False, reason=reason)
        likely = [*self._guilty.get(turn, ()), *self._named(check, suspects)]
        guilty = reduce_to_minimum(
            suspects,
            lambda part: self._probe(check, turn, part, together).passes(check) is turn.passes,
            likely=likely if suspects[1:] else (),
        )
        culprits = tuple(self._culprit(name, turn) for name in guilty or suspects)
        if guilty is None:
            reason = "the check does not turn if only the releases between both sides are let in"
            return self._break(turn, culprits, confirmed=False, reason=reason)
        self._guilty[turn] = guilty
        found = self._probe(check, turn, guilty, together)
        return self._break(
            turn, culprits, confirmed=True, reason=self._reason(turn, culprits, found)
        )

    def yanked(self, turn: Turn, culprits: Sequence[Culprit]) -> list[str]:
        """Say which releases of the culprits came before the turn and were yanked since."""
        return [
            f"{culprit.name} {release.version}, uploaded {utc(release.uploaded)}, was yanked "
            "since: installers pass over it as of any date, so what it did cannot be seen now"
            for culprit in culprits
            for release in self.releases.between(culprit.name, min(self.builds), turn.after)
            if release.yanked is not None and release.uploaded is not None
        ]

    def _suspects(self, turn: Turn) -> list[str]:
        """Return what differs between both sides and was released between them."""
        differing = self.builds[turn.before].differs_from(self.builds[turn.after])
        return [name for name in differing if self._came_between(name, turn)] or differing

    def _named(self, check: str, names: Sequence[str]) -> list[str]:
        return named_in(f"{check} {self.words.get(check, '')}", names)

    def _came_between(self, name: str, turn: Turn) -> list[Release]:
        came = self.releases.between(name, turn.before, turn.after)
        return [release for release in came if release.yanked is None]

    def _probe(
        self, check: str, turn: Turn, names: Sequence[str], together: Sequence[str]
    ) -> Found:
        """Ask the earlier side, with the later releases of some distributions let in."""
        later = (f"{name} {self._version(name, turn) or 'as'}" for name in names)
        what = f"as of {timestamp(turn.before)}, {', '.join(later)} of {timestamp(turn.after)}"
        plan = partial(self.row.moved, turn.before, tuple(sorted(names)), turn.after)
        return self.prober.ask(plan, [check, *together], what)

    def _reason(self, turn: Turn, culprits: Sequence[Culprit], found: Found) -> str:
        if found.refusal is not None:
            built = _NOT_BUILT.search(found.refusal)
            return f"{_shown(culprits)}: {built[0] if built else sentence(found.refusal)}"
        return self.facts.sentence(culprits, self.builds[turn.before].freeze, found.freeze)

    def _version(self, name: str, turn: Turn) -> str | None:
        """Return the version that came with a turn: the newest, if it could not be installed."""
        after = self.builds[turn.after]
        came = self._came_between(name, turn)
        if after.refusal is not None and came:
            return str(max(release.version for release in came))
        return after.version(name, self.builds[turn.before])

    def _culprit(self, name: str, turn: Turn) -> Culprit:
        after = self._version(name, turn)
        moment = self.releases.uploaded(name, after) if after else None
        return Culprit(
            name=name,
            before=self.builds[turn.before].version(name, self.builds[turn.after]),
            after=after,
            uploaded=utc(moment) if moment else None,
        )

    def _break(
        self, turn: Turn, culprits: tuple[Culprit, ...], *, confirmed: bool, reason: str
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
            reason=reason,
        )


def _shown(culprits: Sequence[Culprit]) -> str:
    named = [
        f"{item.name} {item.after or 'removed'}, uploaded {item.uploaded}" for item in culprits
    ]
    return " and ".join(named)
