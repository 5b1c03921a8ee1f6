"""`nox -s candidate`: trial an upgrade, and say what it would break that works today."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import nox

from stackproof.cli.candidate_links import links_of_trials
from stackproof.cli.machines import add_machines, open_machines
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options, instant, python_version
from stackproof.cli.wiring import Context, open_context
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.experiments.candidate.fixing import fixes
from stackproof.experiments.candidate.group_resolution import Baseline
from stackproof.experiments.candidate.promotion import (
    promote_as_row,
    promote_into_row,
    require_new_row,
    require_pins_alone,
)
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.experiments.candidate.trial import FirstAnswer, FirstAnswers, LookFirst
from stackproof.experiments.candidate.trial_plan import TrialPlan, make_trial_plan
from stackproof.experiments.candidate.trial_series import TrialSeries
from stackproof.index.advisories.source import AdvisorySource
from stackproof.index.request import Request, parse_request
from stackproof.matrix.planned import Change
from stackproof.report.candidate import first_answer_line, first_look_lines, print_trial
from stackproof.report.tables import print_lines

__all__ = ["candidate"]

_MOST_DAYS = 36500
_PROMOTED = ("row", "pins")


@ends_in_words()
def candidate(session: nox.Session, project: Project) -> None:
    """Try the upgrades that stand behind `--`; fail the session if one breaks what worked."""
    screen = console()
    found: list[TrialVerdict] = []
    project = open_project(session, project)
    given = _options(session.posargs)
    with (
        open_machines(given, project) as machines,
        open_context(project, screen, machines) as context,
    ):
        for requests in _attempts(given, context):
            given.requests = requests
            found = _carry_out(given, context)
            if exit_code(found) == 0:
                break
    code = exit_code(found)
    if code:
        session.error(f"exit {code}")


def _attempts(given: argparse.Namespace, context: Context) -> Sequence[Sequence[Request]]:
    """Return what to try in turn until something is safe: what was asked for, or fixes."""
    if given.fix is None:
        return [given.requests]
    planner = context.planner(given.row, given.as_of, usual="verified")
    place, pins = planner.matrix.policy.advisories, planner.base().versions
    if place is None:
        raise StackproofError(
            f"{context.file(planner).name} names no advisories; write a folder, a file or an "
            "address of them as advisories in [policy]"
        )
    known = AdvisorySource(place=place, root=context.project.root).ask(pins)
    return [[item] for item in fixes(given.fix, pins, known.found, context.catalogue(planner))]


def _carry_out(given: argparse.Namespace, context: Context) -> list[TrialVerdict]:
    """Make the trials of what is requested, print each, and promote what is safe if wanted."""
    screen, trials = context.screen, _Trials(given, context)
    found: list[TrialVerdict] = []
    trials.require_promotable()
    for note in trials.plan.notes:
        screen.print(note, markup=False, highlight=False)
    if not given.first_look:  # which comes before all that takes time
        print_lines(screen, trials.links())
    for trial in trials.run():
        known = {other.requested for other in found}
        print_trial(trial, screen, again=trial.requested in known)
        found.append(trial)
    if given.first_look:
        print_lines(screen, trials.links())
    if given.promote:
        screen.print(trials.promote(found), markup=False, highlight=False)
    return found


def exit_code(trials: Sequence[TrialVerdict]) -> int:
    """Return the exit code of all that was asked for, if that is safe, or else the worst one.

    An upgrade counts as its better trial: one that is safe only with its companions has an answer
    to act on, and breaks nothing. So has one that is safe only together with the others. Where
    neither is safe, one that was not judged leaves the answer open.
    """
    codes: dict[tuple[Change, ...], set[int]] = {}
    for trial in trials:
        asked = tuple(item for item in trial.requested if item not in trial.companions)
        codes.setdefault(asked, set()).add(trial.exit_code)
    if 0 in codes[max(codes, key=len)]:
        return 0
    return max(0 if 0 in some else max(some) for some in codes.values())


def _options(posargs: list[str]) -> argparse.Namespace:
    options = Options("candidate")
    options.add_argument("requests", nargs="*", metavar="REQ", type=parse_request)
    options.add_argument("--row", metavar="[MATRIX/]ROW")
    options.add_argument("--python", type=python_version, metavar="3.12")
    options.add_argument(
        "--with",
        dest="extra",
        action="append",
        default=[],
        type=_exact,
        metavar="NAME==VERSION",
    )
    options.add_argument("--fix", metavar="ADVISORY")
    options.add_argument("--as-of", type=instant, metavar="2025-04-01T00:00:00Z")
    options.add_argument("--baseline-age", type=_days, default=_days("1"), metavar="DAYS")
    add_machines(options)
    options.add_argument("--first-look", action="store_true")
    options.add_argument("--promote", nargs="?", const="row", choices=_PROMOTED)
    given = options.parse_intermixed_args(_promoting(posargs))
    if given.fix and (given.requests or given.extra or given.python):
        options.error("--fix finds out itself what to try; name nothing else")
    if given.first_look and given.on:
        options.error("--first-look is taken of builds on this machine; leave out --on")
    if not (given.requests or given.extra or given.python or given.fix):
        options.error("name an upgrade to try, such as torch==2.6.0")
    return given


def _promoting(posargs: Sequence[str]) -> list[str]:
    """Spell a bare `--promote` out: a request behind it would be taken for its value."""
    following = [*posargs, ""][1:]
    return [
        "--promote=row" if option == "--promote" and value not in _PROMOTED else option
        for option, value in zip(posargs, following, strict=True)
    ]


def _days(text: str) -> timedelta:
    try:
        days = float(text)
    except ValueError:
        days = math.nan  # in no range
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

    def __init__(self, given: argparse.Namespace, context: Context) -> None:
        planner = context.planner(given.row, given.as_of, usual="verified")
        self._file = context.file(planner)
        catalogue = context.catalogue(planner)
        baseline = Baseline.of(planner.base(), catalogue, fixed=given.as_of is not None)
        self.plan: TrialPlan = make_trial_plan(given.requests, baseline, given.extra)
        self._by_age = given.as_of is None and not self.plan.moved
        self._series = TrialSeries(
            bench=context.bench(
                baseline_age=given.baseline_age,
                recall=False,
                look_first=(
                    LookFirst(go_on=self._tell, heard=self._hear) if given.first_look else None
                ),
            ),
            planner=replace(
                planner,
                as_of=self.plan.as_of,
                own_cut_off=given.as_of is None,
                python=given.python,
                extra=self.plan.extra,
            ),
            catalogue=catalogue,
        )
        self._context = context
        self._promoted: str | None = given.promote
        self._heard = False

    def _hear(self, answer: FirstAnswer) -> None:
        """Tell the very first answer, so that something is known, and each check that breaks."""
        if answer.breaks or not self._heard:
            print_lines(self._context.screen, [first_answer_line(answer)])
        self._heard = True

    def _tell(self, answers: FirstAnswers) -> bool:
        """Tell what the checks that a trial reaches answer; the verdict is that of the whole."""
        print_lines(self._context.screen, first_look_lines(answers))
        self._heard = False
        return True

    def require_promotable(self) -> None:
        """Raise StackproofError if what is to be promoted could not be: before it takes minutes."""
        if self._promoted is None:
            return
        rows, file = self._series.planner.matrix.rows, self._file.name
        everything = set(self.plan.trials[-1].asked)
        for trial in (item for item in self.plan.trials if everything <= set(item.asked)):
            plan = self._series.planner.trial(trial.versions)
            if self._promoted == "pins":
                require_pins_alone(plan, rows[plan.row], by_age=self._by_age)
            else:
                require_new_row(plan, rows, file, by_age=self._by_age)

    def links(self) -> Iterator[str]:
        """Yield what links say of the trials, before any is built."""
        return links_of_trials(self.plan, self._series.planner, self._context)

    def run(self) -> Iterator[TrialVerdict]:
        """Make the trials, yielding each as soon as it is known."""
        return self._series.run(self.plan)

    def promote(self, found: Sequence[TrialVerdict]) -> str:
        """Write the trial of all that was asked for into the matrix, if it is safe; say so."""
        write = promote_into_row if self._promoted == "pins" else promote_as_row
        everything = {Change(*item) for item in self.plan.trials[-1].asked.items()}
        for trial in reversed(found):
            if trial.safe and everything <= set(trial.requested) - set(trial.companions):
                plan = self._series.bench.evidence(trial).plan
                today = datetime.now(timezone.utc).date()
                row = write(self._file, trial, plan, today, by_age=self._by_age)
                return f"wrote row {row!r} into matrices/{self._file.name}"
        return "no trial of all that was asked for is safe; nothing was written"
