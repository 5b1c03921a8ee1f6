"""The made-up phone, whose checks break when what it brings along gets new releases."""

from __future__ import annotations

__all__ = [
    "BELLS",
    "BOTH",
    "CONTACTS",
    "LAMPS",
    "NEVER",
    "PHONE",
    "SINCE",
    "UNTIL",
    "WORKLOADS",
    "Phone",
    "because",
    "broke",
    "broke_by",
    "day",
    "found",
    "moved",
    "replaces",
    "wants_new_numbers",
]

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from rich.console import Console

from stackproof.base.progress import Progress
from stackproof.base.times import timestamp
from stackproof.cli.links_beside import look_command
from stackproof.evidence.folder import Evidence
from stackproof.evidence.verdict import Verdict
from stackproof.experiments.culprit import Culprit
from stackproof.experiments.found import Found
from stackproof.experiments.planner import Planner
from stackproof.experiments.prober import Prober
from stackproof.experiments.repair.record import Repair
from stackproof.experiments.repair.repairing import Repairer
from stackproof.experiments.runner import Runner
from stackproof.experiments.timeline.record import Break, CheckHistory, Timeline
from stackproof.experiments.timeline.tracing import Tracer
from stackproof.index.client import IndexClient
from stackproof.index.history import Releases
from stackproof.installers.interpreters import find_target
from stackproof.installers.resolver import Resolver
from stackproof.matrix.load import parse_matrix
from stackproof.matrix.plan import Plan
from stackproof.reasons.words import in_words
from stackproof.report.files import conclude
from stackproof.run.first_look import FirstLook
from support.index import Index
from support.matrices import PYTHON, matrix, pin, stage
from support.wheels import Release
from support.workbench import Bench, toml


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2025, 1, 1, hour, tzinfo=timezone.utc) + timedelta(days=number)


SINCE, UNTIL = day(0), day(256)

PHONE = matrix(
    "Phone",
    pin("phone", role="calls"),
    pin("numbers", "2.9", imports="numbers_", area="second", role="digits"),
    stage("phone", "phone", step="Install the phone."),
    stage("numbers", "numbers", step="Install the numbers."),
)

#: Fails where two things that the phone brings along are both new, which no metadata forbids.
WORKLOADS = """\
import pytest


@pytest.mark.workload("both", needs=("phone",), seconds=0.1, timeout=60)
def test_both() -> None:
    import bells
    import lamps

    assert (bells.__version__, lamps.__version__) != ("2.0", "2.0")
"""

#: What `pip check` says of each is answered by a build alone, so most stories are told of these.
CONTACTS, BELLS, LAMPS = "pip-check:contacts", "pip-check:bells", "pip-check:lamps"
NEVER, BOTH = "pip-check:phone", "smoke:both"

OLD = (
    Release("phone", "1.0", requires=["contacts", "bells", "lamps", "numbers>=2.8"]),
    Release("numbers", "2.9", modules={"numbers_.py": '__version__ = "2.9"\n'}),
    Release("numbers", "3.0", modules={"numbers_.py": '__version__ = "3.0"\n'}),
    Release("contacts", "2.0", requires=["numbers>=2"]),
    Release("bells", "1.0"),
    Release("lamps", "1.0"),
)


@dataclass(frozen=True, kw_only=True)
class Impatient(Runner):
    """Is interrupted once it has made so many runs."""

    patience: int | None
    made: list[Plan] = field(default_factory=list)

    def run(
        self, plan: Plan, home: Path | None = None, first: FirstLook | None = None
    ) -> tuple[Verdict, Evidence]:
        """Carry out a plan, as long as there is patience."""
        if len(self.made) == self.patience:
            raise KeyboardInterrupt
        self.made.append(plan)
        return super().run(plan, home, first)


class Phone:
    """The made-up phone in a project, with an index of what it brings along."""

    def __init__(self, bench: Bench, index: Index, cache: Path, text: str = PHONE) -> None:
        self.bench, self.index, self.cache = bench, index, cache
        bench.write("tests/stack/workloads/test_both.py", WORKLOADS)
        (bench.root / "tests/stack/workloads/test_sum.py").unlink()
        index.add(*OLD)
        self.matrix = parse_matrix(toml(text), file="phone.toml")
        self.patience: int | None = None
        self.since = SINCE
        self.like: Found | None = None

    @property
    def row(self) -> Planner:
        """The row that is traced."""
        return Planner(matrix=self.matrix, name="phone", row="plain")

    def _prober(self) -> Prober:
        return Prober(
            runner=Impatient(
                project=self.bench.project,
                progress=Progress(Console(quiet=True)),
                conclude=conclude,
                look=look_command,
                patience=self.patience,
            ),
            home=self.bench.root / "reports" / "phone" / "plain" / "probes",
            progress=Progress(Console(file=self.bench.output)),
        )

    def _releases(self, client: IndexClient) -> Releases:
        target = find_target(PYTHON, self.bench.environ)
        return Releases(client=client, index=self.index.url, target=target)

    def repair(self) -> Repair:
        """Repair the phone as of the later end, as a new run of the session would."""
        with IndexClient(self.cache) as client:
            repairer = Repairer(
                planner=self.row,
                moment=UNTIL,
                prober=self._prober(),
                releases=self._releases(client),
                resolver=Resolver(client=client, index=self.index.url, environ=self.bench.environ),
                like=None,
                today=UNTIL.date(),
            )
            return repairer.repair(remedies=False)

    def trace(self, *checks: str, samples: int = 1) -> Timeline:
        """Trace the phone, as a new run of the session would."""
        with IndexClient(self.cache) as client:
            tracer = Tracer(
                planner=self.row,
                prober=self._prober(),
                releases=self._releases(client),
                samples=samples,
                like=self.like,
            )
            return tracer.trace(self.since, UNTIL, checks)

    def interrupt(self, check: str, *, after: int) -> None:
        """Trace one check until so many runs were made, and be interrupted there."""
        self.patience = after
        with pytest.raises(KeyboardInterrupt):
            self.trace(check, samples=0)
        self.patience = None


def found(timeline: Timeline, check: str) -> CheckHistory:
    """Return the history of a check, its turns without the records of what their words say."""
    (history,) = (item for item in timeline.checks if item.id == check)
    breaks, fixes = (tuple(map(_in_words, turns)) for turns in (history.breaks, history.fixes))
    return history.model_copy(update={"breaks": breaks, "fixes": fixes})


def _in_words(turn: Break) -> Break:
    assert turn.why is not None
    assert in_words(turn.why) == turn.reason
    return turn.model_copy(update={"why": None})


def broke(
    good: int, bad: int, *culprits: Culprit, since: datetime | None = None, reason: str
) -> Break:
    """Return a confirmed break between two days."""
    return Break(
        good=timestamp(day(good)),
        bad=timestamp(day(bad)),
        since=timestamp(since) if since else None,
        culprits=culprits,
        confirmed=True,
        reason=reason,
    )


def broke_by(
    good: int, bad: int, name: str, versions: tuple[str, str], uploaded: datetime
) -> Break:
    """Return a confirmed break by the later of two versions, which wants new numbers."""
    return broke(
        good,
        bad,
        moved(name, *versions, uploaded),
        since=uploaded,
        reason=because(name, versions[1], uploaded),
    )


def moved(name: str, before: str, after: str, uploaded: datetime) -> Culprit:
    return Culprit(name=name, before=before, after=after, uploaded=timestamp(uploaded))


def wants_new_numbers(name: str, version: str, uploaded: datetime) -> Release:
    """Return a release that the row's pin of numbers, installed after it, breaks."""
    return Release(name, version, requires=["numbers>=3"], uploaded=uploaded)


def because(name: str, version: str, uploaded: datetime) -> str:
    """Return what is said of a release that wants new numbers."""
    return (
        f"{name} {version}, uploaded {timestamp(uploaded)}, requires numbers>=3; "
        "the row pins numbers 2.9"
    )


def replaces(name: str, before: str, after: str, uploaded: datetime) -> str:
    return f"{name} {after}, uploaded {timestamp(uploaded)}, replaces {before}"
