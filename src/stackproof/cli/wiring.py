"""What sessions work with, put together once: rows, an index and its resolver, runs and probes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path

from rich.console import Console

from stackproof.base.progress import Progress
from stackproof.cli.links_beside import look_command
from stackproof.cli.rows import find_row
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InRow
from stackproof.evidence.verdict import judge
from stackproof.experiments.candidate.trial import Bench, LookFirst
from stackproof.experiments.found import Found
from stackproof.experiments.machines.here import Here
from stackproof.experiments.machines.machines import Machines
from stackproof.experiments.planner import Planner
from stackproof.experiments.prober import Prober
from stackproof.experiments.resolution import TrialResolver
from stackproof.experiments.runner import Runner
from stackproof.index.catalogue import IndexCatalogue
from stackproof.index.client import IndexClient
from stackproof.index.history import Releases
from stackproof.installers.interpreters import find_target
from stackproof.installers.known import DEFAULT
from stackproof.installers.resolver import Resolver
from stackproof.matrix.plan import Plan
from stackproof.report.candidate import write_trial
from stackproof.report.files import conclude

__all__ = ["Context", "open_context"]


@dataclass(frozen=True, kw_only=True)
class Context:
    """One session's project, its screen, and the index that the installers' settings name.

    `machines` carry out its plans.
    """

    project: Project
    screen: Console
    client: IndexClient
    index: str
    machines: Machines = field(default_factory=Here)

    def planner(
        self, text: str | None, as_of: datetime | None = None, *, usual: str = ""
    ) -> Planner:
        """Return the planner of the row `[MATRIX/]ROW`, with a cut-off in place of its own.

        Where the user names none, it is the one called `usual`, or the only one run by default.
        Raises StackproofError if there is no such row, or it is of an environment that exists.
        """
        name, row, matrix = find_row(text, self.project.matrices, usual)
        if matrix.rows[row].interpreter is not None:
            raise StackproofError(
                f"{name}/{row} is of an environment that exists, into which nothing is installed; "
                "name a row that installs its pins"
            )
        return Planner(matrix=matrix, name=name, row=row, as_of=as_of)

    def file(self, planner: Planner) -> Path:
        """Return the file of a row's matrix."""
        return self.project.matrices / f"{planner.name}.toml"

    @cached_property
    def progress(self) -> Progress:
        """What tells of the parts of a search, one line each: a screen has one moving line."""
        return Progress(self.screen, stop=self.machines.stop)

    @cached_property
    def resolver(self) -> Resolver:
        """What resolves with the session's settings."""
        return Resolver(client=self.client, index=self.index, environ=self.project.environ)

    def runner(self, *, quiet: bool = False, outer: Progress | None = None) -> Runner:
        """Return what carries out plans; if it is `quiet`, without saying what it does.

        `outer` is of that which the plans are a part of.
        """
        screen = Console(quiet=True) if quiet else self.screen
        return Runner(
            project=self.project,
            progress=Progress(screen, outer, self.machines.stop),
            conclude=conclude,
            look=look_command,
            machines=self.machines,
        )

    def prober(self, planner: Planner) -> Prober:
        """Return what makes probes of a row and remembers them, one line of progress for each."""
        return Prober(
            runner=self.runner(quiet=True, outer=self.progress),
            home=self.project.reports / planner.label / InRow.PROBES,
            progress=self.progress,
        )

    def releases(self, plan: Plan) -> Releases:
        """Return what the index says of releases that a plan's interpreter can install."""
        target = find_target(plan.python, self.project.environ)
        return Releases(client=self.client, index=self.index, target=target)

    def recent(self, plan: Plan) -> Found | None:
        """Return what a run of this very plan found, if there is one not older than a day."""
        yesterday = datetime.now(timezone.utc) - timedelta(days=1)
        run = self.runner().recall(plan, not_before=yesterday)
        return None if run is None else Found.of(run, judge(run))

    def catalogue(self, planner: Planner) -> IndexCatalogue:
        """Return the catalogue of releases, those of a row's pins from the indexes of its stages.

        Of several stages the last one counts, as it does in the environment.
        """
        own = {pin: stage.index for stage in planner.base().stages for pin in stage.pins}
        return IndexCatalogue(self.client, self.index, own)

    def bench(
        self,
        *,
        baseline_age: timedelta,
        recall: bool,
        quiet: bool = False,
        look_first: LookFirst | None = None,
    ) -> Bench:
        """Return where trials are made; with `recall` none is made that was made before.

        The baseline is not older than `baseline_age`; one that this session makes is fresh for all
        of its trials. For `look_first` see `Bench`.
        """
        return Bench(
            runner=self.runner(quiet=quiet, outer=self.progress if quiet else None),
            write=write_trial,
            resolver=TrialResolver(project=self.project, resolver=self.resolver),
            not_before=datetime.now(timezone.utc) - baseline_age,
            recall=recall,
            look_first=look_first,
        )


@contextmanager
def open_context(
    project: Project, screen: Console, machines: Machines | None = None
) -> Iterator[Context]:
    """Yield what a session works with; it asks the index through one client.

    Its plans are carried out by `machines`; if None, on this machine, one at a time.
    """
    index = DEFAULT.default_index(project.environ)
    with IndexClient() as client:
        yield Context(
            project=project,
            screen=screen,
            client=client,
            index=index,
            machines=machines or Here(),
        )
