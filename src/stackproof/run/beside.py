"""Look at the links of what is installed while the suite runs, in a process of its own.

It takes the cores that the suite leaves, and may be given up: what it has judged
by then is remembered, and the next run goes on from there.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from stackproof.base.invocation import typed
from stackproof.base.process import run
from stackproof.errors import CannotJudgeError
from stackproof.evidence.reports import InRun
from stackproof.installers.environment import Environment, distributions
from stackproof.run.course import Course

__all__ = ["LinksBeside", "LookCommand"]

#: The command that looks at the links of a run, by the folder of its evidence and the one with the
#: most of the installed distributions, and writes `links.json` to the first.
LookCommand = Callable[[Path, Path], Sequence[str]]

_LIMIT_SECONDS = 1800
#: How long a run waits for links at its end: so much of its time, or so many seconds. It may take
#: 5 % longer for their sake, and they also take room in caches and on the disk before.
_SHARE = 0.03
_LEAST_SECONDS = 2.0
_GRACE_SECONDS = 0.2
_TICK_SECONDS = 0.05


class _StoppedError(Exception):
    """The look is not waited for any longer."""


@dataclass
class LinksBeside:
    """A look that goes on while a context lasts, in which `wait` is called last."""

    course: Course
    environment: Environment
    command: LookCommand
    _stop: threading.Event = field(default_factory=threading.Event)
    _why: str = ""

    def __enter__(self) -> Self:
        """Begin to look."""
        self._log = self.course.temporary() / "links.log"
        self._thread = threading.Thread(target=self._look, name="links")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join()

    def wait(self) -> None:
        """Wait for the end of the look, but not long where links are only told.

        Raises CannotJudgeError if they are checks, and it did not come to its end.
        """
        course = self.course
        passed = time.monotonic() - course.begin
        patience = max(_LEAST_SECONDS, _SHARE * passed)
        strict = course.plan.asks_links
        until = math.inf if strict else time.monotonic() + patience
        with course.part("links"):
            while self._thread.is_alive() and time.monotonic() < until:
                self._thread.join(_TICK_SECONDS)
                course.progress.tick()
        self._stop.set()
        self._thread.join()
        if (course.evidence.folder / InRun.LINKS).exists():
            return
        if strict:
            raise CannotJudgeError(f"links could not be looked at: {self._why}")
        course.notes.append(f"links were not looked at: {self._why}")

    def _look(self) -> None:
        course = self.course
        # What lies elsewhere, such as a project that is installed in place, is not read.
        library = max(
            self.environment.libraries, key=lambda folder: sum(1 for _ in distributions(folder))
        )
        try:
            ended = run(
                self.command(course.evidence.folder, library),
                log=self._log,
                limit=_LIMIT_SECONDS,
                grace=_GRACE_SECONDS,
                env=course.project.environ,
                tick=self._tick,
            )
        except _StoppedError:
            row = f"{course.plan.matrix}/{course.plan.row}"
            self._why = f"it would have taken longer than the run; `{typed('links', row)}`"
            return
        except OSError as error:
            self._why = str(error)
            return
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        self._why = said[-1] if said else ended.describe()

    def _tick(self) -> None:
        if self._stop.is_set():
            raise _StoppedError
