"""What sees uses of what is not there: a type checker, behind one small door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stackproof.evidence.links import Kind

__all__ = ["Checked", "Checker", "CheckerError", "Seen"]


class CheckerError(Exception):
    """A checker crashed, took too long, or said what nobody understands: no verdict, a note."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A use that a checker says cannot work, at `line` and `column` (from 1 on) of `file`.

    `target` is the module, or the function in full. `name` is the name or the parameter that it
    lacks, "" for a module that is not there and for a call with too many arguments. Of those,
    `given` are how many the call has, and `taken` how many the function takes.
    """

    file: str
    line: int
    column: int
    kind: Kind
    target: str
    name: str = ""
    given: int = 0
    taken: int = 0


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What was seen in some files, and which of them are no code of Python 3."""

    seen: Sequence[Seen]
    unread: Sequence[str]


class Checker(Protocol):
    """Reads code, and runs none of it."""

    @property
    def title(self) -> str:
        """Its name, with its version."""

    def check(self, library: Path, files: Sequence[str], python: str) -> Checked:
        """Return what is wrong in some files of a folder of modules, for a Python such as 3.11.

        Paths are relative to the folder. Raises CheckerError.
        """
