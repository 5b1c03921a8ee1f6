"""`nox -s diagnose`: what broke a stack, since when, and what to add, with no hints."""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import nox
from rich.console import Console

from stackproof.base.records import write_atomically
from stackproof.base.times import from_timestamp, full_hour
from stackproof.cli.from_file import read_planner
from stackproof.cli.look_at import look_at
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options, instant, python_version
from stackproof.cli.wiring import Context, open_context
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InRow
from stackproof.experiments.diagnose.diagnosing import Diagnoser
from stackproof.experiments.diagnose.record import Diagnosis
from stackproof.experiments.diagnose.writing import diagnosis_patch, diagnosis_text
from stackproof.experiments.planner import Planner
from stackproof.matrix.model import Command
from stackproof.matrix.plan import Plan
from stackproof.reasons.common import quoted
from stackproof.reasons.reason import Reason, reason
from stackproof.report.diagnose import diagnosis_markdown, in_short, print_diagnosis
from stackproof.run.interruptions import uninterrupted
from stackproof.run.workloads import declared_workloads

__all__ = ["diagnose"]

_TODAY = timedelta(days=1)
#: How long a diagnosis waits for links; what was judged by then is remembered for the next one.
_LOOK_SECONDS = 30


@ends_in_words()
def diagnose(session: nox.Session, project: Project) -> None:
    """Diagnose the row or the file that stands behind `--`; fail the session if it is broken."""
    screen = console()
    project = open_project(session, project)
    given = _options(session.posargs)
    with open_context(project, screen) as context:
        subject = _with_workloads(_subject(given, context), given.workloads)
        diagnoser = _diagnoser(context, subject)

        def told(trouble: Reason | None = None) -> Diagnosis:
            found = _with_row(diagnoser.so_far(trouble), subject)
            _tell(found, project, screen)
            return found

        try:
            diagnoser.diagnose()
        except (StackproofError, OSError) as error:
            told(quoted(str(error)))
            raise
        except KeyboardInterrupt:
            with uninterrupted():
                told(reason("interrupted"))
            session.error("exit 2, interrupted; the next call goes on from there")
        found = told()
    if found.exit_code:
        session.error(f"exit {found.exit_code}")


def _options(posargs: list[str]) -> argparse.Namespace:
    options = Options("diagnose")
    options.add_argument("row", metavar="[MATRIX/]ROW|FILE")
    options.add_argument("--python", type=python_version, metavar="3.11")
    options.add_argument(
        "--workload", dest="workloads", type=Path, action="append", default=[], metavar="FILE.py"
    )
    options.add_argument("--as-of", type=instant, metavar="2025-04-01")
    return options.parse_args(posargs)


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """The row to diagnose, and the project that its builds are made for; `file` is its matrix's.

    A row that was made from another kind of file has none.
    """

    planner: Planner
    project: Project
    file: Path | None = None

    @property
    def home(self) -> Path:
        """The folder of the row's reports."""
        return self.project.reports / self.planner.label


def _subject(given: argparse.Namespace, context: Context) -> _Subject:
    """Return the row that is named, or the first one of a file that a matrix can be made of."""
    project = context.project
    file = project.root / given.row
    if not file.is_file():
        try:
            planner = context.planner(given.row, given.as_of)
        except StackproofError as error:
            raise StackproofError(f"there is no file {given.row}; as a row: {error}") from error
        planner = planner.with_row(python=given.python) if given.python else planner
        return _Subject(planner=planner, project=project, file=context.file(planner))
    planner = read_planner(
        file, shown=given.row, screen=context.screen, python=given.python, as_of=given.as_of
    )
    return _Subject(planner=planner, project=project)


def _with_workloads(subject: _Subject, files: Sequence[Path]) -> _Subject:
    """Return the row with workloads from files: with our marker, or scripts that must end well.

    They are copied beside the row's reports, whose folder is all that they hang on.
    """
    if not files:
        return subject
    folder = subject.home / InRow.DIAGNOSIS_WORKLOADS
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    commands = list(_commands([subject.project.root / file for file in files], folder))
    matrix = subject.planner.matrix
    matrix = matrix.model_copy(update={"commands": (*matrix.commands, *commands)})
    project = replace(subject.project, workloads=(*subject.project.workloads, folder))
    return replace(subject, planner=replace(subject.planner, matrix=matrix), project=project)


def _commands(files: Sequence[Path], folder: Path) -> Iterator[Command]:
    """Copy workloads into a folder; yield a command for each that is a plain script."""
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise StackproofError(f"--workload {file}: cannot be read: {error}") from error
        stem = re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-") or "workload"
        marked = bool(declared_workloads(file).workloads)
        copy = folder / (f"test_{stem.replace('-', '_')}.py" if marked else f"{stem}.py")
        write_atomically(copy, text)
        if not marked:
            yield Command(name=stem, run=("python", copy.name), cwd=str(folder))


def _diagnoser(context: Context, subject: _Subject) -> Diagnoser:
    planner = subject.planner
    context = replace(context, project=subject.project)
    plan = planner.base()
    now = datetime.now(timezone.utc)
    moment = plan.as_of or _unfinished(subject, now) or full_hour(now)
    # What a run of today's index found may hold for a moment of today, too.
    like = plan if now - moment > _TODAY else replace(planner, as_of=None).base()
    prober = context.prober(planner)
    diagnoser = Diagnoser(
        planner=planner,
        moment=moment,
        prober=prober,
        releases=context.releases(plan),
        resolver=context.resolver,
        like=context.recent(like),
        today=now.date(),
        linked=partial(_linked, context),
    )
    prober.progress.known = lambda: in_short(diagnoser.causes)
    return diagnoser


def _linked(context: Context, plan: Plan) -> list[str]:
    """Return through whom links of a plan's stack are suspect; none where that takes too long."""
    try:
        found = look_at(plan, context, _LOOK_SECONDS)
    except StackproofError:
        return []
    return [finding.target.distribution for finding in found.suspects]


def _unfinished(subject: _Subject, now: datetime) -> datetime | None:
    """Return the moment of a diagnosis of today that was cut short: it is gone on with."""
    found = Diagnosis.load_or_none(subject.home / InRow.DIAGNOSIS)
    if found is None or found.trouble is None:
        return None
    moment = from_timestamp(found.as_of)
    return moment if now - moment < _TODAY else None


def _with_row(found: Diagnosis, subject: _Subject) -> Diagnosis:
    """Return a diagnosis with the row that it would add to the matrix, and as a change of it."""
    matrix = subject.planner.matrix
    today, file = datetime.now(timezone.utc).date(), subject.file
    shown = subject.project.shown(file) if file else None
    patch = diagnosis_patch(found, file, shown, today) if file and shown else ""
    return found.model_copy(update={"toml": diagnosis_text(found, matrix, today), "patch": patch})


def _tell(found: Diagnosis, project: Project, screen: Console) -> None:
    """Write the diagnosis, and print it."""
    home = project.reports / found.matrix / found.row
    found.write(home / InRow.DIAGNOSIS)
    write_atomically(home / InRow.DIAGNOSIS_PAGE, diagnosis_markdown(found))
    print_diagnosis(found, project.shown(home / InRow.DIAGNOSIS_PAGE), screen)
