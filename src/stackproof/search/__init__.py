"""Searches without input or output: when answers turned, and which items of a set matter."""

from stackproof.search.reduction import drop_needless, reduce_to_minimum
from stackproof.search.turns import Answer, Guide, Probe, Search, Turn

__all__ = [
    "Answer",
    "Guide",
    "Probe",
    "Search",
    "Turn",
    "drop_needless",
    "reduce_to_minimum",
]
