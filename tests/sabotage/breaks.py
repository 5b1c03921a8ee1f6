"""What a break is."""

from __future__ import annotations

__all__ = ["Break"]

from dataclasses import dataclass


@dataclass(frozen=True)
class Break:
    """Code for a module (None: it is empty), the workload that must notice, what it then says.

    The code runs when the module has been imported, in a namespace that holds it as `module`.
    """

    workload: str
    module: str
    code: str | None
    says: str
