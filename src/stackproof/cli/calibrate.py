"""`nox -s calibrate`: whether each workload passes on the newest, documented, oldest releases."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from datetime import datetime, timezone

import nox
from rich.console import Console

from stackproof.base.records import write_atomically
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options
from stackproof.cli.wiring import open_context
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InReports
from stackproof.experiments.calibrate.calibrating import Calibrator, named
from stackproof.experiments.calibrate.choosing import Chooser
from stackproof.experiments.calibrate.record import (
    COLUMNS,
    Calibrated,
    Calibration,
)
from stackproof.installers.interpreters import interpreters
from stackproof.report.calibration import line, markdown_table, print_calibration
from stackproof.run.workloads import DeclaredWorkload, declared_workloads

__all__ = ["calibrate"]

_NAME = "calibration"


@ends_in_words()
def calibrate(session: nox.Session, project: Project) -> None:
    """Calibrate the workloads that are named behind `--`, or all of them."""
    screen = console()
    project = open_project(session, project)
    given = _options(session.posargs)
    declared = declared_workloads(project.suite / "workloads", *project.workloads)
    if declared.unread:
        raise StackproofError("; ".join(declared.unread))
    calibration = _calibrate(given, declared.workloads, project, screen)
    calibration.write(project.reports / InReports.CALIBRATION)
    write_atomically(project.reports / f"{_NAME}.md", markdown_table(calibration))
    print_calibration(calibration, project.shown(project.reports / InReports.CALIBRATION), screen)
    if calibration.exit_code:
        session.error(f"exit {calibration.exit_code}")


def _options(posargs: list[str]) -> argparse.Namespace:
    options = Options("calibrate")
    options.add_argument("names", nargs="*", metavar="NAME")
    options.add_argument("--row", metavar="[MATRIX/]ROW")
    options.add_argument("--only", action="append", choices=COLUMNS)
    return options.parse_args(posargs)


def _calibrate(
    given: argparse.Namespace,
    declared: Sequence[DeclaredWorkload],
    project: Project,
    screen: Console,
) -> Calibration:
    workloads = named(declared, given.names)
    started, begin = datetime.now(timezone.utc), time.monotonic()
    found: list[Calibrated] = []
    with open_context(project, screen) as context:
        planner = context.planner(given.row, usual="verified")
        calibrator = Calibrator(
            runner=context.runner(),
            chooser=Chooser(
                project=project,
                client=context.client,
                resolver=context.resolver,
                sources=planner.matrix.constraints,
                pythons=interpreters(project.environ),
                python=planner.base().python,
            ),
            planner=planner,
            declared=declared,
            home=project.reports / _NAME,
        )
        for column in given.only or COLUMNS:
            for answers in calibrator.ask(workloads, column):
                for answer in answers:
                    screen.print(line(answer), markup=False, highlight=False, soft_wrap=True)
                found += answers
    names = [item.name for item in workloads]
    return Calibration(
        started=started,
        seconds=round(time.monotonic() - begin, 1),
        row=planner.label,
        results=tuple(sorted(found, key=lambda item: names.index(item.workload))),
    )
