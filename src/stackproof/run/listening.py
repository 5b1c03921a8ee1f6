"""Hear what a suite answers while it runs, and tell when that is enough."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from stackproof.evidence.records import CheckResult
from stackproof.evidence.reports import InRun
from stackproof.run.course import Course

__all__ = ["Listener"]


@dataclass(kw_only=True)
class Listener:
    """Hears the answers of a suite.

    Each is `heard` as soon as it is there, with the seconds that the run took until then. The first
    that `settles` what is asked is `enough`.
    """

    course: Course
    heard: Callable[[CheckResult, float], None]
    settles: Callable[[CheckResult], bool]
    _known: set[str] = field(default_factory=set, init=False, repr=False)
    _read: int = field(default=0, init=False, repr=False)
    _settled_at: int = field(default=0, init=False, repr=False)

    def enough(self) -> bool:
        """Hear what was answered since the last time; tell whether that settles what is asked."""
        log = self.course.evidence.folder / InRun.CHECKS
        size = log.stat().st_size if log.exists() else self._read
        if size == self._read:
            return False
        answers = [one for one in self.course.evidence.suite.checks if one.id not in self._known]
        # Not its size by now: what was written while it was read may be the last for long.
        self._read = size
        self._known.update(answer.id for answer in answers)
        for answer in answers:
            self.heard(answer, time.monotonic() - self.course.begin)
        settling = next(filter(self.settles, answers), None)
        self.course.settled_by = settling.id if settling else None
        self._settled_at = log.stat().st_size
        return settling is not None

    def forget_later(self) -> None:
        """Take out of the log what the suite wrote while it was being stopped."""
        os.truncate(self.course.evidence.folder / InRun.CHECKS, self._settled_at)
