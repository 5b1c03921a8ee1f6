"""What a grid prints: the table, each different reason once with its cells, and one last line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stackproof.grid.forms import Cell, Grid
from stackproof.grid.tables import mark, rst_table, summary

__all__ = ["print_grid"]

_STYLE = {0: "bold green", 1: "bold red", 2: "bold yellow"}


def print_grid(grid: Grid, report: Path, console: Console) -> None:
    """Print a grid; its last line is the summary."""
    if console.is_terminal:
        console.print(_table(grid))
    else:
        console.print(rst_table(grid), markup=False, highlight=False, soft_wrap=True)
    for line in (*_reasons(grid), *_about(grid)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    last = f"{summary(grid)} in {grid.seconds:.1f} s; report: {report}"
    console.print(escape(last), style=_STYLE[grid.exit_code], highlight=False, soft_wrap=True)


def _table(grid: Grid) -> Table:
    first, second = grid.axes
    table = Table(title=summary(grid), title_justify="left")
    table.add_column(first.name)
    for version in second.versions:
        table.add_column(version, justify="center")
    for one in first.versions:
        cells = (grid.cell((one, other)) for other in second.versions)
        table.add_row(one, *map(_coloured, cells))
    return table


def _coloured(cell: Cell) -> str:
    colour = "yellow" if cell.state == "unknown" else "red"
    return f"[{colour}]{mark(cell)}[/{colour}]"


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
