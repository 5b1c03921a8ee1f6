"""Whether the members of each group, which must match, are tied to one another and do match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

from stackproof.metadata.audit.pairwise import Pairs, complaints, felt
from stackproof.metadata.audit.record import Finding
from stackproof.metadata.audit.subject import Subject
from stackproof.reasons.reason import Reason, reason

__all__ = ["check", "judge"]


class Match(NamedTuple):
    """Whether members match, and why; "untied" if a member's metadata ties it to none.

    `pair` are the two that a mismatch rests on.
    """

    state: Literal["match", "mismatch", "untied", "unknown"]
    why: Reason
    pair: tuple[str, str] | None = None


def judge(members: Sequence[str], table: Pairs) -> Match:
    """Judge whether members, the names of pins, match by what is known of each two of them."""
    cells = {pair: table[pair[0]][pair[1]] for pair in combinations(members, 2)}
    whys = {pair: cell.why for pair, cell in cells.items() if cell.why is not None}
    for pair, why in whys.items():
        if cells[pair].state == "conflict":
            return Match("mismatch", why, pair)
    for pair, why in whys.items():
        if cells[pair].state == "unknown":
            return Match("unknown", why)
    ties = {pair: why for pair, why in whys.items() if cells[pair].state == "satisfied"}
    loose = tuple(name for name in members if not any(name in pair for pair in ties))
    if loose or not ties:
        return Match("untied", reason("untied", names=loose))
    first, *others = ties.values()
    return Match("match", first.then(*others))


def check(subject: Subject, table: Pairs) -> Iterator[Finding]:
    """Yield an error for a group whose members do not match, a warning for one that is untied."""
    for name, members in subject.plan.groups.items():
        match = judge(members, table)
        why, place = reason("group", group=name, why=match.why), ("groups", name)
        if match.pair is not None:
            first, second = match.pair
            cell = table[first][second]
            checks = felt(subject, match.pair, cell)
            said = complaints(subject, match.pair, cell)
            yield subject.finding("groups", "error", why, place=place, checks=checks, messages=said)
        elif match.state == "untied":
            yield subject.finding("groups", "warning", why, place=place)
