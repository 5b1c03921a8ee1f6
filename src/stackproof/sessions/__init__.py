"""What the nox sessions do: from nox's words to ours and back, one module a session.

A session's module is loaded when the session is called: nox reads the noxfile for each listing and
each test run too, which need rows alone, and none of the libraries behind the sessions.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from stackproof.sessions.rows import RowChoice, rows

if TYPE_CHECKING:
    from stackproof.schemas import write_schemas
    from stackproof.sessions.audit import audit_rows
    from stackproof.sessions.calibrate import calibrate
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
    from stackproof.sessions.thin import thin
    from stackproof.sessions.timeline import timeline
    from stackproof.sessions.verify import verify

__all__ = [
    "RowChoice",
    "audit_rows",
    "calibrate",
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
    "write_schemas",
]

_ELSEWHERE = {"audit_rows": "stackproof.sessions.audit", "write_schemas": "stackproof.schemas"}


def __getattr__(name: str) -> object:
    """Load the module of a session, and return the session."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_ELSEWHERE.get(name, f"{__name__}.{name}")), name)
    globals()[name] = found  # in place of the module of the same name, which Python puts here
    return found
