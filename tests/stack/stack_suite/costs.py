"""What the processes of a check took: processor seconds of all, bytes of the largest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Cost = tuple[float, int]


def cost_properties(costs: Iterable[Cost]) -> list[tuple[str, object]]:
    """Return the properties by which a report tells what processes, one after another, took."""
    seconds, memory = zip(*costs, strict=True)
    return [("processor_seconds", round(sum(seconds), 3)), ("peak_memory", max(memory))]
