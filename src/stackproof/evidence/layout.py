"""Where a checkout keeps things, and the limits of its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stackproof.base.records import fingerprint
from stackproof.evidence.reports import InReports
from stackproof.matrix.plan import Plan

__all__ = ["Project"]

_LONGEST = 120


@dataclass(frozen=True, kw_only=True)
class Project:
    """Where a checkout keeps things, and the limits of its runs: in seconds, and of processes.

    `suite_workers` is None where the suite may take all that is useful on this machine. `notes` are
    what every run has to tell of the user's settings.
    """

    root: Path
    environ: Mapping[str, str]
    stage_limit: float = 1200
    suite_limit: float = 1800
    suite_workers: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def reports(self) -> Path:
        """The folder that evidence goes to."""
        return self.root / "reports"

    def home(self, plan: Plan) -> Path:
        """Return the folder that the runs of a plan leave their evidence in."""
        if plan.requested:
            return self.trial_home(plan.matrix, plan.row, plan.requested)
        return self.reports / plan.matrix / plan.row

    def trial_home(self, matrix: str, row: str, requested: Sequence[str]) -> Path:
        """Return the folder of the trials that ask for these requirements on a row."""
        asked = "+".join(requested).replace("==", "-")
        if len(asked) > _LONGEST:  # file systems take no name of any length
            asked = f"{asked[:_LONGEST]}-{fingerprint(list(requested))[:12]}"
        return self.reports / InReports.TRIALS / f"{matrix}-{row}-{asked}"

    @property
    def suite_fingerprint(self) -> str:
        """The sha256 of the suite's files, as 64 hexadecimal digits."""
        files = sorted(path for path in self.suite.rglob("*") if path.suffix in (".py", ".ini"))
        texts = (path.read_text(encoding="utf-8", errors="backslashreplace") for path in files)
        names = (str(path.relative_to(self.suite)) for path in files)
        return fingerprint(dict(zip(names, texts, strict=True)))

    @property
    def snapshots(self) -> Path:
        """The repository's own constraint files."""
        return self.root / "matrices" / "constraints"

    @property
    def suite(self) -> Path:
        """The suite that runs inside a built environment."""
        return self.root / "tests" / "stack"
