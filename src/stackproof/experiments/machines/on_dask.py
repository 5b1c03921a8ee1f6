"""Have plans carried out by the workers of a dask.distributed cluster.

Each plan is handed to one worker by name, and to another one if that one goes away: the engine
itself would move it as often as its scheduler is set to, and wait for ever where no worker fits.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import fsspec
from distributed import Future

from stackproof.base.temporary import temporary_folder
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.file import append
from stackproof.evidence.records import RunRecord
from stackproof.evidence.reports import InRun
from stackproof.evidence.verdict import Verdict
from stackproof.experiments.machines import at_worker
from stackproof.experiments.machines.crew import Crew, GoneError, LostError
from stackproof.experiments.machines.machines import Desk
from stackproof.experiments.machines.parcels import (
    MOST_OF_EVIDENCE,
    Order,
    Parcel,
    sent_files,
    taken_in,
)
from stackproof.experiments.machines.workplace import Workplace
from stackproof.matrix.plan import Plan
from stackproof.run.interruptions import uninterrupted

__all__ = ["OnDask", "open_dask"]

#: A plan is made elsewhere twice at most.
_TRIES = 3
_PIECE_BYTES = 4 << 20
_POLL_SECONDS = 0.1
#: How long a worker that was told to end its build is waited for.
_END_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class OnDask:
    """The workers of a cluster; see `Machines`. They leave evidence at `leave_at`, if any."""

    crew: Crew
    at_once: int
    leave_at: str | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def carry_out(self, plan: Plan, desk: Desk, home: Path | None) -> tuple[Verdict, Evidence]:
        """Have a plan carried out by a worker, and by another one where that one goes away.

        Where all went away there is evidence of that, and it is not judged. No first look is taken:
        what decides whether to go on is here, and a worker has only the plan. Raises
        CannotJudgeError if the scheduler is gone, or a worker refuses.
        """
        if self.crew.gone is not None:
            raise CannotJudgeError(self.crew.gone)
        files = sent_files(desk.project, plan)
        lost: list[str] = []
        with desk.progress.part(f"{plan.label}: on another machine"):
            while len(lost) < _TRIES:
                try:
                    evidence = self._try(plan, files, desk, home)
                    break
                except LostError as error:
                    lost.append(str(error))
                    if isinstance(error, GoneError):
                        evidence = _lost(plan, desk, home, lost)
                        break
            else:
                evidence = _lost(plan, desk, home, lost)
        with uninterrupted():
            verdict = desk.conclude(evidence)
            evidence.publish()
            append(desk.project.reports, evidence, verdict)
        return verdict, evidence

    def _try(self, plan: Plan, files: bytes, desk: Desk, home: Path | None) -> Evidence:
        worker = self.crew.take(desk.progress.tick)
        project = desk.project
        order = Order(
            ticket=secrets.token_hex(8),
            plan=plan,
            suite=project.suite_of(plan),
            workloads=sum(folder.is_dir() for folder in project.workloads),
            stage_limit=project.stage_limit,
            suite_limit=project.suite_limit,
            suite_workers=project.suite_workers,
            leave_at=self.leave_at,
        )
        future = self.crew.submit(
            worker,
            order.key,
            at_worker.carry_out,
            *(order.model_dump_json(), files, desk.conclude, desk.look),
        )
        try:
            parcel = self._result(future, worker, desk)
            if parcel.refusal is not None:
                raise CannotJudgeError(f"worker {worker}: {parcel.refusal}")
            with temporary_folder("parcel") as folder:
                file = folder / "evidence.zip"
                self._fetch(parcel, order.ticket, worker, file)
                return taken_in(file, home or project.home(plan), parcel.name)
        finally:
            self._leave(future, worker, order.ticket)
            self.crew.give_back(worker)

    def _result(self, future: Future[str], worker: str, desk: Desk) -> Parcel:
        """Wait for what a worker has to say; raise LostError if it went away before."""
        while future.status == "pending":
            if not self.crew.has(worker):
                raise LostError(f"worker {worker} went away while it worked")
            desk.progress.tick()
            time.sleep(_POLL_SECONDS)
        if future.status in ("cancelled", "lost"):
            raise LostError("the connection to the scheduler broke")
        try:
            return Parcel.model_validate_json(future.result(timeout=_END_SECONDS))
        except Exception as error:
            said = f"{type(error).__name__}: {error}".splitlines()[0]
            raise LostError(f"worker {worker} ended with {said}") from error

    def _fetch(self, parcel: Parcel, ticket: str, worker: str, file: Path) -> None:
        """Write what a parcel holds to a file, piece by piece."""
        if parcel.size > MOST_OF_EVIDENCE:
            raise CannotJudgeError(f"the evidence of worker {worker} is too large")
        digest = hashlib.sha256()
        with file.open("wb") as own:
            for part in self._pieces(parcel, ticket, worker):
                digest.update(part)
                own.write(part)
        if digest.hexdigest() != parcel.sha256:
            raise LostError(f"the evidence of worker {worker} came damaged")

    def _pieces(self, parcel: Parcel, ticket: str, worker: str) -> Iterator[bytes]:
        begins = range(0, parcel.size, _PIECE_BYTES)
        if parcel.address is None:
            for begin in begins:
                yield self.crew.ask(worker, at_worker.piece, ticket, begin, _PIECE_BYTES)
            return
        try:
            with fsspec.open(parcel.address, "rb") as there:
                for _ in begins:
                    yield there.read(_PIECE_BYTES)
        except OSError as error:
            raise CannotJudgeError(f"{parcel.address} cannot be read here: {error}") from error

    def _leave(self, future: Future[str], worker: str, ticket: str) -> None:
        """See to it that a worker does nothing more of an order, and has nothing left of it."""
        with suppress(Exception):  # what is gone needs no telling
            future.cancel(force=True)
        deadline = time.monotonic() + _END_SECONDS
        with suppress(LostError, GoneError):
            while self.crew.has(worker) and self.crew.ask(worker, at_worker.at_work, ticket):
                if time.monotonic() > deadline:
                    return
                time.sleep(_POLL_SECONDS)
            if self.crew.has(worker):
                self.crew.ask(worker, at_worker.discard, ticket)


def _lost(plan: Plan, desk: Desk, home: Path | None, lost: list[str]) -> Evidence:
    """Leave evidence that nobody could carry out a plan."""
    evidence = Evidence.create(home or desk.project.home(plan), plan)
    RunRecord.of_nothing_run(
        plan,
        suite=desk.project.suite_of(plan),
        started=datetime.now(timezone.utc),
        trouble=f"no machine carried it out: {'; '.join(dict.fromkeys(lost))}",
    ).write(evidence.folder / InRun.RECORD)
    return evidence


@contextmanager
def open_dask(
    address: str, environ: Mapping[str, str], *, at_once: int | None, leave_at: str | None
) -> Iterator[OnDask]:
    """Yield the workers of the scheduler at an address, `at_once` of them or all.

    Raises StackproofError if there is no scheduler or no worker, or if one is not fit.
    """
    crew = Crew(address, Workplace.here(environ))
    try:
        workers = crew.require_fit()
        yield OnDask(crew=crew, at_once=at_once or workers, leave_at=leave_at)
    finally:
        with suppress(OSError):
            crew.close()
