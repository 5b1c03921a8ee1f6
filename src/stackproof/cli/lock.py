"""`nox -s lock`: lock what was proved of a row."""

from __future__ import annotations

import nox

from stackproof.base.progress import Progress
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options, instant
from stackproof.cli.rows import find_row
from stackproof.evidence.layout import Project
from stackproof.experiments.lock import FILES
from stackproof.experiments.lock import lock as lock_row
from stackproof.experiments.runner import Runner
from stackproof.matrix.planning import make_plan
from stackproof.report.files import conclude

__all__ = ["lock"]


@ends_in_words()
def lock(session: nox.Session, project: Project) -> None:
    """Lock the row that stands behind `--`, or write nothing and fail the session."""
    screen = console()
    options = Options("lock")
    options.add_argument("row", nargs="?", default="verified", metavar="[MATRIX/]ROW")
    options.add_argument("--as-of", type=instant, metavar="2025-04-01T00:00:00Z")
    project = open_project(session, project)
    given = options.parse_args(session.posargs)
    name, row, matrix = find_row(given.row, project.matrices)
    plan = make_plan(matrix, name=name, row=row, as_of=given.as_of)
    made = lock_row(plan, Runner(project=project, progress=Progress(screen), conclude=conclude))
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
