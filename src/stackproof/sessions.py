"""What the nox sessions do: from nox's words to ours and back."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import nox
from rich.console import Console

from stackproof import verify as verification
from stackproof.errors import StackproofError
from stackproof.matrix import find_matrices, load_matrix
from stackproof.plan import Installer, Plan, make_plan
from stackproof.progress import Progress
from stackproof.report import print_verdict

__all__ = ["RowChoice", "rows", "verify"]


@dataclass(frozen=True, kw_only=True)
class RowChoice:
    """A row that nox offers: the matrix file, the row's name, its Python version."""

    file: Path
    row: str
    python: str
    default: bool

    def __str__(self) -> str:
        """Return `<matrix>/<row>`, as sessions and report folders are named."""
        return f"{self.file.stem}/{self.row}"


def rows(folder: Path) -> list[RowChoice]:
    """Return the rows of every matrix of a folder, in the order of the files.

    Raises SystemExit with every problem of a matrix that cannot be used.
    """
    choices: list[RowChoice] = []
    problems: list[str] = []
    for name, file in find_matrices(folder).items():
        try:
            matrix = load_matrix(file)
        except StackproofError as error:
            problems.append(str(error))
            continue
        for row in matrix.rows:
            plan = make_plan(matrix, name=name, row=row)
            default = matrix.rows[row].default
            choices.append(RowChoice(file=file, row=row, python=plan.python, default=default))
    if problems:
        raise SystemExit("\n".join(problems))
    return choices


def verify(session: nox.Session, choice: RowChoice, root: Path) -> None:
    """Verify a row in the session's environment; fail the session if there is news."""
    # nox hears every logger; that a connection was opened is no news to its user.
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    console = Console(soft_wrap=True)
    project = verification.Project(root=root, environ=_environ(session))
    try:
        plan = _plan(session, choice)
        venv = Path(session.virtualenv.location)
        verdict, evidence = verification.verify(plan, venv, project, Progress(console))
    except StackproofError as error:
        session.error(f"exit 2, could not judge: {error}")
    report = (evidence.folder / "report.md").relative_to(root)
    print_verdict(verdict, report, console)
    if verdict.exit_code:
        session.error(f"exit {verdict.exit_code}")


def _plan(session: nox.Session, choice: RowChoice) -> Plan:
    options = _options(session.posargs)
    python = session.python if isinstance(session.python, str) else choice.python
    return make_plan(
        load_matrix(choice.file),
        name=choice.file.stem,
        row=choice.row,
        python=python,
        as_of=options.as_of,
        installer=_installer(session),
    )


def _installer(session: nox.Session) -> Installer:
    backend = session.virtualenv.venv_backend
    if backend == "uv":
        return "uv"
    if backend in ("virtualenv", "venv"):
        return "pip"
    raise StackproofError(
        f"the venv backend {backend!r} is not one that rows can be built with; "
        "use uv, virtualenv or venv"
    )


def _environ(session: nox.Session) -> dict[str, str]:
    """Return the outer environment with nox's changes for the session, None meaning unset."""
    merged: dict[str, str | None] = {**os.environ, **session.env}
    return {name: value for name, value in merged.items() if value is not None}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise StackproofError(f"{message}; {self.format_usage().strip()}")


def _options(posargs: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog="nox -s verify --", add_help=False, allow_abbrev=False)
    parser.add_argument("--as-of", type=instant, metavar="2025-04-01T00:00:00Z")
    return parser.parse_args(list(posargs))


def instant(text: str) -> datetime:
    """Return a full UTC timestamp; raise ArgumentTypeError for anything less."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a full UTC timestamp such as 2025-04-01T00:00:00Z"
        ) from None
