"""The one way in which our Markdown is made from templates."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

__all__ = ["markdown_templates"]


def markdown_templates(package: str) -> Environment:
    """Return the templates of a package, with the filter `cell` for what others wrote."""
    templates = Environment(
        loader=PackageLoader(package),
        # The output is Markdown: `cell` keeps what installers and indexes say from breaking tables.
        autoescape=False,  # noqa: S701
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    templates.filters.update(cell=_cell)
    return templates


def _cell(text: str) -> str:
    """Return text fit for a cell of a table: one line, no bar, no tag."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
