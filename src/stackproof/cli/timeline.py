"""`nox -s timeline`: since when the checks of a row fail, and through which release."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import datetime, timezone

import nox

from stackproof.base.records import write_atomically
from stackproof.base.times import full_hour, timestamp
from stackproof.cli.machines import add_machines, open_machines
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options, instant
from stackproof.cli.wiring import Context, open_context
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InRow
from stackproof.experiments.timeline.record import Timeline
from stackproof.experiments.timeline.tracing import Tracer
from stackproof.report.timeline import print_timeline, timeline_markdown

__all__ = ["timeline"]

_MOST_SAMPLES = 50


@ends_in_words()
def timeline(session: nox.Session, project: Project) -> None:
    """Trace the row that stands behind `--` through time, and write what was found."""
    screen = console()
    project = open_project(session, project)
    given = _options(session.posargs)
    with (
        open_machines(given, project) as machines,
        open_context(project, screen, machines) as context,
    ):
        found = _trace(given, context)
    home = project.reports / found.matrix / found.row
    found.write(home / InRow.TIMELINE)
    write_atomically(home / InRow.TIMELINE_PAGE, timeline_markdown(found))
    print_timeline(found, screen)
    page = project.shown(home / InRow.TIMELINE_PAGE)
    screen.print(f"timeline: {page}", markup=False, highlight=False)


def _options(posargs: list[str]) -> argparse.Namespace:
    options = Options("timeline")
    options.add_argument("row", nargs="?", metavar="[MATRIX/]ROW")
    options.add_argument("--since", type=instant, metavar="2025-04-01T00:00:00Z")
    options.add_argument("--until", type=instant, metavar="2025-10-01T00:00:00Z")
    options.add_argument("--check", dest="checks", action="append", default=[], metavar="ID")
    options.add_argument("--samples", type=_count, default=1, metavar="NUMBER")
    add_machines(options)
    return options.parse_args(posargs)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) > _MOST_SAMPLES:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number up to {_MOST_SAMPLES}")
    return int(text)


def _trace(given: argparse.Namespace, context: Context) -> Timeline:
    planner = context.planner(given.row, given.until, usual="documented")
    plan = replace(planner, as_of=None).base()
    until = given.until or plan.as_of or full_hour(datetime.now(timezone.utc))
    tracer = Tracer(
        planner=planner,
        prober=context.prober(planner),
        releases=context.releases(plan),
        samples=given.samples,
        like=context.recent(plan),
    )
    since = given.since or tracer.birth(until)
    if since >= until:
        raise StackproofError(f"--since {timestamp(since)} is not before {timestamp(until)}")
    return tracer.trace(since, until, given.checks)
