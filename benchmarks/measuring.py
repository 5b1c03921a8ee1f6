"""Measure contenders in turn, A B A B, and keep every figure."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import Literal

from stackproof.base.records import Record
from stackproof.errors import StackproofError

__all__ = ["Contender", "Figures", "Measurement", "measure", "now", "timed"]

Unit = Literal["s", "bytes"]


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One way to do a thing: `figure` does it once and returns seconds, or bytes."""

    name: str
    figure: Callable[[], float]


class Figures(Record):
    """What one contender took, in the order of the rounds."""

    name: str
    figures: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the median."""
        return median(self.figures)


class Measurement(Record):
    """A comparison: the first contender is ours, `goal` the most its ratio to the second may be.

    `row` is the row that it was made on, `at` the UTC minute in which it began.
    """

    name: str
    row: str
    at: str
    unit: Unit
    goal: float | None
    contenders: tuple[Figures, ...]

    def ratio(self, other: Figures) -> float | None:
        """Return ours by another's median; None where that one took nothing."""
        return self.contenders[0].median / other.median if other.median else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none, or nothing to compare with."""
        if self.goal is None or len(self.contenders) == 1:
            return None
        ratio = self.ratio(self.contenders[1])
        return None if ratio is None else ratio <= self.goal


def measure(
    name: str,
    contenders: Sequence[Contender],
    *,
    row: str,
    rounds: int,
    unit: Unit = "s",
    goal: float | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Measurement:
    """Run all contenders in turn, so many rounds, so that a busy moment strikes each alike."""
    at = now()
    found: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for number in range(1, rounds + 1):
        for contender in contenders:
            figure = contender.figure()
            found[contender.name].append(figure)
            say(f"{name}, round {number}: {contender.name} {figure:.2f} {unit}")
    figures = tuple(Figures(name=key, figures=tuple(taken)) for key, taken in found.items())
    return Measurement(name=name, row=row, at=at, unit=unit, goal=goal, contenders=figures)


def now() -> str:
    """Return the minute, in UTC."""
    return f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M}"


def timed(
    commands: Iterable[Sequence[object]],
    *,
    env: Mapping[str, str],
    cwd: Path,
    allowed: Sequence[int] = (0,),
    unless: str = "",
) -> float:
    """Run commands, of texts and paths, one after another; return the seconds of wall time of all.

    Raises StackproofError with its last words if one ends otherwise than `allowed`, or with
    another code than 0 and without the words `unless`: what broke down on its way is no figure.
    """
    begin = time.monotonic()
    for command in commands:
        ended = subprocess.run(
            [str(part) for part in command],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        said = ended.stdout.decode(errors="replace")
        if ended.returncode not in allowed or (ended.returncode and unless not in said):
            shown = " ".join(str(part) for part in command)
            words = [f"{shown} ended with {ended.returncode}", *said.splitlines()[-15:]]
            raise StackproofError("\n".join(words))
    return time.monotonic() - begin
