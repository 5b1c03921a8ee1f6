"""`nox -s links`: which uses that code of one distribution makes of another are broken."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import nox

from stackproof.base.records import write_atomically
from stackproof.cli.from_file import read_planner
from stackproof.cli.look_at import look_at
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options, instant, python_version
from stackproof.cli.wiring import Context, open_context
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.evidence.links import Links
from stackproof.evidence.reports import InRow
from stackproof.experiments.planner import Planner
from stackproof.index.request import Request, parse_request
from stackproof.metadata.links.comparing import compared
from stackproof.report.links import links_markdown, print_links, workflow_commands
from stackproof.report.tables import print_lines

__all__ = ["links"]

#: What tells a version that is asked for from the name of a row or a file.
_ASKED = re.compile(r"[=<>~!]=")


@ends_in_words()
def links(session: nox.Session, project: Project) -> None:
    """Look at the links of the row or the file behind `--`; a suspect does not fail the session."""
    screen = console()
    project = open_project(session, project)
    given = _options(session.posargs)
    with open_context(project, screen) as context:
        found = _found(given, context)
    home = project.reports / found.matrix / found.row
    found.write(home / InRow.LINKS)
    write_atomically(home / InRow.LINKS_PAGE, links_markdown(found))
    print_links(found, screen)
    print_lines(screen, [f"links: {project.shown(home / InRow.LINKS_PAGE)}"])
    if project.environ.get("GITHUB_ACTIONS") == "true":
        print_lines(screen, workflow_commands(found))


class _Side(NamedTuple):
    """The other side of an upgrade: a row, and as of when."""

    row: str
    as_of: datetime | None

    def planner(self, own: Planner, context: Context) -> Planner:
        """Return the planner of the side; where it names no row, that of the `own` one."""
        if self.row:
            return context.planner(self.row, self.as_of)
        return replace(own, as_of=self.as_of)


def _side(text: str) -> _Side:
    row, at, day = text.partition("@")
    return _Side(row, instant(day) if at else None)


def _options(posargs: list[str]) -> argparse.Namespace:
    options = Options("links")
    options.add_argument("words", nargs="*", metavar="[MATRIX/]ROW|FILE|NAME==VERSION")
    options.add_argument("--python", type=python_version, metavar="3.12")
    options.add_argument("--as-of", type=instant, metavar="2025-04-01")
    options.add_argument("--against", type=_side, metavar="[[MATRIX/]ROW][@2025-04-01]")
    given = options.parse_args(posargs)
    given.requests = [_exact(word) for word in given.words if _ASKED.search(word)]
    rows = [word for word in given.words if not _ASKED.search(word)]
    if len(rows) > 1:
        options.error("name one row or file")
    given.row = rows[0] if rows else None
    return given


def _exact(text: str) -> Request:
    request = parse_request(text)
    if request.version is None:
        raise StackproofError(f"{text!r} names no version; write {request.name}==1.2.3")
    return request


def _found(given: argparse.Namespace, context: Context) -> Links:
    """Return the links of what is asked for, and what those of the other side were not yet."""
    planner = _planner(given, context)
    base = planner.base()
    versions = {request.name: str(request.version) for request in given.requests}
    unknown = sorted(versions.keys() - base.asked.keys())
    if unknown:
        raise StackproofError(f"{planner.label} has no pin {', '.join(unknown)}")
    plan = planner.trial(versions) if versions else base
    other = given.against.planner(planner, context).base() if given.against else None
    found = look_at(plan, context)
    if other is not None:
        return compared(found, look_at(other, context))
    return compared(found, look_at(base, context)) if versions else found


def _planner(given: argparse.Namespace, context: Context) -> Planner:
    """Return the row that is named, or the first one of a file that a matrix can be made of."""
    file = context.project.root / (given.row or "")
    if not file.is_file():
        try:
            planner = context.planner(given.row, given.as_of, usual="verified")
        except StackproofError as error:
            there = f"there is no file {given.row}; as a row: " if given.row else ""
            raise StackproofError(f"{there}{error}") from error
        return planner.with_row(python=given.python) if given.python else planner
    return read_planner(
        file, shown=given.row, screen=context.screen, python=given.python, as_of=given.as_of
    )
