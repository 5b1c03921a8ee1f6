"""`nox -s repair`: pins that mend a row, none of which can be left out, proved."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone
from pathlib import Path

import nox
from rich.console import Console

from stackproof.base.records import write_atomically
from stackproof.base.times import full_hour
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options, instant
from stackproof.cli.wiring import open_context
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InRow
from stackproof.experiments.diagnose.as_repair import repaired
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.repair.record import Repair
from stackproof.experiments.repair.writing import require_room, write_repair
from stackproof.report.repair import print_repair, repair_markdown

__all__ = ["repair"]


@ends_in_words()
def repair(session: nox.Session, project: Project) -> None:
    """Repair the row that stands behind `--`; fail the session if there is no repair."""
    screen = console()
    project = open_project(session, project)
    given = _options(session.posargs)
    found, file = _repair(given, project, screen)
    home = project.reports / found.matrix / found.row
    found.write(home / InRow.REPAIR)
    write_atomically(home / InRow.REPAIR_PAGE, repair_markdown(found))
    print_repair(found, screen)
    page = project.shown(home / InRow.REPAIR_PAGE)
    screen.print(f"repair: {page}", markup=False, highlight=False)
    if given.write or given.in_place:
        # Last of all, so that nothing that was found is lost where it cannot be written.
        try:
            wrote = _write(given, found, file)
        except StackproofError as error:
            session.error(f"exit 2, the repair could not be written: {error}")
        screen.print(wrote, markup=False, highlight=False)
    if not found.found:
        session.error("exit 1")


def _options(posargs: list[str]) -> argparse.Namespace:
    options = Options("repair")
    options.add_argument("row", nargs="?", metavar="[MATRIX/]ROW")
    options.add_argument("--as-of", type=instant, metavar="2025-04-01T00:00:00Z")
    options.add_argument("--no-remedies", dest="remedies", action="store_false")
    options.add_argument("--exact", action="store_true")
    written = options.add_mutually_exclusive_group()
    written.add_argument("--write", action="store_true")
    written.add_argument("--in-place", action="store_true")
    return options.parse_args(posargs)


def _repair(given: argparse.Namespace, project: Project, screen: Console) -> tuple[Repair, Path]:
    """Return the repair of the row, and the matrix file that it may be written to."""
    with open_context(project, screen) as context:
        planner = context.planner(given.row, given.as_of, usual="documented")
        file = context.file(planner)
        if given.write or given.in_place:
            require_room(file, planner.row, in_place=given.in_place)
        plan = planner.base()
        now = datetime.now(timezone.utc)
        inquiry = Inquiry(
            planner=planner,
            moment=plan.as_of or full_hour(now),
            prober=context.prober(planner),
            releases=context.releases(plan),
            resolver=context.resolver,
            like=context.recent(plan),
            today=now.date(),
        )
        return repaired(inquiry, remedies=given.remedies, exact=given.exact), file


def _write(given: argparse.Namespace, found: Repair, file: Path) -> str:
    """Write the repair into the matrix, if there is one; return what to say of it."""
    if not (found.found and found.pins):
        return "there is no repair to write; nothing was written"
    today = datetime.now(timezone.utc).date()
    name = write_repair(found, file, today, in_place=given.in_place)
    return f"wrote row {name} to matrices/{file.name}"
