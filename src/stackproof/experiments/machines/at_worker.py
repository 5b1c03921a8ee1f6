"""What runs in the process of a worker of dask.distributed: one plan at a time, by our own code."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import dask
import fsspec
from distributed import Worker, get_worker
from rich.console import Console

from stackproof.base.progress import Progress
from stackproof.errors import CannotJudgeError
from stackproof.evidence.layout import Project
from stackproof.experiments.machines.here import Here
from stackproof.experiments.machines.machines import Desk
from stackproof.experiments.machines.parcels import Order, Parcel, laid_out, pack
from stackproof.experiments.machines.workplace import Workplace
from stackproof.installers.known import DEFAULT, installer_named
from stackproof.installers.settings import allowed_settings
from stackproof.run.beside import LookCommand
from stackproof.run.verify import Conclude

__all__ = ["about", "at_work", "carry_out", "discard", "piece"]

#: How often it is looked whether anybody still wants what is under way.
_LOOK_SECONDS = 0.2
_PIECE_BYTES = 1 << 20
_ARCHIVE = "evidence.zip"

#: What is under way in this process, by ticket; a build uses every core, so there is one.
_under_way: set[str] = set()
_build = threading.Lock()


def about() -> str:
    """Return what is to be known of this worker, as the JSON of a `Workplace`."""
    return Workplace.here(allowed_settings(_environ(), DEFAULT).environ).model_dump_json()


def carry_out(order_text: str, files: bytes, conclude: Conclude, look: LookCommand) -> str:
    """Carry out an order; return the JSON of a `Parcel`.

    Raises RuntimeError, which nobody hears, where nobody wants the answer any more.
    """
    order = Order.model_validate_json(order_text)
    folder = _folder(order.ticket, get_worker())
    _under_way.add(order.ticket)
    try:
        with _watched(order.key) as stop, _alone(stop):
            parcel = _carry_out(order, files, folder, stop, (conclude, look))
    except KeyboardInterrupt:
        shutil.rmtree(folder, ignore_errors=True)
        raise RuntimeError("nobody wants the answer any more") from None
    except (CannotJudgeError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        parcel = Parcel(refusal=str(error))
    finally:
        _under_way.discard(order.ticket)
    return parcel.model_dump_json()


def piece(ticket: str, begin: int, length: int, dask_worker: Worker) -> bytes:
    """Return a part of the evidence that an order came to."""
    with (_folder(ticket, dask_worker) / _ARCHIVE).open("rb") as file:
        file.seek(begin)
        return file.read(length)


def discard(ticket: str, dask_worker: Worker) -> None:
    """Remove what an order left here."""
    shutil.rmtree(_folder(ticket, dask_worker), ignore_errors=True)


def at_work(ticket: str) -> bool:
    """Tell whether an order is still under way here."""
    return ticket in _under_way


def _carry_out(
    order: Order,
    files: bytes,
    folder: Path,
    stop: threading.Event,
    judging: tuple[Conclude, LookCommand],
) -> Parcel:
    settings = allowed_settings(_environ(), installer_named(order.plan.installer))
    own = Project.at(folder, settings.environ, workloads=())
    project = laid_out(order, files, folder, own)
    if project.suite_of(order.plan) != order.suite:
        raise CannotJudgeError("its checks are others than those of the machine that asks")
    desk = Desk(
        project=project,
        progress=Progress(Console(quiet=True), stop=stop),
        conclude=judging[0],
        look=judging[1],
    )
    _, evidence = Here().carry_out(order.plan, desk, folder / "evidence")
    archive = folder / _ARCHIVE
    pack(evidence.folder, archive)
    parcel = Parcel(name=evidence.folder.name, size=archive.stat().st_size, sha256=_sha256(archive))
    if order.leave_at is None:
        return parcel
    address = f"{order.leave_at.rstrip('/')}/{order.ticket}.zip"
    with fsspec.open(address, "wb") as there, archive.open("rb") as file:
        shutil.copyfileobj(file, there, _PIECE_BYTES)
    shutil.rmtree(folder, ignore_errors=True)
    return parcel.model_copy(update={"address": address})


@contextmanager
def _watched(key: str) -> Iterator[threading.Event]:
    """Yield what is set when nobody wants the task of a key any more, or the worker is to end.

    The engine cannot stop a thread, and takes no notice of one whose task was cancelled.
    """
    worker, stop, ended = get_worker(), threading.Event(), threading.Event()

    def watch() -> None:
        while not ended.wait(_LOOK_SECONDS):
            if not _is_wanted(worker, key):
                stop.set()
                return

    watcher = threading.Thread(target=watch, name="stackproof-watch", daemon=True)
    watcher.start()
    try:
        yield stop
    finally:
        ended.set()
        watcher.join()


def _is_wanted(worker: Worker, key: str) -> bool:
    task = worker.state.tasks.get(key)
    wanted = task is not None and task.state in ("executing", "long-running")
    return wanted and worker.status.name == "running"


@contextmanager
def _alone(stop: threading.Event) -> Iterator[None]:
    """Wait for whatever else is built by this worker, and keep others from it in the block."""
    while not _build.acquire(timeout=_LOOK_SECONDS):
        if stop.is_set():
            raise KeyboardInterrupt
    try:
        yield
    finally:
        _build.release()


def _folder(ticket: str, worker: Worker) -> Path:
    """Return where an order leaves things: in a folder that the engine removes with its worker."""
    if not ticket.isalnum():
        raise ValueError(ticket)
    return Path(worker.local_directory) / f"stackproof-{ticket}"


def _environ() -> Mapping[str, str]:
    """Return this process's variables, without those that the engine sets in each worker."""
    environ = dict(os.environ)
    with suppress(AttributeError, TypeError):
        for name, value in dask.config.get("distributed.nanny.pre-spawn-environ", {}).items():
            if environ.get(name) == str(value):
                del environ[name]
    return environ


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_PIECE_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
