"""Judge a cell by metadata alone: two certain requirements that exclude each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stackproof.base.versions import overlap
from stackproof.matrix.markers import holds
from stackproof.metadata.grid.facts import Facts, demands
from stackproof.metadata.grid.record import THE_CELL, THE_HELD, Cell, Demand, Versions
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["MetadataJudge", "because"]


@dataclass(frozen=True, kw_only=True)
class MetadataJudge:
    """Judges cells of two axes, called `names`, beside requirements that are `held`."""

    facts: Facts
    names: tuple[str, str]
    held: Sequence[str] = ()

    def judge(self, versions: Versions) -> Cell | None:
        """Return the cell if metadata settles it, which only a conflict or a want of files does."""
        sides = [self._side(name, at) for name, at in zip(self.names, versions, strict=True)]
        for name, version in zip(self.names, versions, strict=True):
            lacking = self.facts.why_no_file(name, version)
            if lacking is not None:
                return Cell(
                    versions=versions,
                    state="unknown",
                    reason=in_words(lacking),
                    why=lacking,
                    how="metadata",
                )
        for one, other in ((sides[0], sides[1]), (sides[0], self._held), (sides[1], self._held)):
            clash = next(_clashes(one, other), None)
            if clash is not None:
                why = because(clash)
                return Cell(
                    versions=versions,
                    state="conflict",
                    reason=in_words(why),
                    why=why,
                    how="metadata",
                    demands=clash,
                )
        return None

    @cached_property
    def _sides(self) -> dict[tuple[str, str], tuple[Demand, ...]]:
        return {}

    def _side(self, name: str, version: str) -> tuple[Demand, ...]:
        """Return what a version asks for for certain, itself first."""
        key = name, version
        if key not in self._sides:
            itself = Demand(by=THE_CELL, on=name, range=f"=={version}")
            self._sides[key] = (itself, *demands(self.facts, name, version))
        return self._sides[key]

    @cached_property
    def _held(self) -> tuple[Demand, ...]:
        found: list[Demand] = []
        for text in self.held:
            item = Requirement(text)
            if not holds(item, self.facts.markers):
                continue
            name = str(canonicalize_name(item.name))
            found.append(Demand(by=THE_HELD, on=name, range=str(item.specifier)))
            exact = [part.version for part in item.specifier if part.operator == "=="]
            if exact and not exact[0].endswith(".*"):
                found += demands(self.facts, name, exact[0])
        return tuple(found)


def because(clash: Iterable[Demand]) -> Reason:
    """Return one reason of requirements that exclude each other, who is required coming last."""
    return reason("refused", facts=tuple(item.why for item in clash))


def _clashes(one: Sequence[Demand], other: Sequence[Demand]) -> Iterator[tuple[Demand, Demand]]:
    by_name: dict[str, list[Demand]] = defaultdict(list)
    for demand in other:
        by_name[demand.on].append(demand)
    for ours in one:
        for theirs in by_name.get(ours.on, ()):
            if not overlap(ours.range, theirs.range):
                yield ours, theirs
