"""The grid as tables ready to paste: Markdown and reStructuredText, the first axis as rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stackproof.base.templates import html_templates, markdown_templates
from stackproof.metadata.grid.record import Cell, Grid
from stackproof.report.tables import pipe_table, print_last, print_lines, terminal_table

__all__ = [
    "html_page",
    "mark",
    "markdown_page",
    "markdown_table",
    "print_grid",
    "rst_table",
    "summary",
]


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
    on = f" on {grid.platform}" if grid.platform else ""
    return f"{names}, Python {grid.python}{on}{as_of}: {counts}{installed}"


def markdown_table(grid: Grid) -> str:
    """Return a pipe table of Markdown."""
    header, *rows = _texts(grid)
    return pipe_table(header, rows, centred=True)


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
    page = markdown_templates("stackproof.report").get_template("grid.md")
    return page.render(grid=grid, table=markdown_table(grid), summary=summary(grid))


def html_page(grid: Grid) -> str:
    """Return a page in which each cell opens its reason; it needs no script and no other file."""
    first, second = grid.axes
    cells = grid.by_versions()
    rows = [(one, [cells[one, other] for other in second.versions]) for one in first.versions]
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
    pages = html_templates("stackproof.report")
    pages.filters.update(mark=mark)
    return pages


def print_grid(grid: Grid, report: Path, console: Console) -> None:
    """Print a grid; its last line is the summary."""
    if console.is_terminal:
        console.print(_table(grid))
    else:
        print_lines(console, [rst_table(grid)])
    print_lines(console, (*_reasons(grid), *_about(grid)))
    last = f"{summary(grid)} in {grid.seconds:.1f} s; report: {report}"
    print_last(console, last, grid.exit_code)


def _table(grid: Grid) -> Table:
    first, second = grid.axes
    cells = grid.by_versions()
    rows: list[list[str | Text]] = [
        [one, *(_coloured(cells[one, other]) for other in second.versions)]
        for one in first.versions
    ]
    return terminal_table(summary(grid), (first.name, *second.versions), rows, centred=True)


def _coloured(cell: Cell) -> Text:
    return Text(mark(cell), "yellow" if cell.state == "unknown" else "red")


def _reasons(grid: Grid) -> Iterator[str]:
    """Yield a line for each cell that does not go together, those of one reason in one."""
    by_reason: dict[tuple[str, str], list[str]] = defaultdict(list)
    for cell in grid.cells:
        if cell.state != "compatible":
            by_reason[mark(cell), cell.reason].append("/".join(cell.versions))
    for (sign, reason), cells in by_reason.items():
        yield f"{sign} {', '.join(cells)}: {reason}"


def _about(grid: Grid) -> Iterator[str]:
    """Yield what a reader must know of how the grid was made, and what it contradicts."""
    for cell in grid.cells:
        if cell.proof is not None and cell.proof.outcome != "passed":
            proof = cell.proof
            yield f"! {'/'.join(cell.versions)} {proof.outcome} when installed: {proof.message}"
    if grid.against is not None:
        yield f"{grid.compared} cells are in {grid.against} too; {len(grid.differences)} differ"
    for item in grid.differences:
        yield (
            f"differs: {'/'.join(item.versions)} is published as {item.published}, "
            f"found {item.found}: {item.reason}"
        )
    yield from (f"note: {note}" for note in grid.notes)
    sampling = grid.sampling
    yield (
        f"{sampling.unresolved} cells were judged without resolving them; {sampling.checked} of "
        f"these were resolved all the same, {len(sampling.disagreed)} disagreed"
    )
