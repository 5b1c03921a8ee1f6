"""`nox -s frontier`: how far each pin can be taken, and what stands in the way."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import nox
from packaging.utils import canonicalize_name

from stackproof.base.records import write_atomically
from stackproof.base.text import count, nearest
from stackproof.base.times import timestamp
from stackproof.ci.merging import merge_reports
from stackproof.cli.frontier_jobs import tell_jobs
from stackproof.cli.machines import add_machines, open_machines
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options, instant
from stackproof.cli.wiring import Context, open_context
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.experiments.candidate.trial import FirstAnswers, LookFirst
from stackproof.experiments.frontier.explore import Explorer
from stackproof.experiments.frontier.record import Frontier, Joint, PinFrontier
from stackproof.experiments.reach import TrialReach
from stackproof.report.frontier import frontier_markdown, pin_line, print_frontier

__all__ = ["frontier"]

_ANY_AGE = timedelta(days=36500)


@ends_in_words()
def frontier(session: nox.Session, project: Project) -> None:
    """Explore the pins that stand behind `--`, or all of them, and print the table."""
    screen = console()
    project = open_project(session, project)
    given = _options(session.posargs)
    with (
        open_machines(given, project) as machines,
        open_context(project, screen, machines) as context,
    ):
        if given.merge is not None:
            # What a job found is taken as found here; what none of them brought is made here.
            merge_reports(project.reports, given.merge)
        work = _Frontier(given, context)
        if given.jobs:
            work.tell_jobs()
            return
        try:
            work.explore()
        finally:
            # Also on Ctrl-C: what was found stays found, and the next run goes on from there.
            work.tell()
        work.require_judged()


def _options(posargs: list[str]) -> argparse.Namespace:
    options = Options("frontier")
    options.add_argument("names", nargs="*", metavar="NAME", type=canonicalize_name)
    options.add_argument("--row", metavar="[MATRIX/]ROW")
    options.add_argument("--sample", type=_number, default=0, metavar="N")
    options.add_argument("--as-of", type=instant, default=_today(), metavar="2025-04-01T00:00:00Z")
    options.add_argument("--jobs", action="store_true")
    options.add_argument("--only", type=_names, metavar="NAME[,NAME]")
    options.add_argument("--merge", type=Path, metavar="FOLDER")
    add_machines(options)
    given = options.parse_args(posargs)
    if given.only and (given.names or given.jobs or given.merge):
        options.error("--only does one job; leave out what is for all of them")
    if given.merge is not None and not given.merge.is_dir():
        options.error(
            f"--merge takes the evidence of jobs from a folder, and {given.merge} is none"
        )
    given.names = given.only or given.names
    return given


def _names(text: str) -> list[str]:
    return [str(canonicalize_name(name)) for name in text.split(",") if name]


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of trials")
    return int(text)


def _today() -> datetime:
    """Return the beginning of the day, so that all runs of a day have their trials in common."""
    return datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)


class _Frontier:
    """The frontier of one row, as far as it is known."""

    def __init__(self, given: argparse.Namespace, context: Context) -> None:
        self._screen = context.screen
        self._samples: int = given.sample
        self._as_of: datetime = given.as_of
        self._one_job: bool = given.only is not None
        # Some pins' table does not take the place of the one of all.
        self._stem = "frontier-named" if given.names else "frontier"
        planner = context.planner(given.row, given.as_of, usual="verified")
        self._explorer = Explorer(
            # A cut-off fixes what a trial is made of, so one made before needs no repetition.
            bench=context.bench(
                baseline_age=_ANY_AGE,
                recall=True,
                quiet=True,
                look_first=LookFirst(
                    go_on=self._goes_on,
                    # A sample goes through all that it reaches, and all others.
                    one_break_is_enough=lambda: self._samples <= 0,
                ),
            ),
            prober=context.prober(planner),
            planner=planner,
            catalogue=context.catalogue(planner),
            progress=context.progress,
        )
        self._row = planner.label
        self._project, self._home = context.project, context.project.reports / self._row
        self._names = _chosen(given.names, [pin.name for pin in planner.base().pins])
        self._pins: list[PinFrontier] = []
        self._joint: Joint | None = None

    def _goes_on(self, answers: FirstAnswers) -> bool:
        """Say whether a trial is asked every check, after those that it reaches.

        What breaks one of these is told by that, but for some samples; what breaks none has to pass
        the whole suite.
        """
        if not answers.broken:
            return True
        self._samples -= 1
        return self._samples >= 0

    def tell_jobs(self) -> None:
        """Print a job for each pin, for CI engines that have a machine for each."""
        tell_jobs(
            self._names,
            row=self._row,
            as_of=timestamp(self._as_of),
            python=self._explorer.planner.base().python,
            environ=self._project.environ,
        )

    def explore(self) -> None:
        """Explore every pin, then all together; what is known is written after each step.

        One job of several leaves out the second: it takes what all of them found.
        """
        for pins in self._explorer.explore(self._names):
            self._pins = pins
            self._write()
            self._say(f"{len(pins)} of {len(self._names)}, {pin_line(pins[-1])}")
        if not self._one_job:
            self._joint = self._explorer.together(self._pins)
            self._write()

    def state(self) -> Frontier:
        """Return what is known by now."""
        return Frontier(
            row=self._row,
            as_of=timestamp(self._as_of),
            complete=self._joint is not None,
            pins=tuple(self._pins),
            joint=self._joint,
        )

    def require_judged(self) -> None:
        """Raise StackproofError if some version could not be judged: a pin may go higher.

        So it does where a check answers otherwise that a first look would have left out.
        """
        if wrong := [item for reach in self._reaches for item in reach.disagreements]:
            raise StackproofError(
                "a first look would have left out what answers otherwise: "
                f"{'; '.join(map(str, wrong))}"
            )
        unknown = [f"{pin.name} {step.version}" for pin in self._pins for step in pin.unjudged]
        if self._joint is not None and self._joint.unjudged is not None:
            unknown.append("all together")
        if unknown:
            raise StackproofError(
                f"{', '.join(unknown)}; the rest of the table stands, and the next run asks again"
            )

    def tell(self) -> None:
        """Print what is known by now, and where it is written."""
        print_frontier(self.state(), self._screen)
        if self._reaches:
            left_out = sum(reach.left_out for reach in self._reaches)
            wrong = sum(len(reach.disagreements) for reach in self._reaches)
            self._say(
                f"of what {count(len(self._reaches), 'whole trial')} did not reach, {wrong} of "
                f"{count(left_out, 'check')} answered otherwise"
            )
        if self._pins:
            page = self._project.shown(self._file.with_suffix(".md"))
            self._say(f"frontier: {page}")

    def _say(self, line: str) -> None:
        self._screen.print(line, markup=False, highlight=False, soft_wrap=True)

    @property
    def _reaches(self) -> Sequence[TrialReach]:
        return list(self._explorer.bench.reaches.values())

    @property
    def _file(self) -> Path:
        """Where the table is written: one that is not finished takes no other one's place."""
        return self._home / f"{self._stem}{'-unfinished' if self._joint is None else ''}.json"

    def _write(self) -> None:
        state = self.state()
        state.write(self._file)
        write_atomically(self._file.with_suffix(".md"), frontier_markdown(state))
        if state.complete:
            for file in self._home.glob(f"{self._stem}-unfinished.*"):
                file.unlink()


def _chosen(names: Sequence[str], pins: Sequence[str]) -> Sequence[str]:
    unknown = [name for name in names if name not in pins]
    if unknown:
        raise StackproofError(f"the row has no pin {unknown[0]!r}; {nearest(unknown[0], pins)}")
    return list(dict.fromkeys(names)) or pins
