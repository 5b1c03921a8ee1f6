"""`nox -s grid`: which versions of one distribution go with which of another, and why not."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations
from pathlib import Path
from threading import Event

import nox
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from stackproof.base.progress import Progress
from stackproof.base.records import write_atomically
from stackproof.base.side_by_side import side_by_side
from stackproof.cli.machines import add_machines, open_machines
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options, instant, platform_name, python_version
from stackproof.cli.wiring import Context, open_context
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.experiments.grid_proof import Prover
from stackproof.index.target import Target
from stackproof.installers.interpreters import find_target
from stackproof.matrix.plan import Plan
from stackproof.matrix.platforms import PLATFORMS, Platform
from stackproof.metadata.grid.axes import AxisRequest, parse_axis
from stackproof.metadata.grid.making import GridContext, Question, ask_axes, held_by, make_grid
from stackproof.metadata.grid.record import Axis, Grid
from stackproof.report.grid import html_page, markdown_page, print_grid, rst_table

__all__ = ["grid"]

_LIMIT_SECONDS = 120
_PAIR = 2


class _Interrupted(Exception):  # noqa: N818 - no error: the user wants an end
    """A resolution is given up, since the session ends."""


@ends_in_words()
def grid(session: nox.Session, project: Project) -> None:
    """Make the grids that the axes behind `--` ask for; one for each two of them."""
    screen = console()
    project = open_project(session, project)
    given = _options(session.posargs)
    with (
        open_machines(given, project) as machines,
        open_context(project, screen, machines) as context,
    ):
        code = max(_Grids(given, context).make())
    if code:
        session.error(f"exit {code}")


def _options(posargs: list[str]) -> argparse.Namespace:
    options = Options("grid")
    options.add_argument("axes", nargs="+", metavar="AXIS", type=parse_axis)
    options.add_argument("--first", action="store_true")
    options.add_argument("--row", metavar="[MATRIX/]ROW")
    options.add_argument("--python", type=python_version, metavar="3.10")
    options.add_argument("--platform", type=platform_name, metavar="aarch64-apple-darwin")
    options.add_argument("--as-of", type=instant, metavar="2025-08-01T00:00:00Z")
    options.add_argument(
        "--with", dest="held", action="append", default=[], type=_requirement, metavar="REQ"
    )
    options.add_argument("--no-build", action="store_true")
    options.add_argument("--limit", type=_seconds, default=_LIMIT_SECONDS, metavar="SECONDS")
    options.add_argument("--install", action="store_true")
    options.add_argument(
        "--import", dest="modules", action="append", default=[], type=_module, metavar="NAME=MODULE"
    )
    options.add_argument("--against", type=Path, metavar="FILE")
    add_machines(options)
    given = options.parse_args(posargs)
    names = [axis.name for axis in given.axes]
    if len(names) < _PAIR or len(set(names)) < len(names):
        options.error("name at least two axes, of different distributions")
    if given.platform and given.install:
        options.error("--install installs on this machine; ask without --platform")
    if (given.side_by_side or given.on) and not given.install:
        options.error("--side-by-side and --on are of cells that are installed; add --install")
    if given.against and len(names) > _PAIR:
        # The tables of a file name versions, not always what they are versions of.
        options.error("--against compares the grid of two axes")
    return given


def _requirement(text: str) -> str:
    try:
        found = Requirement(text)
    except InvalidRequirement:
        raise argparse.ArgumentTypeError(f"{text!r} is not a requirement") from None
    if found.url is not None or not found.specifier:
        raise argparse.ArgumentTypeError(f"{text!r} says no version; write one such as numpy<2")
    return str(found)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not seconds > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def _module(text: str) -> tuple[str, str]:
    name, _, module = text.partition("=")
    if not (name and all(part.isidentifier() for part in module.split("."))):
        raise argparse.ArgumentTypeError(f"{text!r} is not such as dbt-core=dbt")
    return str(canonicalize_name(name)), module


@dataclass
class _Grids:
    """The grids that one command line asks for."""

    given: argparse.Namespace
    context: Context

    @property
    def project(self) -> Project:
        """The project that the grids are made in."""
        return self.context.project

    def make(self) -> list[int]:
        """Make, write and print each grid; return their exit codes."""
        plan = self._row()
        as_of = plan.as_of if plan else self.given.as_of
        here = find_target(self._python(plan), self.project.environ)
        target = replace(here, platform=self._platform)
        client, index = self.context.client, self.context.index
        codes = []
        requests: list[AxisRequest] = self.given.axes
        axes = ask_axes(requests, client, index, as_of=as_of, first=self.given.first)
        for one, other in combinations(axes, _PAIR):
            question = self._question((one, other), target, as_of, plan)
            name = "grid" if len(axes) == _PAIR else f"grid-{one.name}-{other.name}"
            found = self._prove(self._make(question, name), question)
            codes.append(self._publish(found, name))
        return codes

    @property
    def _platform(self) -> Platform | None:
        return PLATFORMS.get(self.given.platform)

    def _row(self) -> Plan | None:
        """Return the plan of the row where the grid is asked of: markers of pins hold there."""
        if self.given.row is None:
            return None
        planner = self.context.planner(self.given.row, self.given.as_of)
        if self.given.python:
            planner = planner.with_row(python=self.given.python)
        plan = replace(planner, platform=self._platform).base()
        own = sorted({stage.name for stage in plan.stages if stage.index})
        if own and self.given.install:
            raise StackproofError(
                f"{self.given.row} takes stage {', '.join(own)} from another index, and a cell is "
                "installed in one go from the default one; ask without --install"
            )
        return plan

    def _python(self, plan: Plan | None) -> str:
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        return plan.python if plan else self.given.python or here

    def _question(
        self,
        axes: tuple[Axis, Axis],
        target: Target,
        as_of: datetime | None,
        plan: Plan | None,
    ) -> Question:
        names = [axis.name for axis in axes]
        of_row = held_by(plan, target, names) if plan else ()
        further = {stage.index for stage in plan.stages if stage.index} if plan else set()
        return Question(
            axes=axes,
            target=target,
            as_of=as_of,
            held=(*of_row, *self.given.held),
            row=f"{plan.matrix}/{plan.row}" if plan else None,
            further=tuple(sorted(further)),
            # What another interpreter builds tells of that interpreter.
            builds=target.found and not self.given.no_build,
        )

    def _make(self, question: Question, name: str) -> Grid:
        stop = Event()

        def tick() -> None:
            if stop.is_set():
                raise _Interrupted

        context = GridContext(
            client=self.context.client,
            resolver=replace(self.context.resolver, limit=self.given.limit, tick=tick),
            workers=os.cpu_count() or 1,
            journal=self.project.reports / f"{name}.partial.jsonl",
            stop=stop,
        )
        progress, judged = Progress(self.context.screen), [0]

        def show(count: int) -> None:
            judged[0] = count
            progress.tick()

        title = f"{' and '.join(question.names)}, {len(question.cells)} cells"
        with progress.part(title, lambda: f"{judged[0]} judged"):
            return make_grid(question, context, against=self.given.against, tick=show)

    def _prove(self, found: Grid, question: Question) -> Grid:
        if not self.given.install:
            return found
        prover = Prover(
            runner=self.context.runner(),
            home=self.project.reports / "grid",
            modules=dict(self.given.modules),
        )
        machines = self.context.machines
        cells = side_by_side(
            lambda cell: prover.prove(cell, question),
            found.cells,
            at_once=machines.at_once,
            stop=machines.stop,
        )
        return found.model_copy(update={"cells": tuple(cells)})

    def _publish(self, found: Grid, name: str) -> int:
        reports = self.project.reports
        found.write(reports / f"{name}.json")
        write_atomically(reports / f"{name}.md", markdown_page(found))
        write_atomically(reports / f"{name}.rst", rst_table(found))
        write_atomically(reports / f"{name}.html", html_page(found))
        print_grid(found, self.project.shown(reports / f"{name}.html"), self.context.screen)
        return found.exit_code
