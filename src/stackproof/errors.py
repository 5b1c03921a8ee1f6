"""The errors that are meant for the user: what was wrong, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CannotJudgeError",
    "MatrixError",
    "NoConstraintsError",
    "Problem",
    "StackproofError",
    "UnknownConstraintsError",
]


class StackproofError(Exception):
    """Stop with a message for the user; the run could not be judged."""


class CannotJudgeError(StackproofError):
    """Something outside the stack stood in the way: an index, a disk, another run."""


class NoConstraintsError(CannotJudgeError):
    """A release has no constraint file: who publishes them says so."""


class UnknownConstraintsError(CannotJudgeError):
    """A release's constraint file could not be had; whether there is one is not known."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong in a matrix file."""

    file: str
    where: str
    message: str

    def __str__(self) -> str:
        """Return the problem as one line: file, table and key, what would be right."""
        return " ".join(f"{self.file}: {self.where}: {self.message}".splitlines())


class MatrixError(StackproofError):
    """A matrix file cannot be used; carries every problem found in it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)))
