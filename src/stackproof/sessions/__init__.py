"""What the nox sessions do: from nox's words to ours and back, one module a session."""

from stackproof.sessions.audit import audit_rows
from stackproof.sessions.candidate import candidate
from stackproof.sessions.constraints import constraints
from stackproof.sessions.matrix_from import matrix_from
from stackproof.sessions.rows import RowChoice, rows
from stackproof.sessions.verify import verify

__all__ = ["RowChoice", "audit_rows", "candidate", "constraints", "matrix_from", "rows", "verify"]
