"""Write again, from evidence and history alone, everything that people read."""

from __future__ import annotations

from pathlib import Path

from stackproof.base.records import write_atomically
from stackproof.evidence.reports import InRow, InRun
from stackproof.metadata.audit.record import Audit
from stackproof.report.badges import badge_json
from stackproof.report.markdown import markdown
from stackproof.report.site.page import write_site
from stackproof.report.site.reports_reader import KeptRow, ReportsReader
from stackproof.report.texts import Language

__all__ = ["rebuild", "renew"]


def renew(row: KeptRow, audit: Audit | None, lang: Language = "en") -> None:
    """Write verdict and report of a run again: since then an audit may have judged its claims."""
    row.verdict.write(row.evidence.folder / InRun.VERDICT)
    text = markdown(row.evidence, row.verdict, lang, audit=audit)
    write_atomically(row.evidence.folder / InRun.REPORT, text)


def rebuild(reports: Path, matrices: Path, lang: Language = "en") -> Path:
    """Write the page, and `report.md`, `verdict.json` and badges of the newest run of each row.

    Returns the path of the page. Raises OSError if there is no room for them.
    """
    reader = ReportsReader(reports=reports, matrices=matrices)
    rows, _ = reader.rows()
    for row in rows:
        renew(row, reader.audit(row.plan.matrix), lang)
        write_atomically(row.home / InRow.BADGE, badge_json(row.verdict, lang))
    return write_site(reader, lang)
