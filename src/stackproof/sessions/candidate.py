"""`nox -s candidate`: trial an upgrade, and say what it would break that works today."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import nox
from platformdirs import user_cache_path

from stackproof.candidate.catalogue import IndexCatalogue
from stackproof.candidate.request import Request, parse_request
from stackproof.candidate.scheme import Scheme, Trial, make_scheme
from stackproof.candidate.summary import print_trials
from stackproof.candidate.trial import Bench
from stackproof.candidate.verdict import TrialVerdict
from stackproof.errors import StackproofError
from stackproof.index.client import IndexClient
from stackproof.index.default import default_index
from stackproof.index.memory import Memory
from stackproof.index.resolver import Resolver
from stackproof.laboratory import Laboratory
from stackproof.matrix import Matrix, find_matrices, load_matrix
from stackproof.matrix.references import nearest
from stackproof.plan import Installer, Plan, make_plan
from stackproof.progress import Progress
from stackproof.project import Project
from stackproof.sessions.nox_session import console, environ
from stackproof.sessions.options import Options, instant, python_version

__all__ = ["candidate"]

_MOST_DAYS = 36500


def candidate(session: nox.Session, root: Path) -> None:
    """Try the upgrades that stand behind `--`; fail the session if one breaks what worked."""
    screen = console()
    try:
        project = Project(root=root, environ=environ(session))
        given = _options(session.posargs)
        trials = _Trials(given, project, Progress(screen))
        for note in trials.scheme.notes:
            screen.print(note, markup=False, highlight=False)
        found = trials.run()
    except StackproofError as error:
        session.error(f"exit 2, could not judge: {error}")
    print_trials(found, screen)
    code = exit_code(found)
    if code:
        session.error(f"exit {code}")


def exit_code(trials: Sequence[TrialVerdict]) -> int:
    """Return the worst exit code, an upgrade counting as its better trial.

    One that is safe only with its companions has an answer to act on, and breaks nothing.
    """
    best: dict[tuple[str, ...], int] = {}
    for trial in trials:
        asked = tuple(name for name in trial.requested if name not in trial.companions)
        best[asked] = min(best.get(asked, trial.exit_code), trial.exit_code)
    return max(best.values())


def _options(posargs: list[str]) -> argparse.Namespace:
    options = Options("candidate")
    options.add_argument("requests", nargs="*", metavar="REQ", type=parse_request)
    options.add_argument("--row", default="verified", metavar="[MATRIX/]ROW")
    options.add_argument("--python", type=python_version, metavar="3.12")
    options.add_argument(
        "--with",
        dest="extra",
        action="append",
        default=[],
        type=_exact,
        metavar="NAME==VERSION",
    )
    options.add_argument("--as-of", type=instant, metavar="2025-04-01T00:00:00Z")
    options.add_argument("--baseline-age", type=_days, default=_days("1"), metavar="DAYS")
    given = options.parse_args(posargs)
    if not (given.requests or given.extra or given.python):
        options.error("name an upgrade to try, such as torch==2.6.0")
    return given


def _days(text: str) -> timedelta:
    days = float(text)
    if not 0 <= days <= _MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days up to {_MOST_DAYS}")
    return timedelta(days=days)


def _exact(text: str) -> Request:
    request = parse_request(text)
    if request.version is None:
        raise argparse.ArgumentTypeError(f"{text!r} names no version; write {request.name}==1.2.3")
    return request


class _Trials:
    """The trials that one command line asks for."""

    def __init__(self, given: argparse.Namespace, project: Project, progress: Progress) -> None:
        self._given = given
        self._project = project
        self._progress = progress
        self._name, self._row, self._matrix = _find_row(given.row, project.root / "matrices")
        self._installer: Installer = "uv"
        row_plan = make_plan(self._matrix, name=self._name, row=self._row)
        index = default_index(self._installer, project.environ)
        home = user_cache_path("stackproof") / "index"
        self._resolver = Resolver(
            memory=Memory(home / "computed"), index=index, environ=project.environ
        )
        with IndexClient(home) as client:
            self.scheme: Scheme = make_scheme(
                given.requests,
                pins=[pin.name for pin in row_plan.pins],
                groups=self._matrix.groups,
                catalogue=IndexCatalogue(client, index),
                as_of=given.as_of or row_plan.as_of,
            )

    def run(self) -> list[TrialVerdict]:
        """Make the trials, one after another: each of them uses every core."""
        bench = Bench(
            laboratory=Laboratory(project=self._project, progress=self._progress),
            resolver=self._resolver,
            baseline_age=self._given.baseline_age,
        )
        base = self._plan(Trial(asked={}), is_base=True)
        return [
            bench.try_out(
                self._plan(trial),
                base,
                tuple(f"{item.name}=={item.version}" for item in trial.companions),
            )
            for trial in self.scheme.trials
        ]

    def _plan(self, trial: Trial, *, is_base: bool = False) -> Plan:
        extra = [] if is_base else [str(request) for request in self._given.extra]
        python = None if is_base else self._given.python
        requested = [f"{name}=={version}" for name, version in sorted(trial.versions.items())]
        requested += extra + ([f"python=={python}"] if python else [])
        return make_plan(
            self._matrix,
            name=self._name,
            row=self._row,
            python=python,
            as_of=self.scheme.as_of,
            installer=self._installer,
            versions=trial.versions,
            extra=extra,
            requested=requested,
        )


def _find_row(text: str, folder: Path) -> tuple[str, str, Matrix]:
    """Return matrix name, row name and matrix of `[MATRIX/]ROW`."""
    wanted, _, row = text.rpartition("/")
    matrices = {name: load_matrix(file) for name, file in find_matrices(folder).items()}
    found = [
        name for name, matrix in matrices.items() if row in matrix.rows and wanted in ("", name)
    ]
    if len(found) != 1:
        every = [f"{name}/{row}" for name, matrix in matrices.items() for row in matrix.rows]
        what = "no row" if not found else "more than one row"
        raise StackproofError(f"there is {what} {text!r}; {nearest(text, every)}")
    return found[0], row, matrices[found[0]]
