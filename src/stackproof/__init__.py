"""Execute the claims of a pinned package stack.

What this package exports is described in docs/api.md and keeps its meaning; all else may change.

Data flows one way through the rooms of this package:
matrix -> plan -> environment -> suite -> evidence -> verdict -> report.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackproof.cli.register import register

__all__ = ["register"]


def __getattr__(name: str) -> object:
    """Load what is exported when it is asked for: the suite of tools asks for no session."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.cli.{name}"), name)
