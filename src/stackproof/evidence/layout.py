"""Where a repository keeps things, where the suite lies, and the limits of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from stackproof.base.json_text import fingerprint
from stackproof.evidence.own_files import held_by
from stackproof.evidence.reports import InReports

if TYPE_CHECKING:  # nox makes the sessions of each project that it lists; see `cli.offers`
    from stackproof.matrix.plan import Plan
    from stackproof.matrix.planned import Change

__all__ = ["WORKLOADS", "CommandFiles", "Project", "contents", "suite_folder"]

#: Where a repository's own workloads lie if nothing else is said.
WORKLOADS = "matrices/workloads"

_LONGEST = 120

#: What stands for each file that commands may hang on, by folder, and by its path in that.
CommandFiles = dict[Path, dict[str, str]]


def suite_folder() -> Path:
    """Return the suite that runs inside a built environment.

    A wheel has it as data of this package, a checkout at its top.
    """
    package = Path(__file__).parents[1]
    installed = package / "suite"
    return installed if installed.is_dir() else package.parents[1] / "tests" / "stack"


def contents(folder: Path) -> dict[str, str]:
    """Return the texts of the files of a folder, by their paths in it; byte code is passed over."""
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8", errors="backslashreplace")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.parent.name != "__pycache__"
    }


@dataclass(frozen=True, kw_only=True)
class Project:
    """Where a repository keeps things, and the limits of its runs: in seconds, and of processes.

    `workloads` are the folders of its own workloads, `suite` the suite with those that are shipped.
    `suite_workers` is None where the suite may take all that is useful on this machine. `notes` are
    what every run has to tell of the user's settings.
    """

    root: Path
    matrices: Path
    reports: Path
    workloads: tuple[Path, ...]
    environ: Mapping[str, str]
    suite: Path = field(default_factory=suite_folder)
    stage_limit: float = 1200
    suite_limit: float = 1800
    suite_workers: int | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def at(
        cls,
        root: Path,
        environ: Mapping[str, str],
        *,
        matrices: str | Path = "matrices",
        reports: str | Path = "reports",
        workloads: Sequence[str | Path] = (WORKLOADS,),
    ) -> Project:
        """Return the project at `root`, with its folders below that, or where they say."""
        return cls(
            root=root,
            matrices=root / matrices,
            reports=root / reports,
            workloads=tuple(root / folder for folder in workloads),
            environ=environ,
        )

    def shown(self, path: Path) -> Path:
        """Return a path as it is told: from the repository's folder, if it lies below that."""
        return path.relative_to(self.root) if path.is_relative_to(self.root) else path

    def home(self, plan: Plan) -> Path:
        """Return the folder that the runs of a plan leave their evidence in."""
        if plan.requested:
            return self.trial_home(plan.matrix, plan.row, plan.requested)
        return self.reports / plan.matrix / plan.row

    def trial_home(self, matrix: str, row: str, requested: Sequence[Change]) -> Path:
        """Return the folder of the trials that ask for these changes on a row."""
        changes = list(map(str, requested))
        asked = "+".join(changes).replace("==", "-")
        if len(asked) > _LONGEST:  # file systems take no name of any length
            asked = f"{asked[:_LONGEST]}-{fingerprint(changes)[:12]}"
        return self.reports / InReports.TRIALS / f"{matrix}-{row}-{asked}"

    @property
    def suite_fingerprint(self) -> str:
        """The sha256 of the suite's files and of own workloads, as 64 hexadecimal digits."""
        own = [contents(folder) for folder in self.workloads if folder.is_dir()]
        return fingerprint([contents(self.suite), *own] if own else contents(self.suite))

    def suite_of(self, plan: Plan, files: CommandFiles | None = None) -> str:
        """Return the sha256 of all that asks a plan's checks: the suite, and what commands run.

        `files` are those of its commands at another moment, or they are read now.
        """
        if not plan.asked_commands:
            return self.suite_fingerprint
        held = self.command_files(plan) if files is None else files
        folders = sorted(self.folders_of_commands(plan))
        return fingerprint([self.suite_fingerprint, *(held[folder] for folder in folders)])

    def command_files(self, plan: Plan) -> CommandFiles:
        """Return what the files hold that a plan's commands may hang on, by folder and path."""
        return {folder: held_by(folder, self.made) for folder in self.folders_of_commands(plan)}

    def folders_of_commands(self, plan: Plan) -> set[Path]:
        """Return the folders that a plan's commands run in, or install."""
        places = (
            (item.cwd, (item.editable or ".").partition("[")[0]) for item in plan.asked_commands
        )
        return {self.root / place for pair in places for place in pair}

    @property
    def made(self) -> tuple[Path, ...]:
        """The folders of evidence, on which no answer hangs."""
        return (self.reports, self.published)

    @property
    def published(self) -> Path:
        """Where the sets that have a name lie."""
        return self.root / "published"

    @property
    def snapshots(self) -> Path:
        """The repository's own constraint files."""
        return self.matrices / "constraints"
