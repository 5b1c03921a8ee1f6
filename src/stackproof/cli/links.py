"""`nox -s links`: which uses that code of one distribution makes of another are broken."""

from __future__ import annotations

import argparse

import nox
import tomlkit

from stackproof.base.progress import Progress
from stackproof.base.records import write_atomically
from stackproof.cli.from_file import read_matrix
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options, instant, python_version
from stackproof.cli.wiring import Context, open_context
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InRow
from stackproof.experiments.planner import Planner
from stackproof.matrix.load import parse_matrix
from stackproof.metadata.links.opening import open_look
from stackproof.metadata.links.record import Links
from stackproof.metadata.links.resolving import own_indexes, resolved_stack
from stackproof.report.links import links_markdown, print_links, workflow_commands
from stackproof.report.tables import print_lines

__all__ = ["links"]


@ends_in_words()
def links(session: nox.Session, project: Project) -> None:
    """Look at the links of the row or the file behind `--`; a suspect does not fail the session."""
    screen = console()
    project = open_project(session, project)
    given = _options(session.posargs)
    with open_context(project, screen) as context:
        found = _look(_planner(given, context), context)
    home = project.reports / found.matrix / found.row
    found.write(home / InRow.LINKS)
    write_atomically(home / InRow.LINKS_PAGE, links_markdown(found))
    print_links(found, screen)
    print_lines(screen, [f"links: {project.shown(home / InRow.LINKS_PAGE)}"])
    if project.environ.get("GITHUB_ACTIONS") == "true":
        print_lines(screen, workflow_commands(found))


def _options(posargs: list[str]) -> argparse.Namespace:
    options = Options("links")
    options.add_argument("row", nargs="?", metavar="[MATRIX/]ROW|FILE")
    options.add_argument("--python", type=python_version, metavar="3.12")
    options.add_argument("--as-of", type=instant, metavar="2025-04-01")
    return options.parse_args(posargs)


def _planner(given: argparse.Namespace, context: Context) -> Planner:
    """Return the row that is named, or the first one of a file that a matrix can be made of."""
    file = context.project.root / (given.row or "")
    if not file.is_file():
        planner = context.planner(given.row, given.as_of, usual="verified")
        return planner.with_row(python=given.python) if given.python else planner
    name, text, notes = read_matrix(file, python=given.python)
    matrix = parse_matrix(tomlkit.parse(text).unwrap(), file=f"{name}.toml")
    print_lines(
        context.screen,
        (f"{note.file or given.row}:{note.line or 1}: {note.message}" for note in notes),
    )
    row = next(row for row, found in matrix.rows.items() if found.default)
    return Planner(matrix=matrix, name=name, row=row, as_of=given.as_of)


def _look(planner: Planner, context: Context) -> Links:
    plan = planner.base()
    progress, doing = Progress(context.screen), [""]
    resolver = context.resolver

    def tick(what: str = "") -> None:
        doing[0] = what or doing[0]
        progress.tick()

    with progress.part(f"{plan.label}: links", lambda: doing[0]):
        tick("resolving")
        stack = resolved_stack(
            plan,
            resolver,
            environ=context.project.environ,
            snapshots=context.project.snapshots,
        )
        look = open_look(resolver, further=own_indexes(plan, resolver), tick=tick)
        return look.at(stack)
