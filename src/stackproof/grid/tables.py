"""The grid as tables ready to paste: Markdown and reStructuredText, the first axis as rows."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from stackproof.grid.forms import Cell, Grid
from stackproof.templates import markdown_templates
from stackproof.text import plain_value

__all__ = ["html_page", "mark", "markdown_page", "markdown_table", "rst_table", "summary"]


def mark(cell: Cell) -> str:
    """Return a cell's mark: `x` conflict, `?` unknown, `!` refuted by installing, else nothing."""
    return {"compatible": "", "conflict": "x", "unknown": "?", "refuted": "!"}[cell.standing]


def summary(grid: Grid) -> str:
    """Return the counts in one line."""
    counts = ", ".join(
        f"{grid.count(state)} {state}" for state in ("compatible", "conflict", "unknown")
    )
    as_of = f" as of {grid.as_of:%Y-%m-%d}" if grid.as_of else ""
    names = " × ".join(axis.name for axis in grid.axes)  # noqa: RUF001 - the sign for a grid
    proofs = ", ".join(f"{count} {outcome}" for outcome, count in sorted(grid.proofs.items()))
    installed = f"; installed: {proofs}" if proofs else ""
    return f"{names}, Python {grid.python}{as_of}: {counts}{installed}"


def markdown_table(grid: Grid) -> str:
    """Return a pipe table of Markdown."""
    header, *rows = _texts(grid)
    rule = ["---", *[":-:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows)) + "\n"


def rst_table(grid: Grid) -> str:
    """Return a grid table of reStructuredText."""
    rows = _texts(grid)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_rule(widths, "-")]
    for number, row in enumerate(rows):
        cells = (f" {text:<{width}} " for text, width in zip(row, widths, strict=True))
        lines += [f"|{'|'.join(cells)}|", _rule(widths, "=" if number == 0 else "-")]
    return "\n".join(lines) + "\n"


def markdown_page(grid: Grid) -> str:
    """Return a page with the table and the reason of every cell that is not compatible."""
    page = markdown_templates("stackproof.grid").get_template("grid.md")
    return page.render(grid=grid, table=markdown_table(grid), summary=summary(grid))


def html_page(grid: Grid) -> str:
    """Return a page in which each cell opens its reason; it needs no script and no other file."""
    rows = [
        (one, [grid.cell((one, other)) for other in grid.axes[1].versions])
        for one in grid.axes[0].versions
    ]
    return _pages().get_template("grid.html").render(grid=grid, rows=rows, summary=summary(grid))


def _texts(grid: Grid) -> list[list[str]]:
    first, second = grid.axes
    marks = {cell.versions: mark(cell) for cell in grid.cells}
    header = [f"{first.name} / {second.name}", *second.versions]
    return [
        header,
        *([one, *(marks[one, other] for other in second.versions)] for one in first.versions),
    ]


def _rule(widths: list[int], sign: str) -> str:
    return f"+{'+'.join(sign * (width + 2) for width in widths)}+"


@cache
def _pages() -> Environment:
    pages = Environment(
        finalize=plain_value,
        loader=PackageLoader("stackproof.grid"),
        autoescape=True,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    pages.filters.update(mark=mark)
    return pages
