"""What the nox sessions do: from nox's words to ours and back, one module a session."""

from stackproof.sessions.candidate import candidate
from stackproof.sessions.rows import RowChoice, rows
from stackproof.sessions.verify import verify

__all__ = ["RowChoice", "candidate", "rows", "verify"]
