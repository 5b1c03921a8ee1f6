"""Make the sessions of stackproof in a noxfile, whosever it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import nox

from stackproof import cli
from stackproof.cli.offers import RowChoice, rows
from stackproof.evidence.layout import WORKLOADS, Project

__all__ = ["register"]

_VERIFY = "Prove or disprove every claim of a row; -- [--as-of TIMESTAMP|--interpreter PYTHON]."
_OPTIONAL = "Do the same for the rows that are not run by default."
#: The sessions that need no environment of their own: what each does, and what may stand behind
#: `--`. A name with underscores is the door in `stackproof.cli`; nox has it with hyphens.
_SESSIONS = {
    "candidate": (
        "Try upgrades",
        "NAME[==VERSION] ... [--row ROW] [--with NAME==VERSION] [--first-look] [--promote]",
    ),
    "frontier": ("Say how far each pin can be taken", "[NAME ...] [--row ROW] [--as-of TIMESTAMP]"),
    "audit": (
        "Judge all claims by metadata alone, in seconds",
        "[MATRIX[/ROW] ...|FILE] [--document FILE]",
    ),
    "links": (
        "Say which calls between distributions are broken, without building",
        "[MATRIX/]ROW|FILE [NAME==VERSION ...] [--python X.Y] [--against ROW[@DATE]]",
    ),
    "grid": (
        "Say which versions go together",
        "'A=1,2' 'B>=1,<3' [--python X.Y] [--as-of TIMESTAMP]",
    ),
    "confirm": (
        "Ask for what is unexpected in a row's newest run once more",
        "[MATRIX/]ROW",
    ),
    "diagnose": (
        "Say what broke a stack, since when, and what to add",
        "[MATRIX/]ROW|FILE [--python X.Y] [--workload FILE.py ...] [--as-of TIMESTAMP]",
    ),
    "timeline": (
        "Find since when checks fail, and by which release",
        "[ROW] [--since] [--until] [--check]",
    ),
    "repair": ("Find pins, none too many, that fix a row", "[ROW] [--as-of] [--write|--in-place]"),
    "calibrate": (
        "Ask workloads on the newest, documented and oldest releases",
        "[NAME ...] [--row ROW]",
    ),
    "lock": (
        "Lock what was proved of a row, with hashes",
        "[ROW] [--as-of TIMESTAMP] [--platform NAME]",
    ),
    "publish": ("Give what was locked of a row a name", "[ROW] [--as NAME] [--wheel]"),
    "matrix_from": (
        "Write a first matrix",
        "FILE [--python X.Y] [--name NAME]",
    ),
    "init": ("Set a repository up: noxfile, matrix, workflow", "[FILE]"),
    "changes": ("Say what changed since the last run as expected", "[MATRIX/ROW ...]"),
    "thin": ("Prune old evidence, but never that of the last run as expected", "[--keep N]"),
    "monthly": (
        "Take a step of the scheduled run",
        "jobs|run|merge|news|comment|history ...; see docs/monthly.md",
    ),
    "report": ("Write every report again from evidence and history", "[--lang en|ko]"),
    "document": (
        "Write the document's table again",
        "[ROW ...] [--document FILE.md] [--lang en|ko]",
    ),
}


def register(
    *,
    root: str | Path | None = None,
    matrices: str | Path = "matrices",
    workloads: Sequence[str | Path] = (WORKLOADS,),
    reports: str | Path = "reports",
) -> None:
    """Make the sessions that prove the matrices of a repository; to be called in its noxfile.

    `root` is the repository's folder, where the noxfile lies if None. `matrices` is the folder of
    the matrix files, `reports` the one that evidence goes to, `workloads` those of the repository's
    own workloads; each may be relative to `root`.
    """
    # nox moves to the noxfile's folder before it reads the file.
    project = Project.at(
        Path.cwd() / (root or ""),
        os.environ,
        matrices=matrices,
        workloads=workloads,
        reports=reports,
    )
    # A row that nothing ran for is not proved; nox would pass over it in silence.
    nox.options.error_on_missing_interpreters = True
    # For Python 3.11 and older virtualenv brings setuptools along, uv does not: what a stack is
    # made of must not hang on who made its environment.
    os.environ.setdefault("VIRTUALENV_NO_SETUPTOOLS", "true")
    found = rows(project.matrices)
    _register_rows("verify", found, project, default=True)
    _register_rows("verify-optional", found, project, default=False)
    for door, (what, arguments) in _SESSIONS.items():
        made = _session(door, f"{what}: -- {arguments}.", project)
        nox.session(name=door.replace("_", "-"), default=False, venv_backend="none")(made)


def _session(door: str, summary: str, project: Project) -> Callable[[nox.Session], None]:
    def call(session: nox.Session) -> None:
        os.chdir(project.root)  # nox begins in the noxfile's folder
        getattr(cli, door)(session, project)

    call.__doc__ = summary
    return call


def _asks_of_an_interpreter() -> bool:
    """Tell whether rows are asked of an environment that exists.

    nox hands over what stands behind `--` when it has made the environments, or failed to: the
    Python of an image need not be one that it finds.
    """
    return any(word.partition("=")[0] == "--interpreter" for word in sys.argv)


def _register_rows(
    name: str, found: Sequence[RowChoice], project: Project, *, default: bool
) -> None:
    chosen = {str(row): row for row in found if row.default == default or row.problems}
    exists = _asks_of_an_interpreter()
    # nox writes parameters into its JSON reports, also into those of `-j`, so they are plain text.
    # Where Python is False, nox makes no environment.
    parameters = [
        nox.param(row.python if row.builds and not exists else False, text, id=text)
        for text, row in chosen.items()
    ]
    # nox passes over a session without parameters in silence, and nothing proved is no success.
    if not parameters and not default:
        return
    if not parameters:
        parameters = [nox.param(None, "", id="none")]

    def call(session: nox.Session, row: str) -> None:
        os.chdir(project.root)
        cli.verify(session, chosen.get(row), project)

    call.__doc__ = _VERIFY if default else _OPTIONAL
    parametrized = nox.parametrize("python,row", parameters)(call)
    nox.session(name=name, allow_parallel=True, default=default, venv_backend="uv")(parametrized)
