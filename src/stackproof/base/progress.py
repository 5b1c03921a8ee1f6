"""Live progress of a run: one moving line on a terminal, plain lines anywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

__all__ = ["Progress"]


class Progress:
    """Says what a run is doing now, and how long each part of it took.

    `known` is what a search of many parts has found by now, for the moving line; `outer` shows the
    part of it that this one carries out.
    """

    def __init__(self, console: Console, outer: Progress | None = None) -> None:
        self.known: Callable[[], str] = str
        self._outer = outer
        self._console = console
        self._update: Callable[[], None] = lambda: None

    def tick(self) -> None:
        """Bring the moving line up to date."""
        self._update()
        if self._outer is not None:
            self._outer.tick()

    def say(self, text: str) -> None:
        """Print a line of its own."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def part(self, text: str, detail: Callable[[], str] = str) -> Iterator[None]:
        """Show a part of the run while it goes; `detail` adds to the moving line."""
        begin = time.monotonic()
        outcome = "stopped"
        try:
            if self._console.is_terminal:
                with self._console.status(escape(text)) as status:
                    self._update = lambda: status.update(
                        f"{escape(text)} [dim]{time.monotonic() - begin:.0f} s {detail()}"
                        f"{escape(self.known())}[/dim]"
                    )
                    yield
            else:
                yield
            outcome = "done"
        finally:
            self._update = lambda: None
            seconds = time.monotonic() - begin
            line = f"{text:<44} {seconds:6.1f} s{'' if outcome == 'done' else '  stopped'}"
            self.say(line)
