"""The audit as a section of Markdown, for a report or a pull request."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment

from stackproof.audit.findings import Audit
from stackproof.audit.terminal import age
from stackproof.audit.wording import behind, constrained, headline, joint_line, merge, symbol
from stackproof.templates import markdown_templates

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
    templates = markdown_templates("stackproof.audit")
    templates.filters.update(
        age=age,
        behind=behind,
        constrained=constrained,
        joint_line=joint_line,
        symbol=symbol,
    )
    return templates
