"""What the history remembers of one judged run."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Literal

from pydantic import Field, ValidationError

from stackproof.base.records import Record
from stackproof.base.times import timestamp
from stackproof.evidence.costs import Cost, costs_of, over_budget
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import ConstraintsUsed, Freeze
from stackproof.evidence.reports import InRun
from stackproof.evidence.verdict import State, Verdict, judge
from stackproof.matrix.checks import ALL, CheckId
from stackproof.matrix.plan import Plan

__all__ = ["HistoryEntry", "entry_of", "verdict_of"]

_ANY_TIME = datetime.fromtimestamp(0, timezone.utc)


class HistoryEntry(Record):
    """One line of the history; `run` is the name of the run's folder, `seconds` is wall time.

    `checks` maps check ids to their states, `distributions` names to versions, as the stages left
    them; `untold` says that not all could be told beside its failures, `confirmed` that what was
    unexpected was asked for again. `plan` and `suite` are the sha256 of what was to be done and of
    the suite's files. `costs` are what the checks took that
    passed, `over_budget` the limits that some of them went over, and `machine` is the class of
    machine that it ran on.
    """

    format: Literal[1] = 1
    matrix: str
    row: str
    run: str
    started: datetime
    seconds: float
    verdict: Literal["ok", "broken", "unsteady"]
    untold: bool = False  # older lines do not say, nor what comes next
    confirmed: bool = False
    counts: dict[str, int]
    checks: dict[str, State]
    distributions: Freeze
    python: str
    installer: str
    installer_version: str
    as_of: str | None
    min_age: str | None = None
    constraints: tuple[ConstraintsUsed, ...]
    plan: str
    suite: str
    machine: str | None = None  # older lines do not say, nor what comes next
    costs: dict[str, Cost] = Field(default={})
    over_budget: dict[str, Cost] = Field(default={})

    @property
    def name(self) -> str:
        """The row as people write it: `<matrix>/<row>`."""
        return f"{self.matrix}/{self.row}"

    @property
    def identity(self) -> tuple[str, str, str]:
        """What no two runs share: matrix, row, and the name of the run's folder."""
        return self.matrix, self.row, self.run

    @property
    def green(self) -> bool:
        """Whether nothing was news: each check passed, or failed as recorded in the matrix."""
        return not self.untold and not {"new", "fixed", "unsteady"} & set(self.checks.values())

    @property
    def complete(self) -> bool:
        """Whether every stage was installed, so that `distributions` holds the whole stack."""
        stages = [
            state for check, state in self.checks.items() if CheckId.parse(check).kind == "stage"
        ]
        return all(state in ("ok", "fixed") for state in stages)

    @property
    def conflicts(self) -> int:
        """The number of distributions that `pip check` complained of."""
        return sum(
            check.kind == "pip-check" and check.subject != ALL and state in ("new", "known")
            for check, state in (
                (CheckId.parse(name), state) for name, state in self.checks.items()
            )
        )


def entry_of(evidence: Evidence, verdict: Verdict) -> HistoryEntry | None:
    """Return the line of a run, or None for one that could not be judged."""
    if verdict.verdict == "unjudged":
        return None
    plan, run, costs = evidence.plan, evidence.run, costs_of(verdict.checks)
    return HistoryEntry(
        matrix=verdict.matrix,
        row=verdict.row,
        run=evidence.folder.name,
        started=verdict.started,
        seconds=verdict.seconds,
        verdict=verdict.verdict,
        untold=verdict.untold is not None,
        confirmed=evidence.confirmation is not None,
        counts=verdict.counts,
        checks={check.id: check.state for check in verdict.checks},
        distributions=evidence.freeze,
        python=verdict.python,
        installer=verdict.installer,
        installer_version=run.installer_version,
        as_of=verdict.as_of,
        min_age=plan.min_age,
        constraints=run.constraints,
        plan=_standing(plan).fingerprint,
        suite=run.suite,
        machine=run.machine,
        costs=costs,
        over_budget=over_budget(costs, plan.budgets),
    )


def _standing(plan: Plan) -> Plan:
    """Return a plan with the same cut-off in each run, where its own moves along with the time."""
    if plan.min_age is None or plan.as_of is None:
        return plan
    # It stands in the arguments of each stage too.
    text = plan.model_dump_json().replace(timestamp(plan.as_of), timestamp(_ANY_TIME))
    return Plan.model_validate_json(text)


def verdict_of(evidence: Evidence) -> Verdict:
    """Return the verdict on a run that came to its end, judged again if it has an older form.

    Raises one of UNREADABLE if there is none, or if the run can be read no longer.
    """
    text = (evidence.folder / InRun.VERDICT).read_bytes()
    try:
        return Verdict.model_validate_json(text)
    except ValidationError:
        return judge(evidence)
