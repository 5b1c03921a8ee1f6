"""What people read of published sets: what changed, and which sets there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from jinja2 import Environment

from stackproof.base.templates import html_templates, markdown_templates
from stackproof.base.times import timestamp
from stackproof.report.publish.record import PublishedSet

__all__ = ["changelog", "row_page", "rows_page"]


def changelog(published: PublishedSet) -> str:
    """Return what is different in a set since the one before, as Markdown."""
    template = markdown_templates("stackproof.report").get_template("publish/changelog.md")
    return template.render(published=published, changes=published.changes)


def row_page(sets: Sequence[PublishedSet]) -> str:
    """Return the page that lists the sets of a row, the newest first; there must be one."""
    return _pages().get_template("publish/row.html").render(sets=sets)


def rows_page(rows: Mapping[str, PublishedSet]) -> str:
    """Return the page that lists rows, by their folder, with the newest set of each."""
    return _pages().get_template("publish/rows.html").render(rows=rows)


@cache
def _pages() -> Environment:
    templates = html_templates("stackproof.report")
    templates.filters.update(timestamp=timestamp)
    return templates
