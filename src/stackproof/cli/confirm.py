"""`nox -s confirm`: ask for what is unexpected in a row's newest run once more."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import nox

from stackproof.base.text import count
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options
from stackproof.cli.wiring import open_context
from stackproof.errors import StackproofError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.entry import verdict_of
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InRun
from stackproof.evidence.verdict import Verdict
from stackproof.experiments.confirming import confirm as ask_again
from stackproof.report.tables import print_lines
from stackproof.report.terminal import print_verdict

__all__ = ["confirm"]


def _told(evidence: Evidence, verdict: Verdict) -> Iterator[str]:
    """Say how much of what was asked again came out the same."""
    found = evidence.confirmation
    if found is None:
        yield "nothing in it is unexpected that could be asked again"
    elif found.same:
        otherwise = len(verdict.in_state("unsteady"))
        same, every = len(found.checks) - otherwise, count(len(found.checks), "check")
        yield f"asked again: of {every} {same} came out the same, {otherwise} as expected"


@ends_in_words()
def confirm(session: nox.Session, project: Project) -> None:
    """Confirm the newest run of the row behind `--`; end as that run does by then."""
    screen = console()
    project = open_project(session, project)
    options = Options("confirm")
    options.add_argument("row", metavar="[MATRIX/]ROW")
    given = options.parse_args(session.posargs)
    with open_context(project, screen) as context:
        planner = context.planner(given.row)
        newest = next(Evidence.runs(project.reports / planner.label), None)
        if newest is None:
            raise StackproofError(f"there is no run of {planner.label} to confirm; verify it first")
        plan, known = newest.plan, newest.run.notes
        if plan.interpreter is not None:
            raise StackproofError(
                f"the newest run of {planner.label} is of an environment that exists "
                f"({plan.interpreter}), which cannot be built again"
            )
        finished = planner.with_row(prereleases=(), min_age_exempt=plan.exempt)
        released = partial(finished.at, plan.as_of)
        verdict = ask_again(newest, verdict_of(newest), context.runner(), released)
    print_lines(screen, _told(newest, verdict))
    print_lines(screen, (note for note in newest.run.notes if note not in known))
    print_verdict(verdict, project.shown(newest.folder / InRun.REPORT), screen)
    if verdict.exit_code:
        session.error(f"exit {verdict.exit_code}")
