"""What the nox sessions do: from nox's words to ours and back, one module a session."""

from stackproof.sessions.audit import audit_rows
from stackproof.sessions.candidate import candidate
from stackproof.sessions.changes import changes
from stackproof.sessions.constraints import constraints
from stackproof.sessions.document import document
from stackproof.sessions.frontier import frontier
from stackproof.sessions.grid import grid
from stackproof.sessions.lock import lock
from stackproof.sessions.matrix_from import matrix_from
from stackproof.sessions.monthly import monthly
from stackproof.sessions.repair import repair
from stackproof.sessions.report import report
from stackproof.sessions.rows import RowChoice, rows
from stackproof.sessions.thin import thin
from stackproof.sessions.timeline import timeline
from stackproof.sessions.verify import verify

__all__ = [
    "RowChoice",
    "audit_rows",
    "candidate",
    "changes",
    "constraints",
    "document",
    "frontier",
    "grid",
    "lock",
    "matrix_from",
    "monthly",
    "repair",
    "report",
    "rows",
    "thin",
    "timeline",
    "verify",
]
