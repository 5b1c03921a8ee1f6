"""Wrong values in frameworks and services, each with the workload's words for it."""

from __future__ import annotations

__all__ = ["FRAMEWORKS"]

from breaks import Break

FRAMEWORKS: list[Break] = []
