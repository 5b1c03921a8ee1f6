"""Name the releases that turned a check, by letting them alone in and seeing it turn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from stackproof.index.refusal import sentence
from stackproof.plan import timestamp
from stackproof.search import Turn, reduce_to_earliest
from stackproof.timeline.differences import Differences
from stackproof.timeline.guiding import named_in
from stackproof.timeline.probing import Found, Prober
from stackproof.timeline.reasons import Facts
from stackproof.timeline.records import Break, Culprit
from stackproof.timeline.releases import utc
from stackproof.timeline.row import RowAt

__all__ = ["Detective"]

#: What uv says of a release that cannot be built from its source.
_NOT_BUILT = re.compile(r"Failed to (?:download and )?build [^\n]*")


@dataclass(frozen=True, kw_only=True)
class Detective:
    """Finds the culprits of turns among `differences`; `words` are what failures said."""

    row: RowAt
    prober: Prober
    differences: Differences
    facts: Facts
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
        known = self._guilty.get(turn, ())
        named = named_in(f"{check} {self.words.get(check, '')}", suspects)
        likely = [name for name in suspects if name in known or name in named]
        guilty = reduce_to_earliest(
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

    def yanked(self, since: datetime, turn: Turn, culprits: Sequence[Culprit]) -> list[str]:
        """Say which releases of the culprits came before the turn and were yanked since."""
        return [
            f"{culprit.name} {release.version}, uploaded {utc(release.uploaded)}, was yanked "
            "since: installers pass over it as of any date, so what it did cannot be seen now"
            for culprit in culprits
            for release in self.differences.releases.between(culprit.name, since, turn.after)
            if release.yanked is not None and release.uploaded is not None
        ]

    def _suspects(self, turn: Turn) -> list[str]:
        """Return what differs between both sides and came between them, in the order it came."""
        differing = self.differences.between(turn.before, turn.after)
        moments = partial(self.differences.moments, before=turn.before, after=turn.after)
        came = {name: times[0] for name in differing if (times := moments(name))}
        return sorted(came, key=lambda name: (came[name], name)) or list(differing)

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
        before = self.differences.build(turn.before)
        return self.facts.sentence(culprits, before.freeze, found.freeze)

    def _version(self, name: str, turn: Turn) -> str | None:
        """Return the version that came with a turn: the newest, if it could not be installed."""
        before, after = map(self.differences.build, (turn.before, turn.after))
        if after.refusal is not None:
            came = self.differences.releases.between(name, turn.before, turn.after)
            versions = [release.version for release in came if release.yanked is None]
            if versions:
                return str(max(versions))
        return after.version(name, before)

    def _culprit(self, name: str, turn: Turn) -> Culprit:
        sides = turn.before, turn.after
        before, after = map(self.differences.build, sides)
        version = self._version(name, turn)
        moment = self.differences.uploaded(name, version, *sides) if version else None
        return Culprit(
            name=name,
            before=before.version(name, after),
            after=version,
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
