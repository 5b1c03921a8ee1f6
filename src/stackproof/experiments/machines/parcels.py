"""What goes to another machine and comes back: orders, files, and evidence, each with a bound.

A zip file holds what is sent, since unpacking one neither follows links nor leaves its folder.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from stackproof.base.records import Record
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.layout import Project
from stackproof.evidence.own_files import own_files
from stackproof.matrix.plan import Plan

__all__ = ["MOST_OF_EVIDENCE", "Order", "Parcel", "laid_out", "pack", "sent_files", "taken_in"]

#: What a task may carry along, packed: the engine holds it in memory until the task is done.
_MOST_SENT = 8 << 20
#: What the evidence of one plan may take, unpacked.
MOST_OF_EVIDENCE = 1 << 30
_MIB = 1 << 20
_SUITE, _WORKLOADS, _ROOT = "suite", "workloads", "root"
_PASSED_OVER = ("__pycache__", "node_modules")


class Order(Record):
    """What a worker is to carry out, within the limits of the project; see `Project`.

    `ticket` names what it leaves on the way. `suite` is the fingerprint of all that asks the plan's
    checks, and `workloads` how many folders of the project's own are among it. Evidence goes to the
    address `leave_at`, if one is given.
    """

    ticket: str
    plan: Plan
    suite: str
    workloads: int
    stage_limit: float
    suite_limit: float
    suite_workers: int | None
    leave_at: str | None = None

    @property
    def key(self) -> str:
        """What the engine calls the task."""
        return f"stackproof-{self.ticket}"


class Parcel(Record):
    """What a worker has for whoever ordered it: evidence, or why there is none.

    `name` is that of the run's folder, `size` that of the zip file, in bytes, and `sha256` its
    digest. `address` is where it was left, None for the worker's own disk.
    """

    refusal: str | None = None
    name: str = ""
    size: int = 0
    sha256: str = ""
    address: str | None = None


def sent_files(project: Project, plan: Plan) -> bytes:
    """Return what a worker needs of a project for a plan, beside this package, as a zip file.

    Raises CannotJudgeError where that is more than a task may carry along.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, project.suite, _SUITE)
        for number, folder in enumerate(_own_workloads(project)):
            _add(archive, folder, f"{_WORKLOADS}/{number}")
        if any(stage.constraints for stage in plan.stages) and project.snapshots.is_dir():
            _add(archive, project.snapshots, f"{_ROOT}/matrices/{project.snapshots.name}")
        for folder in sorted(_folders_of_commands(project, plan)):
            place = Path(_ROOT, folder.relative_to(project.root.resolve()))
            for file in own_files(folder, project.made):
                archive.write(file, (place / file.relative_to(folder)).as_posix())
    if content.tell() > _MOST_SENT:
        raise CannotJudgeError(
            f"what {plan.label} needs of this repository is more than {_MOST_SENT // _MIB} MiB, "
            "which cannot be sent along with each plan: carry it out on this machine, without --on"
        )
    return content.getvalue()


def laid_out(order: Order, files: bytes, folder: Path, project: Project) -> Project:
    """Unpack files that were sent in a folder; return the project that a worker carries out there.

    `project` is one at `folder`, with what is this machine's own.
    """
    with zipfile.ZipFile(io.BytesIO(files)) as archive:
        archive.extractall(folder)
    (folder / _ROOT).mkdir(parents=True, exist_ok=True)
    return replace(
        project,
        root=folder / _ROOT,
        matrices=folder / _ROOT / "matrices",
        suite=folder / _SUITE,
        workloads=tuple(folder / _WORKLOADS / str(number) for number in range(order.workloads)),
        stage_limit=order.stage_limit,
        suite_limit=order.suite_limit,
        suite_workers=order.suite_workers,
    )


def pack(folder: Path, file: Path) -> None:
    """Write the files of a folder to a zip file."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        _add(archive, folder, "")


def taken_in(file: Path, home: Path, name: str) -> Evidence:
    """Unpack evidence into a new folder of `home`, whole or not at all; return it.

    It is called `name`, or like a moment later where that is taken. Raises CannotJudgeError if what
    came is no evidence, or more than evidence may take.
    """
    aside = home / f".incoming-{name}"
    if not Evidence.has_name(home / name):
        raise CannotJudgeError(f"what a worker sent is called {name!r}, which is no run")
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(item.file_size for item in archive.infolist())
            if size > MOST_OF_EVIDENCE:
                raise CannotJudgeError(
                    f"the evidence of a worker takes {size // _MIB} MiB, and may take "
                    f"{MOST_OF_EVIDENCE // _MIB}"
                )
            home.mkdir(parents=True, exist_ok=True)
            archive.extractall(aside)
    except zipfile.BadZipFile as error:
        raise CannotJudgeError(f"the evidence of a worker came damaged: {error}") from error
    return Evidence(_named(aside, home, name))


def _named(aside: Path, home: Path, name: str) -> Path:
    """Give a folder its name, as that of a moment later where another run has it."""
    stem, micros = name[:-8], int(name[-7:-1])
    while True:
        target = home / f"{stem}.{micros:06}Z"
        try:
            return aside.rename(target)
        except OSError:
            if not target.exists():
                raise
            micros = (micros + 1) % 1_000_000


def _add(archive: zipfile.ZipFile, folder: Path, place: str) -> None:
    """Add the files of a folder of ours."""
    for file in _files(folder):
        archive.write(file, f"{place}/{file.relative_to(folder)}".lstrip("/"))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name in _PASSED_OVER:
            continue
        if path.is_file():
            yield path
        else:
            yield from _files(path)


def _own_workloads(project: Project) -> list[Path]:
    return [folder for folder in project.workloads if folder.is_dir()]


def _folders_of_commands(project: Project, plan: Plan) -> set[Path]:
    """Return the folders that a plan's commands run in, or install, none within another."""
    whole = {folder.resolve() for folder in project.folders_of_commands(plan)}
    return {folder for folder in whole if not any(other in folder.parents for other in whole)}
