"""What of a file has no place in a matrix, as findings."""

from __future__ import annotations

from stackproof.base.text import without_credentials
from stackproof.matrix.document.stack import Note
from stackproof.metadata.audit.record import Finding
from stackproof.reasons.words import in_words

__all__ = ["passed_over"]


def passed_over(note: Note, *, file: str, matrix: str) -> Finding:
    """Return the finding that something of a file, which may name another one, was passed over."""
    why = note.why.with_texts(without_credentials)
    return Finding(
        rule="document",
        level="note",
        matrix=matrix,
        row=None,
        pin=None,
        file=note.file or file,
        line=note.line or 1,
        message=in_words(why),
        why=why,
    )
