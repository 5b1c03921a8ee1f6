"""What the nox sessions do: from nox's words to ours and back, one module a session.

A session's module is loaded when the session is called: nox reads the noxfile for each listing and
each test run too, which need rows alone, and none of the libraries behind the sessions.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackproof.cli.audit import audit
    from stackproof.cli.calibrate import calibrate
    from stackproof.cli.candidate import candidate
    from stackproof.cli.confirm import confirm
    from stackproof.cli.diagnose import diagnose
    from stackproof.cli.frontier import frontier
    from stackproof.cli.grid import grid
    from stackproof.cli.history import changes, thin
    from stackproof.cli.init import init
    from stackproof.cli.links import links
    from stackproof.cli.lock import lock
    from stackproof.cli.matrix_from import matrix_from
    from stackproof.cli.monthly import monthly
    from stackproof.cli.publish import publish
    from stackproof.cli.repair import repair
    from stackproof.cli.reporting import document, report
    from stackproof.cli.schemas import write_schemas
    from stackproof.cli.timeline import timeline
    from stackproof.cli.verify import verify

__all__ = [
    "audit",
    "calibrate",
    "candidate",
    "changes",
    "confirm",
    "diagnose",
    "document",
    "frontier",
    "grid",
    "init",
    "links",
    "lock",
    "matrix_from",
    "monthly",
    "publish",
    "repair",
    "report",
    "thin",
    "timeline",
    "verify",
    "write_schemas",
]

#: The modules of the sessions that do not lie in one of their own name.
_ELSEWHERE = {
    "changes": "history",
    "document": "reporting",
    "report": "reporting",
    "thin": "history",
    "write_schemas": "schemas",
}


def __getattr__(name: str) -> object:
    """Load the module of a session, and return the session."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_ELSEWHERE.get(name, name)}"), name)
    globals()[name] = found  # in place of the module of the same name, which Python puts here
    return found
