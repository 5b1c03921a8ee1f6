"""The audit as a section of Markdown, for a report or a pull request."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from stackproof.audit.findings import Audit
from stackproof.audit.terminal import age
from stackproof.audit.wording import behind, constrained, headline, joint_line, merge, symbol

__all__ = ["section"]

#: A table with more columns than this cannot be read; the cells stand in `audit.json` all the same.
_WIDEST = 30


def section(audit: Audit) -> str:
    """Return the section, with a heading of the second level."""
    return (
        _templates()
        .get_template("audit.md")
        .render(
            audit=audit, headline=headline(audit), findings=merge(audit.findings), widest=_WIDEST
        )
    )


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("stackproof.audit"),
        # The output is Markdown: `cell` keeps what indexes and matrices say from breaking tables.
        autoescape=False,  # noqa: S701
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    templates.filters.update(
        age=age,
        behind=behind,
        cell=_cell,
        constrained=constrained,
        joint_line=joint_line,
        symbol=symbol,
    )
    return templates


def _cell(text: str) -> str:
    """Return text fit for a cell of a table: one line, no bar, no tag."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
