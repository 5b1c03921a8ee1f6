"""`nox -s report`: write every report again from evidence and history."""

from __future__ import annotations

from pathlib import Path

import nox

from stackproof.history import add_recorded
from stackproof.report.rebuild import rebuild
from stackproof.report.texts import LANGUAGES
from stackproof.sessions.nox_session import console, ends_in_words
from stackproof.sessions.options import Options

__all__ = ["report"]


@ends_in_words()
def report(session: nox.Session, root: Path) -> None:
    """Write the page, and `report.md` and the badges of each row, in one of our languages."""
    screen = console()
    reports = root / "reports"
    options = Options("report")
    options.add_argument("--lang", choices=LANGUAGES, default="en")
    given = options.parse_args(session.posargs)
    added = add_recorded(reports)
    page = rebuild(reports, root / "matrices", given.lang)
    if added:
        screen.print(f"{added} runs were not in the history yet", highlight=False)
    screen.print(f"report: {page.relative_to(root)}", markup=False, highlight=False)
