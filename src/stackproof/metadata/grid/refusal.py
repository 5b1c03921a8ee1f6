"""Read a resolver's refusal of a cell: the requirements that exclude each other, or what it lacks.

Only a proof from requirements is a conflict. Where a release was passed over because it has no
wheel, or only a build could tell what it requires, another one might do: that is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from stackproof.base.versions import overlap
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.refusal import Required, refusal, release_of, required, wheelless
from stackproof.metadata.grid.metadata import because
from stackproof.metadata.grid.record import Cell, Demand, Versions
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["read_refusal", "unknown"]

_PROOF = "No solution found"


def read_refusal(names: tuple[str, str], versions: Versions, words: str, *, builds: bool) -> Cell:
    """Return what a refusal says of a cell: a conflict with its demands, or why it is unknown."""
    text = " ".join(words.split())
    lacking = tuple(wheelless(words))
    build = failed_build(words)
    if build is not None:
        return unknown(versions, reason("metadata-needs-build", release=release_of(build)))
    if _PROOF not in text:
        return unknown(versions, reason("no-proof"))
    if lacking:
        return unknown(versions, reason("lacks-file" if builds else "lacks-wheel", names=lacking))
    facts = required(words)
    clash = _clash(facts, required(words, derived=True))
    left_out = tuple(
        reason("python-bound", by=fact.by, range=fact.range)
        for fact in facts
        if fact.what == "python"
    )
    if left_out and not clash:
        return unknown(versions, reason("all-of", whys=left_out))
    asked = dict(zip(names, versions, strict=True))
    demands = tuple(_demand(side, facts, asked) for side in clash)
    why = because(demands) if demands else refusal(words)
    if left_out:
        why = reason("besides", why=why, others=left_out)
    return Cell(
        versions=versions,
        state="conflict",
        reason=in_words(why),
        why=why,
        how="resolution",
        demands=demands,
    )


def _clash(facts: Sequence[Required], derived: Sequence[Required]) -> tuple[Required, ...]:
    """Return the two requirements of one thing that exclude each other, nothing if none do."""
    for one, other in combinations(facts, 2):
        if one.what == other.what and one.who != other.who and _apart(one, other):
            concluded = [fact for fact in derived if fact not in facts]
            return _widest(one, other, concluded), _widest(other, one, concluded)
    return ()


def _widest(fact: Required, against: Required, concluded: Sequence[Required]) -> Required:
    """Return what the resolver concludes for several versions at once, if it excludes as much."""
    same = [item for item in concluded if (item.who, item.what) == (fact.who, fact.what)]
    # The account goes from the narrow to the wide.
    return next((item for item in reversed(same) if _apart(item, against)), fact)


def _apart(one: Required, other: Required) -> bool:
    return one.what != "python" and not overlap(one.range, other.range)


def _demand(fact: Required, facts: Sequence[Required], asked: Mapping[str, str]) -> Demand:
    brings = (item for item in facts if item.what == fact.who and item.who != fact.who)
    through = next((_who(item, asked) for item in brings), None)
    return Demand(by=_who(fact, asked), on=fact.what, range=fact.range, through=through)


def _who(fact: Required, asked: Mapping[str, str]) -> str:
    """Return who requires it: the version that was asked for, whichever the proof speaks of."""
    return f"{fact.who} {asked[fact.who]}" if fact.who in asked else fact.by


def unknown(versions: Versions, why: Reason) -> Cell:
    """Return the cell of which a resolution says nothing for certain."""
    return Cell(versions=versions, state="unknown", reason=in_words(why), why=why, how="resolution")
