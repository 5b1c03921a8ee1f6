"""What the sessions that make trials have in common: a row, an index, and a bench."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from stackproof.base.progress import Progress
from stackproof.cli.rows import find_row
from stackproof.evidence.layout import Project
from stackproof.experiments.candidate.trial import Bench
from stackproof.experiments.planner import RowPlanner
from stackproof.experiments.resolution import TrialResolver
from stackproof.experiments.runner import Runner
from stackproof.index.catalogue import IndexCatalogue
from stackproof.index.client import IndexClient
from stackproof.installers.resolver import Resolver
from stackproof.installers.sources import default_index
from stackproof.report.files import conclude, write_trial

__all__ = ["Opened", "open_bench"]


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A bench for trials on one row; `file` is the row's matrix file."""

    file: Path
    planner: RowPlanner
    catalogue: IndexCatalogue
    bench: Bench


@contextmanager
def open_bench(
    text: str,
    project: Project,
    progress: Progress,
    *,
    as_of: datetime | None,
    baseline_age: timedelta,
    recall: bool,
) -> Iterator[Opened]:
    """Yield a bench for the row `[MATRIX/]ROW`, at a cut-off in place of its own if one is given.

    With `recall` no trial is made that was made before. Raises StackproofError if there is no such
    row.
    """
    name, row, matrix = find_row(text, project.matrices)
    planner = RowPlanner(matrix=matrix, name=name, row=row, as_of=as_of)
    index = default_index(planner.installer, project.environ)
    # Of several stages the last one counts, as it does in the environment.
    own = {pin: stage.index for stage in planner.base().stages for pin in stage.pins}
    with IndexClient() as client:
        resolver = Resolver(client=client, index=index, environ=project.environ)
        bench = Bench(
            runner=Runner(project=project, progress=progress, conclude=conclude),
            write=write_trial,
            resolver=TrialResolver(project=project, resolver=resolver),
            # One that this session makes is fresh for all of its trials.
            not_before=datetime.now(timezone.utc) - baseline_age,
            recall=recall,
        )
        yield Opened(
            file=project.matrices / f"{name}.toml",
            planner=planner,
            catalogue=IndexCatalogue(client, index, own),
            bench=bench,
        )
