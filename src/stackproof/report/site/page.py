"""Make the page: gather what evidence and history say, and fill the templates with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

from jinja2 import Environment

from stackproof.base.records import write_atomically
from stackproof.base.templates import html_templates
from stackproof.base.times import timestamp
from stackproof.base.versions import requirement
from stackproof.evidence.history.entry import HistoryEntry
from stackproof.evidence.history.file import read_history
from stackproof.evidence.reports import InMatrix, InReports
from stackproof.metadata.audit.record import Audit
from stackproof.metadata.grid.record import Grid
from stackproof.reasons.words import each_said, said
from stackproof.report.audit import Merged, merge
from stackproof.report.costs import cost_in_words
from stackproof.report.diagnose import steps
from stackproof.report.frontier import is_beyond
from stackproof.report.platforms import Platforms, platforms
from stackproof.report.site.compatibility import PairGrid, pair_grids
from stackproof.report.site.excerpt import Allowance
from stackproof.report.site.links import Links
from stackproof.report.site.reports_reader import ReportsReader
from stackproof.report.site.rows import RowViews
from stackproof.report.site.swimlanes import WIDTH as LANE_WIDTH
from stackproof.report.site.trend import HEIGHT as TREND_HEIGHT
from stackproof.report.site.trend import WIDTH as TREND_WIDTH
from stackproof.report.site.trials import trial_view
from stackproof.report.texts import Language, Texts, texts
from stackproof.report.wording import (
    again_in_words,
    among,
    because,
    brief,
    classified,
    found,
    pin_notes,
    suspect_in_words,
)

__all__ = ["write_site"]

#: Characters of logs that the page quotes in all, so that it opens fast with everything broken.
_QUOTED = 120_000
#: Reasons of a grid's cells that the page lists; the grid's own files have them all.
_MOST_REASONS = 200
#: From here on the tenths of a number say nothing.
_MANY = 1000


def write_site(reader: ReportsReader, lang: Language = "en") -> Path:
    """Write `index.html` from the evidence and history in a reports folder; return its path."""
    page = reader.reports / InReports.INDEX
    gathered = _gather(reader, lang)
    html = _templates().get_template("site/page.html").render(t=texts(lang), **gathered)
    write_atomically(page, html)
    return page


def _gather(reader: ReportsReader, lang: Language) -> dict[str, object]:
    """Return all that the templates show, by the names that they know it by."""
    audits, allowance, links = reader.audits(), Allowance(_QUOTED), Links(reader.reports)
    entries = _by_row(read_history(reader.reports / InReports.HISTORY))
    viewer = RowViews(reader=reader, history=entries, allowance=allowance, lang=lang)
    kept, missing = reader.rows()
    grid = reader.grid()
    return {
        "rows": [viewer.view(row) for row in kept],
        "missing": missing,
        "newest": max((row.verdict.started for row in kept), default=None),
        "unjudged": sum(bool(row.verdict.trouble or row.verdict.untold) for row in kept),
        "unsteady": sum(len(row.verdict.in_state("unsteady")) for row in kept),
        "news": sum(
            len(row.verdict.unexpected)
            for row in kept
            if not row.verdict.trouble and row.verdict.prereleases is None
        ),
        "audits": [_audit_view(name, audit, links) for name, audit in audits.items()],
        "trials": [trial_view(trial, allowance, links, lang) for trial in reader.trials()],
        "diagnoses": reader.diagnoses(),
        "grid": grid,
        "grid_table": _grid_table(grid),
        "grid_files": _files(links, InReports.GRID_TABLE, InReports.GRID_PAGE, InReports.GRID),
        "most_reasons": _MOST_REASONS,
        "lane_width": LANE_WIDTH,
        "trend_width": TREND_WIDTH,
        "trend_height": TREND_HEIGHT,
        "unread": reader.unread,
    }


def _by_row(entries: Iterable[HistoryEntry]) -> dict[str, list[HistoryEntry]]:
    """Return the history of each row in the order that it has."""
    rows: dict[str, list[HistoryEntry]] = defaultdict(list)
    for entry in entries:
        rows[entry.name].append(entry)
    return rows


@dataclass(frozen=True, kw_only=True)
class AuditView:
    """What audits last found of a matrix; `kept` are rows by when an earlier one judged them."""

    matrix: str
    audit: Audit
    files: dict[str, str]
    findings: dict[str, list[Merged]]
    kept: dict[datetime, list[str]]

    def pair_grids(self, lang: Language) -> list[PairGrid]:
        """Return the grids of pairs, with reasons in a language."""
        return pair_grids(self.audit, lang)

    def platforms(self, t: Texts) -> Platforms:
        """Return what comes of the rows on other platforms, in a language."""
        return platforms(self.audit, t)


def _audit_view(matrix: str, audit: Audit, links: Links) -> AuditView:
    own = [f"{matrix}/{name}" for name in (InMatrix.AUDIT_PAGE, InMatrix.AUDIT)]
    kept: dict[datetime, list[str]] = defaultdict(list)
    for row, when in audit.kept.items():
        kept[when].append(row)
    return AuditView(
        matrix=matrix,
        audit=audit,
        files=_files(links, *own) or _files(links, InReports.AUDIT_PAGE, InReports.AUDIT),
        findings=_by_level(audit),
        kept=kept,
    )


def _by_level(audit: Audit) -> dict[str, list[Merged]]:
    levels: dict[str, list[Merged]] = {level: [] for level in ("error", "known", "warning", "note")}
    for item in merge(audit.findings):
        levels[item.level].append(item)
    return levels


def _files(links: Links, *names: str) -> dict[str, str]:
    addresses = {name: links.to(links.home / name) for name in names}
    return {name: address for name, address in addresses.items() if address}


def _grid_table(grid: Grid | None) -> list[tuple[str, list[str]]]:
    """Return how a grid's cells stand, by line; a cell that is not there is not known."""
    if grid is None:
        return []
    states = {cell.versions: cell.standing for cell in grid.cells}
    lines, columns = grid.axes
    return [
        (line, [states.get((line, column), "unknown") for column in columns.versions])
        for line in lines.versions
    ]


def _minute(value: datetime | str) -> str:
    """Return a time, or the timestamp of one, for people."""
    text = value if isinstance(value, str) else _utc(value)
    return f"{text[:16].replace('T', ' ')} UTC"


def _utc(value: datetime | str) -> str:
    return value if isinstance(value, str) else timestamp(value.astimezone(timezone.utc))


def _short(value: float) -> str:
    return f"{round(value, 1):g}" if value < _MANY else f"{value:.0f}"


@cache
def _templates() -> Environment:
    templates = html_templates("stackproof.report")
    templates.filters.update(
        again_in_words=again_in_words,
        among=among,
        because=because,
        brief=brief,
        classified=classified,
        cost_in_words=cost_in_words,
        found=found,
        minute=_minute,
        pin_notes=pin_notes,
        requirement=requirement,
        each_said=each_said,
        said=said,
        short=_short,
        steps=steps,
        suspect_in_words=suspect_in_words,
        timestamp=_utc,
    )
    templates.tests["beyond"] = is_beyond
    return templates
