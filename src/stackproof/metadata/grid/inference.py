"""What one resolved cell implies for others: the same requirements, or the same exclusion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from stackproof.metadata.grid.facts import Facts, ranges
from stackproof.metadata.grid.record import Cell, Versions

__all__ = ["Inference", "Lesson"]


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a resolution taught beyond its own cell.

    A conflict rests on what each side requires of the distributions in `rests_on`. A cell that
    goes together holds for releases of the same requirements, where `free` tells of each side that
    nothing else asks for it.
    """

    cell: Cell
    rests_on: tuple[frozenset[str], frozenset[str]] | None = None
    free: tuple[bool, bool] = (False, False)


@dataclass(kw_only=True)
class Inference:
    """Collects lessons about two axes, called `names`, and applies them."""

    facts: Facts
    names: tuple[str, str]
    _lessons: list[Lesson] = field(default_factory=list)

    def learn(self, lesson: Lesson) -> None:
        """Keep a lesson."""
        if lesson.rests_on is not None or any(lesson.free):
            self._lessons.append(lesson)

    def implied(self, versions: Versions) -> Cell | None:
        """Return the cell if a lesson settles it."""
        for lesson in self._lessons:
            if all(self._same(lesson, versions, side) for side in (0, 1)):
                return self._transfer(lesson.cell, versions)
        return None

    def _transfer(self, cell: Cell, versions: Versions) -> Cell:
        """Return what a cell says as said of other versions."""

        def renamed(text: str) -> str:
            for name, known, asked in zip(self.names, cell.versions, versions, strict=True):
                whole = rf"(?<![\w.-]){re.escape(f'{name} {known}')}(?![\w.+!])"
                text = re.sub(whole, f"{name} {asked}", text)
            return text

        demands = (
            item.model_copy(
                update={"by": renamed(item.by), "through": item.through and renamed(item.through)}
            )
            for item in cell.demands
        )
        return cell.model_copy(
            update={
                "versions": versions,
                "how": "inference",
                "implied_by": cell.versions,
                "reason": renamed(cell.reason),
                "demands": tuple(demands),
                "seconds": 0.0,
            }
        )

    def _same(self, lesson: Lesson, versions: Versions, side: int) -> bool:
        known, asked = lesson.cell.versions[side], versions[side]
        if known == asked:
            return True
        if lesson.rests_on is None and not lesson.free[side]:
            return False
        ours, theirs = (ranges(self.facts, self.names[side], item) for item in (known, asked))
        if ours is None or theirs is None:
            return False
        if lesson.rests_on is None:
            return ours == theirs
        return all(_on(name, ours) == _on(name, theirs) for name in lesson.rests_on[side])


def _on(name: str, requires: Mapping[str, str]) -> dict[str, str]:
    """Return what is required of a distribution, with and without extras."""
    return {key: item for key, item in requires.items() if key.partition("[")[0] == name}
