"""Live progress of a run: one moving line on a terminal, plain lines anywhere else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.status import Status

__all__ = ["Progress"]


@dataclass(eq=False)
class _Part:
    text: str
    detail: Callable[[], str]
    begin: float = field(default_factory=time.monotonic)
    thread: int = field(default_factory=threading.get_ident)


class Progress:
    """Says what a run is doing now, and how long each part of it took.

    `known` is what a search of many parts has found by now, for the moving line; `outer` shows the
    part of it that this one carries out. Several threads may have a part each. Once `stop` is set
    they are to end: whatever they do tells of its progress, and there KeyboardInterrupt is raised
    in each of them but the main thread, which a signal reaches by itself.
    """

    def __init__(
        self,
        console: Console,
        outer: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.known: Callable[[], str] = str
        self._outer = outer
        self._stop = stop
        self._console = console
        self._parts: list[_Part] = []
        self._status: Status | None = None
        self._lock = threading.RLock()

    def tick(self) -> None:
        """Bring the moving line up to date; raise KeyboardInterrupt if this thread is to end."""
        self._heed()
        with self._lock:
            if self._status is not None and self._parts:
                self._status.update(self._line())
        if self._outer is not None:
            self._outer.tick()

    def say(self, text: str) -> None:
        """Print a line of its own."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def part(self, text: str, detail: Callable[[], str] = str) -> Iterator[None]:
        """Show a part of the run while it goes; `detail` adds to the moving line."""
        self._heed()
        part = _Part(text, detail)
        outcome = "stopped"
        self._begin(part)
        try:
            yield
            outcome = "done"
        finally:
            self._end(part)
            seconds = time.monotonic() - part.begin
            line = f"{text:<44} {seconds:6.1f} s{'' if outcome == 'done' else '  stopped'}"
            self.say(line)

    def _heed(self) -> None:
        stopped = self._stop is not None and self._stop.is_set()
        if stopped and threading.current_thread() is not threading.main_thread():
            raise KeyboardInterrupt

    def _begin(self, part: _Part) -> None:
        with self._lock:
            self._parts.append(part)
            if self._console.is_terminal and self._status is None:
                self._status = self._console.status(escape(part.text))
                self._status.start()

    def _end(self, part: _Part) -> None:
        with self._lock:
            self._parts.remove(part)
            if self._status is not None and not self._parts:
                self._status.stop()
                self._status = None

    def _line(self) -> str:
        """Return the moving line, of the part that began last."""
        part = self._parts[-1]
        others = len({other.thread for other in self._parts}) - 1
        beside = f" and {others} beside it" if others else ""
        seconds = f"{time.monotonic() - part.begin:.0f} s"
        more = f"{part.detail()}{escape(self.known())}{beside}"
        return f"{escape(part.text)} [dim]{seconds} {more}[/dim]"
