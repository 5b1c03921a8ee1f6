"""Tables and lines, the one way in which every analysis prints and writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stackproof.base.templates import cell

__all__ = ["pipe_table", "print_last", "print_lines", "terminal_table"]

Justify: TypeAlias = Literal["left", "center"]

#: How a last line looks, by the exit code that it stands for.
_STYLES = {0: "bold green", 1: "bold red", 2: "bold yellow"}


def pipe_table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, centred: bool = False
) -> str:
    """Return a pipe table of Markdown; all columns but the first may be `centred`.

    https://github.github.com/gfm/#tables-extension-
    """
    rule = ["---", *[":-:" if centred else "---"] * (len(header) - 1)]
    escaped = (map(cell, row) for row in (header, *rows))
    first, *others = [f"| {' | '.join(row)} |\n" for row in escaped]
    return "".join([first, f"| {' | '.join(rule)} |\n", *others])


def terminal_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    centred: bool = False,
) -> Table:
    """Return a table for a terminal; what its cells say is text, never markup.

    A `Text` brings its style along. All columns but the first may be `centred`.
    """
    table = Table(title=Text(title), title_justify="left")
    for number, column in enumerate(columns):
        justify: Justify = "center" if centred and number else "left"
        table.add_column(Text(column), overflow="fold", justify=justify)
    for row in rows:
        table.add_row(*(Text(item) if isinstance(item, str) else item for item in row))
    return table


def print_lines(console: Console, lines: Iterable[str], style: str = "") -> None:
    """Print lines as they are, each on one line of whatever reads them."""
    for line in lines:
        console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)


def print_last(console: Console, line: str, exit_code: int) -> None:
    """Print the line that says how it came out, in the colour of its exit code."""
    print_lines(console, [line], _STYLES[exit_code])
