"""The plan: a row of a matrix resolved to data. Pure; can be printed, hashed and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from types import MappingProxyType
from typing import Any, Literal

from pydantic import field_serializer

from stackproof.errors import StackproofError
from stackproof.matrix import (
    Claim,
    ExtraStage,
    KnownFailure,
    Matrix,
    Pin,
    ServerName,
    Stage,
)
from stackproof.matrix.references import nearest
from stackproof.records import Record, fingerprint

__all__ = [
    "Installer",
    "Plan",
    "PlannedClaim",
    "PlannedPin",
    "PlannedStage",
    "make_plan",
    "timestamp",
]

Installer = Literal["uv", "pip"]

#: The option of each installer that hides what was uploaded after an instant.
_CUT_OFF = {"uv": "--exclude-newer", "pip": "--uploaded-prior-to"}
_INDEX = {"uv": "--default-index", "pip": "--index-url"}


#: The kinds of checks that are answered by what building an environment left behind.
_OUTSIDE = ("stage:", "pip-check:")

#: The keys of a plan that change neither what is built nor what is asked of it.
_WORDS: Any = {
    "title": True,
    "summary": True,
    "claims": True,
    "known_failures": True,
    "allowed_skips": True,
    "notes": True,
    "pins": {"__all__": {"documented", "area", "role", "reason"}},
    "stages": {"__all__": {"step", "reason", "reasons"}},
}


class PlannedPin(Record):
    """A pin as the row has it; `documented` is the document's version."""

    name: str
    version: str
    documented: str
    imports: tuple[str, ...]
    area: str
    role: str
    reason: str | None


class PlannedConstraints(Record):
    """The published constraint file of a stage: what it belongs to and its address."""

    name: str
    subject: str
    version: str
    url: str


class PlannedStage(Record):
    """One call of the installer; a constraint file stands in `arguments` by its address."""

    name: str
    step: str
    pins: tuple[str, ...]
    arguments: tuple[str, ...]
    constraints: PlannedConstraints | None
    index: str | None
    reason: str | None
    reasons: dict[str, str]

    @property
    def requirements(self) -> tuple[str, ...]:
        """The part of `arguments` that says what to install."""
        return tuple(takewhile(lambda argument: not argument.startswith("--"), self.arguments))

    @property
    def options(self) -> tuple[str, ...]:
        """The part of `arguments` that says how to install it."""
        return self.arguments[len(self.requirements) :]


class PlannedClaim(Record):
    """A claim of the document about a pin, or about the whole stack where `pin` is None."""

    pin: str | None
    text: str
    checks: tuple[str, ...]


class PlannedFailure(Record):
    """A check that is known to fail, with the reason and the day it was written down."""

    check: str
    reason: str
    date: str


class Plan(Record):
    """Everything that decides what a run does.

    `checks` are the ids of the checks that every run of the plan must answer; workloads are found
    by the suite itself. `import_seconds` is the time limit of one import check. `requested` holds
    the requirements that a candidate tries, and is empty for a row as the matrix has it. `only`
    holds the ids of the checks that a probe asks alone, and is empty where all are asked.
    """

    format: Literal[1] = 1
    matrix: str
    title: str
    row: str
    summary: str
    requested: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    python: str
    installer: Installer
    as_of: datetime | None
    pins: tuple[PlannedPin, ...]
    stages: tuple[PlannedStage, ...]
    groups: dict[str, tuple[str, ...]]
    servers: tuple[ServerName, ...]
    claims: tuple[PlannedClaim, ...]
    known_failures: tuple[PlannedFailure, ...]
    allowed_skips: tuple[str, ...] = ()
    checks: tuple[str, ...]
    import_seconds: int = 120
    notes: tuple[str, ...]

    @field_serializer("as_of")
    def _utc(self, value: datetime | None) -> str | None:
        return None if value is None else timestamp(value)

    @property
    def asks_suite(self) -> bool:
        """Whether any check is answered inside the environment, by the suite."""
        return not self.only or any(not check.startswith(_OUTSIDE) for check in self.only)

    @property
    def fingerprint(self) -> str:
        """The sha256 of what is built and checked; what is merely said of it does not count."""
        return fingerprint(self.model_dump(mode="json", exclude=_WORDS))


def timestamp(value: datetime) -> str:
    """Return an aware datetime as a full UTC timestamp, such as 2025-04-01T00:00:00Z."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def make_plan(
    matrix: Matrix,
    *,
    name: str,
    row: str,
    python: str | None = None,
    as_of: datetime | None = None,
    installer: Installer = "uv",
    versions: Mapping[str, str] = MappingProxyType({}),
    extra: Sequence[str] = (),
    requested: Sequence[str] = (),
    only: Sequence[str] = (),
) -> Plan:
    """Resolve a row of the matrix called `name` to a plan.

    `python` and `as_of` stand in for the row's own. A candidate gives other `versions` for some
    pins, which replace them wherever they stand, `extra` requirements for a last stage, and in
    `requested` what was asked for in all. A probe asks `only` some checks, by their ids.
    Raises StackproofError if there is no such row.
    """
    if row not in matrix.rows:
        raise StackproofError(f"matrix {name!r} has no row {row!r}; {nearest(row, matrix.rows)}")
    lineage = matrix.lineage(row)
    cut_off = as_of or lineage[-1].as_of
    asked = {pin: (version, "asked for on the command line") for pin, version in versions.items()}
    pins = _pins(matrix, _overrides(matrix, row) | asked)
    interpreter = python or next(
        (level.python for level in reversed(lineage) if level.python), matrix.python
    )
    effective = {pin.name: pin.version for pin in pins}
    builder = _StageBuilder(matrix, effective, interpreter, installer, cut_off)
    stages = tuple(builder.build(stage) for stage in [*_stages(matrix, row), *_last_stage(extra)])
    plan = Plan(
        matrix=name,
        title=matrix.title,
        row=row,
        summary=lineage[-1].summary,
        requested=tuple(requested),
        python=interpreter,
        installer=installer,
        as_of=cut_off,
        pins=_in_order(pins, stages),
        stages=stages,
        groups=dict(matrix.groups),
        servers=matrix.servers,
        claims=_claims(matrix),
        known_failures=tuple(_known(failure) for failure in lineage[-1].known_failures),
        allowed_skips=tuple(skip.check for skip in matrix.allowed_skips),
        checks=_checks(pins, stages),
        notes=tuple(builder.notes),
    )
    return _narrowed(plan, tuple(only)) if only else plan


def _narrowed(plan: Plan, only: tuple[str, ...]) -> Plan:
    """Return the plan that builds the same and asks some checks alone."""
    narrowed = plan.model_copy(
        update={
            "only": only,
            "checks": only,
            "claims": (),
            "known_failures": tuple(item for item in plan.known_failures if item.check in only),
        }
    )
    return narrowed if narrowed.asks_suite else narrowed.model_copy(update={"servers": ()})


def _overrides(matrix: Matrix, row: str) -> dict[str, tuple[str, str]]:
    """Return version and reason of each pin that the row, or a row it derives from, overrides."""
    return {
        override.pin: (override.version, override.reason)
        for level in matrix.lineage(row)
        for override in level.overrides
    }


def _pins(matrix: Matrix, overrides: Mapping[str, tuple[str, str]]) -> list[PlannedPin]:
    return [_pin(pin, *overrides.get(pin.name, (pin.version, None))) for pin in matrix.pins]


def _pin(pin: Pin, version: str, reason: str | None) -> PlannedPin:
    return PlannedPin(
        name=pin.name,
        version=version,
        documented=pin.version,
        imports=pin.imports,
        area=pin.area,
        role=pin.role,
        reason=reason,
    )


def _stages(matrix: Matrix, row: str) -> list[Stage]:
    stages = list(matrix.stages)
    for level in matrix.lineage(row):
        for extra in level.stages:
            names = [stage.name for stage in stages]
            place = len(names) if extra.after is None else names.index(extra.after) + 1
            stages.insert(place, extra)
    return stages


def _last_stage(extra: Sequence[str]) -> list[Stage]:
    if not extra:
        return []
    return [Stage(name="asked-for", step="none", requirements=tuple(extra))]


class _StageBuilder:
    """Turns stages into installer calls, noting where a call departs from the document's."""

    def __init__(
        self,
        matrix: Matrix,
        versions: Mapping[str, str],
        python: str,
        installer: Installer,
        as_of: datetime | None,
    ) -> None:
        self._matrix = matrix
        self._versions = versions
        self._python = python
        self._installer = installer
        self._as_of = as_of
        self.notes: list[str] = []

    def build(self, stage: Stage) -> PlannedStage:
        constraints = self._constraints(stage)
        index = self._index(stage)
        arguments = [self._requirement(pin) for pin in stage.pins] + list(stage.requirements)
        if constraints is not None:
            arguments += ["--constraint", constraints.url]
        if index is not None:
            arguments += [_INDEX[self._installer], index]
        if self._as_of is not None:
            arguments += [_CUT_OFF[self._installer], timestamp(self._as_of)]
        return PlannedStage(
            name=stage.name,
            step=stage.step,
            pins=stage.pins,
            arguments=tuple(arguments),
            constraints=constraints,
            index=index,
            reason=stage.reason if isinstance(stage, ExtraStage) else None,
            reasons=dict(stage.reasons) if isinstance(stage, ExtraStage) else {},
        )

    def _requirement(self, name: str) -> str:
        extras = self._matrix.pin(name).extras
        return f"{name}{'[' + ','.join(extras) + ']' if extras else ''}=={self._versions[name]}"

    def _constraints(self, stage: Stage) -> PlannedConstraints | None:
        if stage.constraints is None:
            return None
        source = self._matrix.constraints[stage.constraints]
        version = self._versions[source.pin]
        return PlannedConstraints(
            name=stage.constraints,
            subject=source.pin,
            version=version,
            url=source.url.format(version=version, python=self._python),
        )

    def _index(self, stage: Stage) -> str | None:
        if stage.index is None:
            return None
        index = self._matrix.indexes[stage.index]
        if self._as_of is not None and not index.upload_times:
            self.notes.append(
                f"stage {stage.name}: index {stage.index} publishes no upload times, so with a "
                "cut-off date the default index serves in its place"
            )
            return None
        return index.url


def _in_order(pins: Sequence[PlannedPin], stages: Sequence[PlannedStage]) -> tuple[PlannedPin, ...]:
    """Return the pins in the order in which stages install them, pins of no stage last."""
    order = list(dict.fromkeys(pin for stage in stages for pin in stage.pins))
    return tuple(
        sorted(pins, key=lambda pin: order.index(pin.name) if pin.name in order else len(order))
    )


def _claims(matrix: Matrix) -> tuple[PlannedClaim, ...]:
    def planned(pin: str | None, claims: Sequence[Claim]) -> list[PlannedClaim]:
        return [PlannedClaim(pin=pin, text=item.text, checks=item.checks) for item in claims]

    of_pins = [claim for pin in matrix.pins for claim in planned(pin.name, pin.claims)]
    return (*planned(None, matrix.claims), *of_pins)


def _known(failure: KnownFailure) -> PlannedFailure:
    return PlannedFailure(check=failure.check, reason=failure.reason, date=failure.date.isoformat())


def _checks(pins: Sequence[PlannedPin], stages: Sequence[PlannedStage]) -> tuple[str, ...]:
    return (
        *(f"stage:{stage.name}" for stage in stages),
        *(f"import:{pin.name}" for pin in pins),
        "import:*",
        *(f"version:{pin.name}" for pin in pins),
        "pip-check:*",
    )
