"""One run as it goes: what it is about, what it does just now, and what is known of it so far."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from stackproof.base.machine import machine_class
from stackproof.base.progress import Progress
from stackproof.base.temporary import temporary_folder
from stackproof.base.text import first_of
from stackproof.evidence.answers import answer_files
from stackproof.evidence.folder import Evidence
from stackproof.evidence.layout import CommandFiles, Project
from stackproof.evidence.records import ConstraintsUsed, RunRecord
from stackproof.matrix.plan import Plan

__all__ = ["Course"]


@dataclass(kw_only=True)
class Course:
    """A run of `plan` whose `evidence` is being written.

    `surroundings` are the user's variables, `project` has those that commands of the run get. What
    is temporary goes at the `end`.
    """

    plan: Plan
    project: Project
    surroundings: Mapping[str, str]
    progress: Progress
    evidence: Evidence
    end: ExitStack
    started: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    begin: float = field(default_factory=time.monotonic)
    others_seconds: float = 0.0
    doing: str = "preparation"
    python: str = ""
    installer_version: str = ""
    index: str | None = None
    further: tuple[str, ...] | None = None
    constraints: list[ConstraintsUsed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    suite_exit: int | None = None
    settled_by: str | None = None
    _files: CommandFiles = field(init=False)

    def __post_init__(self) -> None:
        """Take down what commands will run: what is edited meanwhile is for the next run."""
        self._files = self.project.command_files(self.plan)

    @contextmanager
    def part(self, text: str) -> Iterator[None]:
        """Show and time a part of the run that others do: an installer, an index, the suite."""
        self.doing = text
        begin = time.monotonic()
        try:
            with self.progress.part(f"{self.plan.label}: {text}"):
                yield
        finally:
            self.others_seconds += time.monotonic() - begin

    def temporary(self) -> Path:
        """Make a folder that goes at the end of the run; raise OSError if it cannot be made."""
        return self.end.enter_context(temporary_folder("run"))

    def note_changed_files(self) -> None:
        """Say which files that commands may hang on are not those that the run began with."""
        now = self.project.command_files(self.plan)
        changed = {
            str(self.project.shown(folder / name))
            for folder, files in now.items()
            for name in files.keys() | self._files[folder].keys()
            if files.get(name) != self._files[folder].get(name)
        }
        if changed:
            self.notes.append(
                f"during the run {first_of(sorted(changed))} changed, where commands may read it: "
                "what was answered here is asked again next time; have commands write elsewhere"
            )

    def record(self, *, built: bool, trouble: str | None) -> RunRecord:
        """Return the circumstances of the run, for its evidence."""
        seconds = time.monotonic() - self.begin
        return RunRecord(
            started=self.started,
            seconds=round(seconds, 3),
            own_seconds=round(seconds - self.others_seconds, 3),
            python=self.python or self.plan.python,
            installer=self.plan.installer,
            installer_version=self.installer_version or self.plan.installer,
            index=self.index,
            further=self.further,
            machine=machine_class(),
            constraints=tuple(self.constraints),
            notes=(*self.plan.notes, *self.project.notes, *self.notes),
            suite=self.project.suite_of(self.plan, self._files),
            suite_exit=self.suite_exit,
            settled_by=self.settled_by if trouble is None else None,
            built=built,
            left=answer_files(self.evidence),
            trouble=trouble,
        )
