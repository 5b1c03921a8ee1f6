"""Ask workloads on releases alone: few environments, each for the workloads of one topic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from packaging.utils import canonicalize_name

from stackproof.errors import CannotJudgeError, StackproofError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.verdict import Check, Verdict
from stackproof.experiments.calibrate.choosing import Choice, Chooser
from stackproof.experiments.calibrate.record import Calibrated, Column, Outcome
from stackproof.experiments.planner import Planner
from stackproof.experiments.runner import Runner
from stackproof.installers.planning import make_plan
from stackproof.matrix.model import ConstraintSource, Matrix, Pin, Row, Stage
from stackproof.matrix.plan import Plan
from stackproof.run.workloads import DeclaredWorkload

__all__ = ["Calibrator", "named"]

_STAGE = "alone"


@dataclass(frozen=True, kw_only=True)
class Group:
    """Workloads that are asked in one environment, on the `exact` versions of some of its needs."""

    topic: str
    workloads: tuple[DeclaredWorkload, ...]
    exact: Mapping[str, str]

    @property
    def needs(self) -> tuple[str, ...]:
        """The distributions that they need."""
        return tuple(dict.fromkeys(name for item in self.workloads for name in distributions(item)))


def topic(workload: DeclaredWorkload) -> str:
    """Return what a workload's file, `test_<topic>.py`, is about."""
    return workload.file.stem.removeprefix("test_").replace("_", "-")


def distributions(workload: DeclaredWorkload) -> tuple[str, ...]:
    """Return the distributions that a workload needs or uses."""
    return (*workload.needs, *workload.uses)


def named(
    workloads: Sequence[DeclaredWorkload], names: Sequence[str]
) -> tuple[DeclaredWorkload, ...]:
    """Return the workloads of these names, and those that need a distribution of these names.

    Without names all are returned. Raises StackproofError for a name that is neither.
    """
    chosen: set[str] = set()
    for name in names:
        wanted = canonicalize_name(name)
        meant = {item.name for item in workloads if wanted in (item.name, *distributions(item))}
        if not meant:
            raise StackproofError(
                f"{name!r} is neither a workload nor a distribution that one needs; "
                f"the workloads are {', '.join(item.name for item in workloads)}"
            )
        chosen |= meant
    return tuple(item for item in workloads if not names or item.name in chosen)


def groups(workloads: Sequence[DeclaredWorkload], column: Column) -> Iterator[Group]:
    """Yield the workloads that can share an environment: those of a topic.

    Of the oldest releases, those that two of them declare differently keep them apart.
    """
    parts: list[Group] = []
    for item in workloads:
        exact = item.oldest if column == "oldest" else {}
        for place, part in enumerate(parts):
            agree = all(part.exact.get(name, version) == version for name, version in exact.items())
            if part.topic == topic(item) and agree:
                parts[place] = Group(
                    topic=part.topic,
                    workloads=(*part.workloads, item),
                    exact={**part.exact, **exact},
                )
                break
        else:
            parts.append(Group(topic=topic(item), workloads=(item,), exact=exact))
    yield from parts


@dataclass(frozen=True, kw_only=True)
class Calibrator:
    """Asks workloads in scratch environments, leaving evidence in folders of `home`.

    `declared` are all workloads of the suite: an environment is the same however few of those that
    share it are asked. `planner` is that of the documented row. A run of the very same plan that is
    there already, not older than a day, is not made again.
    """

    runner: Runner
    chooser: Chooser
    planner: Planner
    declared: Sequence[DeclaredWorkload]
    home: Path

    def ask(
        self, workloads: Sequence[DeclaredWorkload], column: Column
    ) -> Iterator[tuple[Calibrated, ...]]:
        """Yield what the workloads say in a column, those of one environment at a time."""
        if column == "documented":
            yield from self._documented(workloads)
            return
        stating = [item for item in self.declared if item.oldest or column == "newest"]
        yield tuple(
            _without_run(item, column, "not asked", "declares no oldest release")
            for item in workloads
            if item not in stating
        )
        for group in groups(stating, column):
            asked = tuple(item for item in group.workloads if item in workloads)
            if asked:
                yield self._answers(asked, column, partial(self._alone, group, asked, column))

    def _documented(
        self, workloads: Sequence[DeclaredWorkload]
    ) -> Iterator[tuple[Calibrated, ...]]:
        """Yield what is not asked of the documented row, and what those say that are."""
        base = self.planner.base(tuple(item.check for item in workloads))
        plan = base.model_copy(update={"known_failures": ()})  # what fails here fails
        lacking = [(item, sorted(set(item.needs) - plan.named)) for item in workloads]
        yield tuple(
            _without_run(item, "documented", "not asked", f"{plan.row} has no {', '.join(names)}")
            for item, names in lacking
            if names
        )
        asked = tuple(item for item, names in lacking if not names)
        if asked:
            yield self._answers(asked, "documented", lambda: plan)

    def _alone(self, group: Group, asked: Sequence[DeclaredWorkload], column: Column) -> Plan:
        choice = (
            self.chooser.newest(group.needs, self._floors())
            if column == "newest"
            else self.chooser.oldest(group.needs, group.exact)
        )
        return plan_of(group, asked, choice, self.chooser.sources)

    def _floors(self) -> dict[str, str]:
        """Return the documented versions: what is older than these is not the newest."""
        return self.planner.base().versions

    def _answers(
        self, workloads: Sequence[DeclaredWorkload], column: Column, make: Callable[[], Plan]
    ) -> tuple[Calibrated, ...]:
        """Make a plan, run it unless that was done within a day, and tell what workloads say."""
        try:
            plan = make()
            # A server that cannot be had says nothing of a workload: that one is not asked.
            skips = tuple(item.check for item in workloads)
            plan = plan.model_copy(update={"allowed_skips": skips})
            verdict, evidence = self.runner.run_once(plan, self.home)
        except CannotJudgeError as error:
            message = " ".join(str(error).split())
            return tuple(_without_run(item, column, "not judged", message) for item in workloads)
        return tuple(_result(item, column, verdict, evidence) for item in workloads)


def plan_of(
    group: Group,
    asked: Sequence[DeclaredWorkload],
    choice: Choice,
    sources: Mapping[str, ConstraintSource],
) -> Plan:
    """Return the plan that installs a choice for a group and asks some of its workloads."""
    pins = tuple(
        Pin(name=name, version=version, area="calibration", role="alone")
        for name, version in choice.versions.items()
    )
    stages = [Stage(name=_STAGE, step="none", pins=tuple(choice.versions))]
    if choice.constraints is not None:
        first = Stage(
            name="constrained",
            step="none",
            pins=choice.constrained,
            constraints=choice.constraints,
        )
        # Where the file speaks of all of them, nothing is left for a second call.
        stages = [first, *stages] if len(choice.constrained) < len(pins) else [first]
    matrix = Matrix(
        format=1,
        title=f"The workloads of {group.topic}",
        document="calibration",
        python=choice.python,
        pins=pins,
        constraints={name: item for name, item in sources.items() if name == choice.constraints},
        stages=tuple(stages),
        rows={group.topic: Row(summary="The packages of some workloads, alone.")},
    )
    checks = tuple(item.check for item in asked)
    return make_plan(matrix, name="calibration", row=group.topic, as_of=choice.as_of, only=checks)


def _result(
    workload: DeclaredWorkload, column: Column, verdict: Verdict, evidence: Evidence
) -> Calibrated:
    check = next((item for item in verdict.checks if item.id == workload.check), None)
    outcome, message = _told(check, verdict)
    freeze = evidence.freeze
    return Calibrated(
        workload=workload.name,
        column=column,
        python=verdict.python,
        versions={name: freeze[name] for name in distributions(workload) if name in freeze},
        outcome=outcome,
        message=message,
        seconds=round(check.seconds, 1) if check else 0.0,
        evidence=f"{evidence.folder.parent.name}/{evidence.folder.name}",
    )


def _told(check: Check | None, verdict: Verdict) -> tuple[Outcome, str]:
    """Return the outcome of a workload, and the words for it."""
    if check is not None and check.outcome == "passed":
        return "passed", ""
    if check is not None and check.outcome == "failed":
        return "failed", _first_line(check.message)
    refused = [item for item in verdict.checks if item.kind == "stage" and item.outcome == "failed"]
    if refused:
        return "not judged", f"{refused[0].id}: {_first_line(refused[0].message)}"
    if verdict.trouble is not None:
        return "not judged", " ".join(verdict.trouble.split())
    return "not asked", _first_line(check.message) if check else "the suite does not have it"


def _without_run(
    workload: DeclaredWorkload, column: Column, outcome: Outcome, message: str
) -> Calibrated:
    return Calibrated(
        workload=workload.name,
        column=column,
        python=None,
        versions={},
        outcome=outcome,
        message=message,
        seconds=0.0,
        evidence=None,
    )


def _first_line(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[0] if lines else ""
