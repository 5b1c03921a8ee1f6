"""`nox -s candidate`: trial an upgrade, and say what it would break that works today."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import nox

from stackproof.candidate.campaign import Campaign
from stackproof.candidate.promotion import promote_as_row, promote_into_row
from stackproof.candidate.request import Request, parse_request
from stackproof.candidate.scheme import Scheme, make_scheme
from stackproof.candidate.summary import print_trials
from stackproof.candidate.verdict import TrialVerdict
from stackproof.errors import StackproofError
from stackproof.progress import Progress
from stackproof.project import Project
from stackproof.sessions.nox_session import console, environ
from stackproof.sessions.options import Options, instant, python_version
from stackproof.sessions.trials import Opened, open_bench

__all__ = ["candidate"]

_MOST_DAYS = 36500


def candidate(session: nox.Session, root: Path) -> None:
    """Try the upgrades that stand behind `--`; fail the session if one breaks what worked."""
    screen = console()
    try:
        project = Project(root=root, environ=environ(session))
        given = _options(session.posargs)
        opened = open_bench(
            given.row,
            project,
            Progress(screen),
            as_of=given.as_of,
            baseline_age=given.baseline_age,
            recall=False,
        )
        with opened as bench:
            trials = _Trials(given, bench)
            for note in trials.scheme.notes:
                screen.print(note, markup=False, highlight=False)
            found = trials.run()
            print_trials(found, screen)
            if given.promote:
                screen.print(trials.promote(found), markup=False, highlight=False)
    except StackproofError as error:
        session.error(f"exit 2, could not judge: {error}")
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
    options.add_argument("--promote", nargs="?", const="row", choices=("row", "pins"))
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

    def __init__(self, given: argparse.Namespace, opened: Opened) -> None:
        self._opened = opened
        own = self._opened.planner.base()
        self.scheme: Scheme = make_scheme(
            given.requests,
            pins=[pin.name for pin in own.pins],
            groups=self._opened.planner.matrix.groups,
            catalogue=self._opened.catalogue,
            as_of=own.as_of,
        )
        extra = tuple(str(request) for request in given.extra)
        self._campaign = Campaign(
            bench=self._opened.bench,
            planner=replace(
                self._opened.planner, as_of=self.scheme.as_of, python=given.python, extra=extra
            ),
            catalogue=self._opened.catalogue,
        )
        self._write = promote_into_row if given.promote == "pins" else promote_as_row

    def run(self) -> list[TrialVerdict]:
        """Make the trials."""
        return self._campaign.run(self.scheme)

    def promote(self, found: Sequence[TrialVerdict]) -> str:
        """Write the trial of all that was asked for into the matrix; say what was done.

        Raises StackproofError if it is not safe.
        """
        everything = set(self.scheme.trials[-1].asked)
        for trial in reversed(found):
            asked = {text.partition("==")[0] for text in trial.requested}
            if trial.safe and everything <= asked:
                plan = self._campaign.bench.evidence(trial).plan
                row = self._write(self._opened.file, trial, plan, datetime.now(timezone.utc).date())
                return f"wrote row {row!r} into matrices/{self._opened.file.name}"
        raise StackproofError("no trial of all that was asked for is safe; nothing was written")
