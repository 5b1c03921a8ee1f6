"""The one way in which our Markdown and our pages are made from templates."""

from __future__ import annotations

import re

from jinja2 import Environment, PackageLoader, StrictUndefined

from stackproof.base.text import plain_value

__all__ = ["cell", "html_templates", "markdown_templates", "tamed"]

#: What begins a tag or a comment, but for tags that only set type and have no attributes.
_TAG = re.compile(r"<(?!/?(?:br|b|strong|i|em|code|sub|sup|kbd|small) ?/?>|https?:)(?=[A-Za-z/!?])")
#: What begins a link to an address that is neither of the web nor one within the project.
_LINK = re.compile(r"\]\((?=\s*<?\s*(?!https?:|mailto:)[A-Za-z][A-Za-z0-9+.-]*:)")


def markdown_templates(package: str) -> Environment:
    """Return the templates of a package, with filters for what others wrote.

    `cell` makes it fit for a table or a sentence, `fenced` a block in which nothing is markup;
    `tamed` leaves markup in a line, but for what acts.
    """
    templates = Environment(
        loader=PackageLoader(package),
        # The output is Markdown: `cell` keeps what installers and indexes say from breaking tables.
        autoescape=False,  # noqa: S701
        finalize=plain_value,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    templates.filters.update(cell=cell, fenced=_fenced, tamed=tamed)
    return templates


def html_templates(package: str) -> Environment:
    """Return the templates of a package for pages: what others wrote is escaped and made plain."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        finalize=plain_value,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )


def cell(text: str) -> str:
    """Return text fit for a cell of a table: one line, no bar, no tag, no link or picture."""
    line = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
    return line.replace("](", "]\\(")


def tamed(line: str) -> str:
    """Return a line of a document that others wrote: its markup stays, but for what could act."""
    return _LINK.sub("]\\\\(", _TAG.sub("&lt;", line))


def _fenced(text: str, language: str = "text") -> str:
    """Return a block of a language whose fence is longer than any in the text."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    whole = text.removesuffix("\n")
    return f"{fence}{language}\n{whole}\n{fence}"
