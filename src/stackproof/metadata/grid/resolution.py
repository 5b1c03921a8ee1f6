"""Judge a cell by resolution: whether any set of versions satisfies both, and what is held."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from stackproof.base.versions import satisfies
from stackproof.errors import CannotJudgeError
from stackproof.installers.resolver import Refused, Resolution, Resolver, Wanted
from stackproof.metadata.grid.record import Cell, Versions
from stackproof.metadata.grid.refusal import read_refusal, unknown
from stackproof.reasons.common import quoted
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words

__all__ = ["ResolutionJudge"]


@dataclass(frozen=True, kw_only=True)
class ResolutionJudge:
    """Judges cells of two axes, called `names`, beside requirements that are `held`."""

    resolver: Resolver
    names: tuple[str, str]
    python: str
    as_of: datetime | None
    held: Sequence[str] = ()
    platform: str | None = None
    further: tuple[str, ...] = ()
    builds: bool = True

    def judge(self, versions: Versions) -> Cell:
        """Return the cell, with its `seconds`; a resolution that failed gives `unknown`."""
        begin = time.monotonic()
        cell = self._judge(versions)
        return cell.model_copy(update={"seconds": round(time.monotonic() - begin, 3)})

    def _judge(self, versions: Versions) -> Cell:
        asked = (f"{name}=={at}" for name, at in zip(self.names, versions, strict=True))
        wanted = Wanted(
            requirements=(*asked, *self.held),
            python=self.python,
            platform=self.platform,
            preferences={},
            further=self.further,
            as_of=self.as_of,
            builds=self.builds,
        )
        try:
            answer = self.resolver.resolve(wanted)
        except CannotJudgeError as error:
            return unknown(versions, quoted(str(error)))
        if isinstance(answer, Refused):
            return read_refusal(self.names, versions, answer.words, builds=self.builds)
        if any(not _has(answer, *pin) for pin in zip(self.names, versions, strict=True)):
            return unknown(versions, reason("other-versions"))
        why = reason("both-resolve", number=len(answer) - len(versions))
        return Cell(
            versions=versions, state="compatible", reason=in_words(why), why=why, how="resolution"
        )


def _has(resolution: Resolution, name: str, version: str) -> bool:
    """Tell whether a version was chosen; for 2.5.1 that may be 2.5.1+cpu of another index."""
    chosen = resolution.get(name)
    return chosen is not None and satisfies(chosen.version, version)
