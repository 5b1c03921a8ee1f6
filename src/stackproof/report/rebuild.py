"""Write again, from evidence and history alone, everything that people read."""

from __future__ import annotations

from pathlib import Path

from stackproof.records import write_atomically
from stackproof.report.badges import badge_json, badge_svg
from stackproof.report.markdown import markdown
from stackproof.report.site import write_site
from stackproof.report.site.shelf import Shelf
from stackproof.report.texts import Language

__all__ = ["rebuild"]


def rebuild(reports: Path, matrices: Path, lang: Language = "en") -> Path:
    """Write the page, and `report.md` and badges of the newest run of each row.

    Returns the path of the page. Raises OSError if there is no room for them.
    """
    rows, _ = Shelf(reports=reports, matrices=matrices).rows()
    for row in rows:
        text = markdown(row.evidence, row.verdict, lang)
        write_atomically(row.evidence.folder / "report.md", text)
        write_atomically(row.home / "badge.svg", badge_svg(row.verdict, lang))
        write_atomically(row.home / "badge.json", badge_json(row.verdict, lang))
    return write_site(reports, matrices, lang)
