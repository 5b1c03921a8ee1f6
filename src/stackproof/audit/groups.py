"""Whether the members of each group, which must match, are tied to one another and do match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Literal

from stackproof.audit.findings import Finding
from stackproof.audit.pairwise import Pairs, complaining
from stackproof.audit.subject import Subject

__all__ = ["check", "judge"]

Match = Literal["match", "mismatch", "untied", "unknown"]


def judge(members: Sequence[str], table: Pairs) -> tuple[Match, str]:
    """Return whether members match, and why; "untied" if a member's metadata ties it to none."""
    cells = {pair: table[pair[0]][pair[1]] for pair in combinations(members, 2)}
    for cell in cells.values():
        if cell.state == "conflict":
            return "mismatch", cell.reason
    for cell in cells.values():
        if cell.state == "unknown":
            return "unknown", cell.reason
    ties = {pair: cell.reason for pair, cell in cells.items() if cell.state == "satisfied"}
    loose = [name for name in members if not any(name in pair for pair in ties)]
    if loose:
        return "untied", f"nothing in its metadata ties {', '.join(loose)} to the others"
    return "match", "; ".join(ties.values())


def check(subject: Subject, table: Pairs) -> Iterator[Finding]:
    """Yield an error for a group whose members do not match, a warning for one that is untied."""
    for name, members in subject.plan.groups.items():
        match, why = judge(members, table)
        message, place = f"group {name}: {why}", ("groups", name)
        if match == "mismatch":
            checks = tuple(f"pip-check:{member}" for member in complaining(members, why))
            yield subject.finding("groups", "error", message, place=place, checks=checks)
        elif match == "untied":
            yield subject.finding("groups", "warning", message, place=place)
