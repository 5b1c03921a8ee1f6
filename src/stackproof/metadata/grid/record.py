"""What a grid says, in the form of `grid.json`."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Literal, TypeAlias

from stackproof.base.records import Record
from stackproof.reasons.reason import Reason, reason

__all__ = [
    "THE_CELL",
    "THE_HELD",
    "Axis",
    "Cell",
    "Demand",
    "Difference",
    "Grid",
    "Proof",
    "Sampling",
    "Standing",
    "State",
    "Versions",
]

State = Literal["compatible", "conflict", "unknown"]
#: What is known in the end: `refuted` resolves, but fails when installed.
Standing = Literal["compatible", "conflict", "unknown", "refuted"]

#: Who makes the requirements that nobody else makes.
THE_CELL = "the cell"
THE_HELD = "what is held"

#: A version of the first axis and one of the second.
Versions: TypeAlias = tuple[str, str]


class Axis(Record):
    """A distribution and its versions, the lowest first."""

    name: str
    versions: tuple[str, ...]


class Demand(Record):
    """A requirement that cannot be met beside another one.

    `by` is who makes it, `on` and `range` what it asks for; `through` is what brings `by` in, and
    None where that is asked for itself.
    """

    by: str
    on: str
    range: str
    through: str | None = None

    @property
    def why(self) -> Reason:
        """The requirement and its maker, as a reason."""
        asked = f"{self.on}{self.range}"
        if self.by == THE_CELL:
            return reason("cell-has", requirement=asked)
        if self.by == THE_HELD:
            return reason("held-has", requirement=asked)
        if self.through:
            return reason("requires-through", by=self.by, through=self.through, requirement=asked)
        return reason("requires", by=self.by, requirement=asked)


class Proof(Record):
    """What came of installing a cell, `pip check` and importing both."""

    outcome: Literal["passed", "failed", "unjudged"]
    message: str
    evidence: str


class Cell(Record):
    """Whether two versions go together, and why; `demands` are what exclude each other.

    `reason` is the English of `why`, which older files do not have.
    `how` says what it was judged by: the releases' own metadata, or a resolution. `seconds` is
    what a resolution took.
    """

    versions: Versions
    state: State
    reason: str
    why: Reason | None = None
    how: Literal["metadata", "resolution"]
    demands: tuple[Demand, ...] = ()
    proof: Proof | None = None
    seconds: float = 0.0

    @property
    def standing(self) -> Standing:
        """The state, less what was to be proved by installing, and failed or could not be."""
        if self.proof is None or self.proof.outcome == "passed":
            return self.state
        return "refuted" if self.proof.outcome == "failed" else "unknown"


class Sampling(Record):
    """How many cells were judged without a resolution, and what resolving some of them said."""

    unresolved: int
    checked: int
    disagreed: tuple[Versions, ...]


class Difference(Record):
    """A cell that a published grid has otherwise."""

    versions: Versions
    published: State
    found: State
    reason: str
    why: Reason | None = None


class Grid(Record):
    """The answer for two axes: the form of `grid.json`.

    `held` are the requirements that hold in every cell, `row` where they come from. `against` and
    `compared` are the published grid and how many cells it shares with this one.
    """

    format: Literal[1] = 1
    axes: tuple[Axis, Axis]
    python: str
    platform: str | None = None
    as_of: datetime | None
    row: str | None
    held: tuple[str, ...]
    builds: bool
    started: datetime
    seconds: float
    notes: tuple[str, ...]
    sampling: Sampling
    cells: tuple[Cell, ...]
    against: str | None = None
    compared: int = 0
    differences: tuple[Difference, ...] = ()

    def by_versions(self) -> dict[Versions, Cell]:
        """Return each cell by its two versions."""
        return {cell.versions: cell for cell in self.cells}

    def count(self, state: State) -> int:
        """Return how many cells are in a state."""
        return sum(cell.state == state for cell in self.cells)

    @property
    def proofs(self) -> Counter[str]:
        """How many cells were installed, by the outcome."""
        return Counter(cell.proof.outcome for cell in self.cells if cell.proof is not None)

    @property
    def exit_code(self) -> int:
        """2 if no cell, or no installation, could be judged, 1 for a contradiction, else 0."""
        if self.cells and self.count("unknown") == len(self.cells):
            return 2
        if self.proofs["failed"] or self.differences or self.sampling.disagreed:
            return 1
        return 2 if set(self.proofs) == {"unjudged"} else 0
