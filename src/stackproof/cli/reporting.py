"""`nox -s report`: write every report again from evidence and history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nox

from stackproof.base.invocation import typed
from stackproof.base.records import write_atomically
from stackproof.base.text import nearest
from stackproof.cli.nox_session import console, ends_in_words
from stackproof.cli.options import Options
from stackproof.errors import StackproofError
from stackproof.evidence.history.file import add_recorded
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InRow
from stackproof.report.document import document_markdown, language_of
from stackproof.report.forms import form_of_document
from stackproof.report.rebuild import rebuild, renew
from stackproof.report.site.reports_reader import KeptRow, ReportsReader
from stackproof.report.texts import LANGUAGES

__all__ = ["document", "report"]


@ends_in_words()
def report(session: nox.Session, project: Project) -> None:
    """Write the page, and `report.md` and the badges of each row, in one of our languages."""
    screen = console()
    reports = project.reports
    options = Options("report")
    options.add_argument("--lang", choices=LANGUAGES, default="en")
    given = options.parse_args(session.posargs)
    added = add_recorded(reports)
    page = rebuild(reports, project.matrices, given.lang)
    if added:
        screen.print(f"{added} runs were not in the history yet", highlight=False)
    screen.print(f"report: {project.shown(page)}", markup=False, highlight=False)


@ends_in_words()
def document(session: nox.Session, project: Project) -> None:
    """Write `document.md` of the rows that are named, or of all that have run."""
    screen = console()
    reader = ReportsReader(reports=project.reports, matrices=project.matrices)
    options = Options("document")
    options.add_argument("rows", nargs="*", metavar="[MATRIX/]ROW")
    options.add_argument("--document", type=Path, metavar="FILE.md")
    options.add_argument("--lang", choices=LANGUAGES)
    given = options.parse_args(session.posargs)
    form = form_of_document(given.document) if given.document else None
    for row in _chosen(given.rows, reader):
        audit = reader.audit(row.plan.matrix)
        text = document_markdown(
            row,
            reader.pin_order(row.plan.matrix),
            audit,
            reports=reader.reports,
            lang=given.lang or language_of(row.plan),
            form=form,
        )
        renew(row, audit)
        file = row.home / InRow.DOCUMENT
        write_atomically(file, text)
        screen.print(f"{row.name}: {project.shown(file)}", markup=False, highlight=False)


def _chosen(names: list[str], reader: ReportsReader) -> Iterator[KeptRow]:
    """Yield the rows that are named; raise StackproofError for one that has no evidence."""
    kept = {row.name: row for row in reader.rows()[0]}
    if not kept:
        raise StackproofError(f"no row has run yet; run `{typed('verify')}` first")
    for name in names or kept:
        found = [row for key, row in kept.items() if name in (key, row.plan.row)]
        if len(found) != 1:
            raise StackproofError(f"there is no evidence of a row {name!r}; {nearest(name, kept)}")
        yield found[0]
