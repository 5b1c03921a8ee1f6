"""`nox -s lock`: lock what was proved of a row."""

from __future__ import annotations

import nox

from stackproof.base.text import count, first_of
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options, instant
from stackproof.cli.wiring import open_context
from stackproof.evidence.layout import Project
from stackproof.experiments.lock import lock as lock_row
from stackproof.experiments.platform_locks import PlatformLock

__all__ = ["lock"]


@ends_in_words()
def lock(session: nox.Session, project: Project) -> None:
    """Lock the row that stands behind `--`, or write nothing and fail the session."""
    screen = console()
    options = Options("lock")
    options.add_argument("row", nargs="?", metavar="[MATRIX/]ROW")
    options.add_argument("--as-of", type=instant, metavar="2025-04-01T00:00:00Z")
    options.add_argument("--platform", action="append", default=[], metavar="NAME")
    project = open_project(session, project)
    given = options.parse_args(session.posargs)
    with open_context(project, screen) as context:
        planner = context.planner(given.row, given.as_of, usual="verified")
        made = lock_row(planner, context.runner(), given.platform)
    home = project.shown(project.reports / planner.label)
    lines = [f"sha256 {sha256}  {home / file}" for file, sha256 in made.files.items()]
    lines += map(_told, made.platforms)
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


def _told(part: PlatformLock) -> str:
    """Say what a platform's lock is, and what it has otherwise than this machine's."""
    if part.file is None:
        return f"{part.platform}: {part.state}: {part.reason}"
    moves = part.differs.items()
    differs = [f"{name} {here or 'none'} -> {there or 'none'}" for name, (here, there) in moves]
    other = f"; otherwise than here: {first_of(differs)}" if differs else ""
    return f"{part.platform}: {part.state}, {count(part.distributions, 'distribution')}{other}"
