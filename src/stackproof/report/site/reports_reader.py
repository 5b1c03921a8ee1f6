"""What lies in a reports folder: the newest run of each row, and what other sessions left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from stackproof.base.records import UNREADABLE, Record
from stackproof.errors import MatrixError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import RunRecord, StageRecord
from stackproof.evidence.reports import InMatrix, InReports, InRow, InRun
from stackproof.evidence.verdict import Verdict, judge
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.experiments.diagnose.record import Diagnosis
from stackproof.experiments.frontier.record import Frontier
from stackproof.experiments.repair.record import Repair
from stackproof.experiments.timeline.record import Timeline
from stackproof.matrix.files import find_matrices
from stackproof.matrix.load import load_matrix
from stackproof.matrix.model import Matrix
from stackproof.matrix.plan import Plan
from stackproof.metadata.audit.kept import matrices_of, of_matrix
from stackproof.metadata.audit.record import Audit
from stackproof.metadata.grid.record import Grid
from stackproof.report.diagnose import is_of

__all__ = ["KeptRow", "KeptServer", "KeptTrial", "ReportsReader"]

Form = TypeVar("Form", bound=Record)

#: Trials that the page tells of; a long search leaves hundreds.
_MOST_TRIALS = 60


class KeptServer(Record):
    """A server that workloads could talk to: how strong evidence it gives, and what it was."""

    grade: str
    product: str | None = None


_SERVERS = TypeAdapter(dict[str, KeptServer])


@dataclass(frozen=True, kw_only=True)
class KeptRow:
    """The newest run of a row that can be read, judged again."""

    evidence: Evidence
    plan: Plan
    run: RunRecord
    stages: tuple[StageRecord, ...]
    verdict: Verdict
    servers: dict[str, KeptServer]
    distributions: int

    @property
    def name(self) -> str:
        """`<matrix>/<row>`."""
        return f"{self.plan.matrix}/{self.plan.row}"

    @property
    def home(self) -> Path:
        """The folder of all the row's runs."""
        return self.evidence.folder.parent


@dataclass(frozen=True, kw_only=True)
class KeptTrial:
    """The newest run of a trial, as it was judged."""

    folder: Path
    verdict: TrialVerdict


@dataclass(kw_only=True)
class ReportsReader:
    """A reports folder and the matrices that it is about, whose order rows and pins have.

    Rows are judged, and audits are read, once for all who ask.

    `unread` collects, as (what, why), the files that are there and cannot be read.
    """

    reports: Path
    matrices: Path
    unread: list[tuple[str, str]] = field(default_factory=list)

    def rows(self) -> tuple[list[KeptRow], list[str]]:
        """Return the rows that have run, and the names of those that have not.

        Rows stand in the order of their matrices; those that no matrix has any more come last.
        """
        return self._rows

    def pin_order(self, matrix: str) -> Sequence[str]:
        """Return the pins of a matrix in the document's order; nothing if it cannot be read."""
        found = self._readable_matrices.get(matrix)
        return [pin.name for pin in found.pins] if found else []

    def trials(self) -> list[KeptTrial]:
        """Return the newest run of each trial, the latest first."""
        newest = (
            next(Evidence.runs(home), None) for home in self.reports.glob(f"{InReports.TRIALS}/*/")
        )
        folders = sorted(
            (run.folder for run in newest if run), key=lambda item: item.name, reverse=True
        )
        trials: list[KeptTrial] = []
        for folder in folders[:_MOST_TRIALS]:
            verdict = self._read(folder / InRun.VERDICT, TrialVerdict)
            if verdict is not None:
                trials.append(KeptTrial(folder=folder, verdict=verdict))
        return trials

    def audits(self) -> dict[str, Audit]:
        """Return what audits last found of each matrix, by its name."""
        return self._audits

    def audit(self, matrix: str) -> Audit | None:
        """Return what audits last found of one matrix."""
        return self._audits.get(matrix)

    def grid(self) -> Grid | None:
        """Return which versions of packages go together."""
        return self._read(self.reports / InReports.GRID, Grid)

    def diagnosis(self, row: KeptRow) -> Diagnosis | None:
        """Return what broke a row, if that was asked since the newest run."""
        found = self._read(row.home / InRow.DIAGNOSIS, Diagnosis)
        return found if found and is_of(found, row.verdict) else None

    def diagnoses(self) -> list[Diagnosis]:
        """Return the diagnoses of what has no run: of files, and of rows that are yet to run."""
        kept = {row.home for row in self.rows()[0]}
        files = sorted(self.reports.glob(f"*/*/{InRow.DIAGNOSIS}"))
        found = (self._read(file, Diagnosis) for file in files if file.parent not in kept)
        return [diagnosis for diagnosis in found if diagnosis]

    def timeline(self, row: KeptRow) -> Timeline | None:
        """Return since when each check of a row fails."""
        return self._read(row.home / InRow.TIMELINE, Timeline)

    def repair(self, row: KeptRow) -> Repair | None:
        """Return what fixes a row."""
        return self._read(row.home / InRow.REPAIR, Repair)

    def frontier(self, row: KeptRow) -> Frontier | None:
        """Return how far each pin of a row can go, by an unfinished table where no other is."""
        finished = self._read(row.home / InRow.FRONTIER, Frontier)
        return finished or self._read(row.home / InRow.FRONTIER_UNFINISHED, Frontier)

    def note(self, path: Path, error: Exception) -> None:
        """Remember that a file could not be read, and why."""
        what = path.relative_to(self.reports).as_posix()
        self.unread.append((what, str(error).partition("\n")[0]))

    def _planned(self) -> list[str]:
        matrices = self._readable_matrices.items()
        return [f"{name}/{row}" for name, matrix in matrices for row in matrix.rows]

    def _found(self) -> list[str]:
        homes = {file.parents[1] for file in self.reports.glob("*/*/[0-9]*/verdict.json")}
        names = sorted(home.relative_to(self.reports).as_posix() for home in homes)
        return [name for name in names if not name.startswith(f"{InReports.TRIALS}/")]

    @cached_property
    def _rows(self) -> tuple[list[KeptRow], list[str]]:
        kept: list[KeptRow] = []
        missing: list[str] = []
        planned = self._planned()
        for name in dict.fromkeys([*planned, *self._found()]):
            found = self._newest(self.reports / name)
            if found is None and name in planned:
                missing.append(name)
            elif found is not None and found.name == name:
                kept.append(found)  # what other sessions keep in a like folder has another name
        return kept, missing

    @cached_property
    def _readable_matrices(self) -> dict[str, Matrix]:
        found: dict[str, Matrix] = {}
        for name, file in find_matrices(self.matrices).items():
            try:
                found[name] = load_matrix(file)
            except MatrixError as error:
                self.unread.append((file.name, str(error)))
        return found

    @cached_property
    def _audits(self) -> dict[str, Audit]:
        files = {file.parent.name: file for file in self.reports.glob(f"*/{InMatrix.AUDIT}")}
        order = [*self._readable_matrices, *sorted(files)]
        read = {name: self._read(files[name], Audit) for name in order if name in files}
        found = {name: audit for name, audit in read.items() if audit is not None}
        # Older releases wrote no file a matrix.
        last = self._read(self.reports / InReports.AUDIT, Audit)
        for name in matrices_of(last) if last else ():
            if last and name not in files:
                found[name] = of_matrix(last, name)
        return found

    def _newest(self, home: Path) -> KeptRow | None:
        for evidence in Evidence.runs(home):
            try:
                return _kept(evidence, self.audit(home.parent.name))
            except UNREADABLE as error:
                self.note(evidence.folder, error)  # an older run tells more
        return None

    def _read(self, path: Path, form: type[Form]) -> Form | None:
        try:
            return form.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self.note(path, error)
            return None


def _kept(evidence: Evidence, audit: Audit | None) -> KeptRow:
    plan = evidence.plan
    return KeptRow(
        evidence=evidence,
        plan=plan,
        run=evidence.run,
        stages=evidence.stages,
        verdict=judge(evidence, audit.answers_of(plan) if audit else {}),
        servers=_SERVERS.validate_python(evidence.servers),
        distributions=len(evidence.freeze),
    )
