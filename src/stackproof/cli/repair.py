"""`nox -s repair`: pins that mend a row, none of which can be left out, proved."""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta, timezone
from pathlib import Path

import nox
from rich.console import Console

from stackproof.base.progress import Progress
from stackproof.base.records import write_atomically
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options, instant
from stackproof.cli.rows import find_row
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InRow
from stackproof.experiments.planner import RowAt
from stackproof.experiments.prober import Prober
from stackproof.experiments.repair.record import Repair
from stackproof.experiments.repair.working import Workshop
from stackproof.experiments.repair.writing import RepairedRow, refuse_another
from stackproof.experiments.runner import Runner
from stackproof.index.client import IndexClient
from stackproof.index.history import Releases
from stackproof.index.target import Target
from stackproof.installers.resolver import Resolver
from stackproof.installers.sources import default_index
from stackproof.matrix.planning import make_plan
from stackproof.report.files import conclude
from stackproof.report.repair import print_repair, repair_markdown

__all__ = ["repair"]


@ends_in_words()
def repair(session: nox.Session, project: Project) -> None:
    """Repair the row that stands behind `--`; fail the session if there is no repair."""
    screen = console()
    project = open_project(session, project)
    given = _options(session.posargs)
    found, row = _repair(given, project, screen)
    home = project.reports / found.matrix / found.row
    found.write(home / InRow.REPAIR)
    write_atomically(home / InRow.REPAIR_PAGE, repair_markdown(found))
    print_repair(found, screen)
    page = project.shown(home / InRow.REPAIR_PAGE)
    screen.print(f"repair: {page}", markup=False, highlight=False)
    if given.write or given.in_place:
        # Last of all, so that nothing that was found is lost where it cannot be written.
        try:
            wrote = _write(given, found, row, project.matrices / f"{found.matrix}.toml")
        except StackproofError as error:
            session.error(f"exit 2, the repair could not be written: {error}")
        screen.print(wrote, markup=False, highlight=False)
    if not found.found:
        session.error("exit 1")


def _options(posargs: list[str]) -> argparse.Namespace:
    options = Options("repair")
    options.add_argument("row", nargs="?", default="documented", metavar="[MATRIX/]ROW")
    options.add_argument("--as-of", type=instant, metavar="2025-04-01T00:00:00Z")
    options.add_argument("--no-remedies", dest="remedies", action="store_false")
    written = options.add_mutually_exclusive_group()
    written.add_argument("--write", action="store_true")
    written.add_argument("--in-place", action="store_true")
    return options.parse_args(posargs)


def _repair(
    given: argparse.Namespace, project: Project, screen: Console
) -> tuple[Repair, RepairedRow]:
    name, row, matrix = find_row(given.row, project.matrices)
    if given.write or given.in_place:
        file = project.matrices / f"{name}.toml"
        refuse_another(file, row, in_place=given.in_place)
    plan = make_plan(matrix, name=name, row=row, as_of=given.as_of)
    now = datetime.now(timezone.utc)
    moment = plan.as_of or now.replace(minute=0, second=0, microsecond=0)
    runner = Runner(project=project, progress=Progress(Console(quiet=True)), conclude=conclude)
    index = default_index("uv", project.environ)
    with IndexClient() as client:
        workshop = Workshop(
            row=RowAt(matrix=matrix, name=name, row=row),
            moment=moment,
            prober=Prober(
                runner=runner,
                home=project.reports / name / row / InRow.PROBES,
                progress=Progress(screen),
            ),
            releases=Releases(
                client=client,
                index=index,
                target=Target.find(plan.python, project.environ),
            ),
            resolver=Resolver(client=client, index=index, environ=project.environ),
            like=runner.recall(plan, not_before=now - timedelta(days=1)),
            today=now.date(),
        )
        return workshop.repair(remedies=given.remedies)


def _write(given: argparse.Namespace, found: Repair, row: RepairedRow, file: Path) -> str:
    """Write the repair into the matrix, if there is one; return what to say of it."""
    if not (found.found and found.pins):
        return "there is no repair to write; nothing was written"
    name = row.add_to(file) if given.write else row.put_into(file, found.failing)
    return f"wrote row {name} to matrices/{file.name}"
