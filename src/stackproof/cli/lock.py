"""`nox -s lock`: lock what was proved of a row."""

from __future__ import annotations

import nox

from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options, instant
from stackproof.cli.wiring import open_context
from stackproof.evidence.layout import Project
from stackproof.experiments.lock import FILES
from stackproof.experiments.lock import lock as lock_row

__all__ = ["lock"]


@ends_in_words()
def lock(session: nox.Session, project: Project) -> None:
    """Lock the row that stands behind `--`, or write nothing and fail the session."""
    screen = console()
    options = Options("lock")
    options.add_argument("row", nargs="?", metavar="[MATRIX/]ROW")
    options.add_argument("--as-of", type=instant, metavar="2025-04-01T00:00:00Z")
    project = open_project(session, project)
    given = options.parse_args(session.posargs)
    with open_context(project, screen) as context:
        plan = context.planner(given.row, given.as_of, usual="verified").base()
        made = lock_row(plan, context.runner())
    home = project.shown(project.home(plan))
    lines = [f"sha256 {made.files[file]}  {home / file}" for file in FILES]
    lines.append(
        f"{made.matrix}/{made.row} LOCKED: {made.distributions} distributions of {made.evidence}, "
        f"proved again by {made.proof}"
    )
    lines.append(
        f"install: uv pip sync {home}/pylock.toml, or "
        f"pip install --no-deps --require-hashes -r {home}/requirements.txt"
    )
    for line in lines:
        screen.print(line, markup=False, highlight=False, soft_wrap=True)
