"""What a break is."""

from __future__ import annotations

__all__ = ["Break"]

from dataclasses import dataclass


@dataclass(frozen=True)
class Break:
    """Code for a module (None: it is empty), the workload that must notice, what it then says.

    The code runs when the module has been imported, in a namespace that holds it as `module`.
    `does` says in plain words what is wrong with the stack then.
    """

    workload: str
    module: str
    code: str | None
    says: str
    does: str
