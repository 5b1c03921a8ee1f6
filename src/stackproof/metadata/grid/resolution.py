"""Judge a cell by resolution: whether any set of versions satisfies both, and what is held."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from stackproof.base.versions import satisfies
from stackproof.errors import CannotJudgeError
from stackproof.installers.resolver import Refused, Resolution, Resolver, Wanted
from stackproof.metadata.grid.inference import Lesson
from stackproof.metadata.grid.record import Cell, Versions
from stackproof.metadata.grid.refusal import premises, read_refusal

__all__ = ["ResolutionJudge"]


@dataclass(frozen=True, kw_only=True)
class ResolutionJudge:
    """Judges cells of two axes, called `names`, beside requirements that are `held`."""

    resolver: Resolver
    names: tuple[str, str]
    python: str
    as_of: datetime | None
    held: Sequence[str] = ()
    further: tuple[str, ...] = ()
    builds: bool = True

    def judge(self, versions: Versions) -> Lesson:
        """Return the cell, and what else follows; a resolution that failed gives `unknown`."""
        begin = time.monotonic()
        lesson = self._judge(versions)
        seconds = round(time.monotonic() - begin, 3)
        cell = lesson.cell.model_copy(update={"seconds": seconds})
        return Lesson(cell=cell, rests_on=lesson.rests_on, free=lesson.free)

    def _judge(self, versions: Versions) -> Lesson:
        asked = (f"{name}=={at}" for name, at in zip(self.names, versions, strict=True))
        wanted = Wanted(
            requirements=(*asked, *self.held),
            python=self.python,
            preferences={},
            further=self.further,
            as_of=self.as_of,
            builds=self.builds,
        )
        try:
            answer = self.resolver.resolve(wanted)
        except CannotJudgeError as error:
            cell = Cell(versions=versions, state="unknown", reason=str(error), how="resolution")
            return Lesson(cell=cell)
        if isinstance(answer, Refused):
            cell = read_refusal(self.names, versions, answer.words, builds=self.builds)
            rests_on = premises(answer.words, self.names) if cell.state == "conflict" else None
            return Lesson(cell=cell, rests_on=rests_on)
        if any(not _has(answer, *pin) for pin in zip(self.names, versions, strict=True)):
            why = "the resolver chose other versions than the two that were asked for"
            return Lesson(
                cell=Cell(versions=versions, state="unknown", reason=why, how="resolution")
            )
        return Lesson(cell=_compatible(versions, answer), free=self._free(answer))

    def _free(self, resolution: Resolution) -> tuple[bool, bool]:
        held = " ".join(self.held)
        first, second = (
            name in resolution and not resolution[name].via and name not in held
            for name in self.names
        )
        return first, second


def _has(resolution: Resolution, name: str, version: str) -> bool:
    """Tell whether a version was chosen; for 2.5.1 that may be 2.5.1+cpu of another index."""
    chosen = resolution.get(name)
    return chosen is not None and satisfies(chosen.version, version)


def _compatible(versions: Versions, resolution: Resolution) -> Cell:
    reason = f"both resolve, together with {len(resolution) - len(versions)} others"
    return Cell(versions=versions, state="compatible", reason=reason, how="resolution")
