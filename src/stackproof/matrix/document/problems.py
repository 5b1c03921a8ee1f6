"""What is wrong with a document, all of it at once."""

from __future__ import annotations

from collections.abc import Sequence

from stackproof.errors import Problem, StackproofError
from stackproof.matrix.document.stack import Note

__all__ = ["DocumentError", "problem", "without_releases"]


class DocumentError(StackproofError):
    """A document cannot be read as a stack; carries every problem found in it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)))


def problem(file: str, line: int, message: str) -> Problem:
    """Return a problem at a line of a document."""
    return Problem(file=file, where=f"line {line}", message=message)


def without_releases(file: str, message: str, notes: Sequence[Note]) -> DocumentError:
    """Return the error that a file asks for no release, with whatever else it asks for."""
    found = (problem(note.file or file, note.line or 1, note.message) for note in notes)
    return DocumentError([problem(file, 1, message), *found])
