"""`nox -s verify`: prove or disprove every claim of a row."""

from __future__ import annotations

import nox

from stackproof.base.invocation import typed
from stackproof.base.progress import Progress
from stackproof.cli.links_beside import look_command
from stackproof.cli.nox_session import console, ends_in_words, environment, installer, open_project
from stackproof.cli.offers import RowChoice
from stackproof.cli.options import Options, instant
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InRun
from stackproof.installers.known import DEFAULT, installer_named
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import load_matrix
from stackproof.matrix.plan import Plan
from stackproof.report.files import conclude
from stackproof.report.links import commands_of_run
from stackproof.report.tables import print_lines
from stackproof.report.terminal import print_verdict
from stackproof.run.verify import verify as carry_out

__all__ = ["verify"]


@ends_in_words()
def verify(session: nox.Session, choice: RowChoice | None, project: Project) -> None:
    """Verify a row in the session's environment; fail it if anything is unexpected."""
    screen = console()
    if choice is None:
        session.error(
            "exit 2, could not judge: no matrix has a row that runs by default; "
            f"`nox -l` lists the others, `{typed('matrix-from', 'FILE')}` writes a first matrix"
        )
    if choice.problems:
        session.error(f"exit 2, could not judge: {choice.problems}")
    plan = _plan(session, choice)
    project = open_project(session, project, installer_named(plan.installer))
    venv = environment(session) if plan.interpreter is None else None
    verdict, evidence = carry_out(
        plan, venv, project, Progress(screen), conclude=conclude, look=look_command
    )
    if project.environ.get("GITHUB_ACTIONS") == "true":
        print_lines(screen, commands_of_run(verdict))
    print_verdict(verdict, project.shown(evidence.folder / InRun.REPORT), screen)
    if verdict.exit_code:
        session.error(f"exit {verdict.exit_code}")


def _plan(session: nox.Session, choice: RowChoice) -> Plan:
    options = Options("verify")
    options.add_argument("--as-of", type=instant, metavar="2025-04-01T00:00:00Z")
    options.add_argument("--interpreter", metavar="/opt/venv/bin/python")
    given = options.parse_args(session.posargs)
    matrix = load_matrix(choice.file)
    interpreter = given.interpreter or matrix.rows[choice.row].interpreter
    if interpreter and given.as_of:
        raise StackproofError(
            f"--as-of fixes nothing of an environment that exists ({interpreter}); leave it out"
        )
    return make_plan(
        matrix,
        name=choice.file.stem,
        row=choice.row,
        python=session.python if isinstance(session.python, str) else choice.python,
        interpreter=interpreter,
        as_of=given.as_of,
        # Nothing but test tools is installed beside an environment that exists.
        installer=DEFAULT.name if interpreter else installer(session).name,
    )
