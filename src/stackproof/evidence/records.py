"""What the files of a run hold: what stages changed, what checks answered, and where it ran."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from packaging.version import InvalidVersion, Version
from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from stackproof.base.records import Record, Said
from stackproof.matrix.checks import CheckId
from stackproof.matrix.plan import Plan
from stackproof.reasons.reason import Reason

__all__ = [
    "Built",
    "BuiltFile",
    "CheckResult",
    "ConstraintsUsed",
    "Drift",
    "FailureKind",
    "Freeze",
    "Move",
    "Outcome",
    "PipCheck",
    "RunRecord",
    "StageRecord",
    "SuiteResults",
    "drift_between",
]

Move = tuple[str | None, str | None]


class Drift(Record):
    """Changes by distribution name, each as (version before, version after)."""

    added: dict[str, Move]
    removed: dict[str, Move]
    upgraded: dict[str, Move]
    downgraded: dict[str, Move]

    @property
    def moved(self) -> dict[str, Move]:
        """The distributions that were there before and have another version now, or none."""
        return {**self.removed, **self.upgraded, **self.downgraded}


def drift_between(before: Freeze, after: Freeze) -> Drift:
    """Return what changed from one freeze to a later one."""
    kinds: dict[str, dict[str, Move]] = {
        kind: {} for kind in ("added", "removed", "upgraded", "downgraded")
    }
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old != new:
            kinds[_kind(old, new)][name] = (old, new)
    return Drift(**kinds)


def _kind(old: str | None, new: str | None) -> str:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    try:
        return "upgraded" if Version(new) > Version(old) else "downgraded"
    except InvalidVersion:  # versions older than PEP 440 have no order that both sides agree on
        return "upgraded"


class StageRecord(Record):
    """What one stage did.

    `command` is the argument list that ran, `seconds` its wall time over all tries,
    `processor_seconds` and `peak_memory`, in bytes, are those of the last try, `drift` is what it
    changed. `failure` is None for a stage that succeeded; `message` then is empty.
    """

    name: str
    command: tuple[str, ...]
    started: datetime
    seconds: float
    processor_seconds: float | None = None  # older files do not say, nor what comes next
    peak_memory: int | None = None
    exit: int
    log: str
    tries: int
    drift: Drift
    failure: FailureKind | None
    message: Said


class ConstraintsUsed(Record):
    """Which constraint file a run used; `sha256` as 64 hexadecimal digits."""

    name: str
    source: Literal["published", "mirror", "snapshot"]
    address: str
    sha256: str
    passed_over: tuple[str, ...] = ()


class PipCheck(Record):
    """What `pip check` said: complaints by the distribution that complains, wording kept.

    Among them are, in words of ours, the extras that were asked for and that it has not.
    """

    speaker: str
    exit: int
    seconds: float
    complaints: dict[str, tuple[str, ...]]
    output: Said


#: Distribution names in their normal form, and the installed version of each.
Freeze = dict[str, str]


class RunRecord(Record):
    """The circumstances of a run.

    `trouble` says in one message why the run did not come to its end, or is None; `built` says that
    the environment was built nevertheless, so that what the build answered counts. `suite` is the
    sha256 of the suite's files, and `suite_exit` is None where it did not run to its end.
    `settled_by` is the check whose answer settled what was asked, so that no other was waited for.
    `seconds` is wall time, `own_seconds` the part of it spent outside installers and
    suite. `index` is None where nothing was installed; `further` says what else installers were
    told of sources, None where that is not known. `machine` is the class of machine that it ran on.
    `left` are the names of the files that it left answers in: without one of them nothing is judged
    by the others alone.
    """

    format: Literal[1] = 1
    started: datetime
    seconds: float
    own_seconds: float
    python: str
    installer: str
    installer_version: str
    index: str | None
    further: tuple[str, ...] | None = None  # older files do not say
    machine: str | None = None  # older files do not say
    constraints: tuple[ConstraintsUsed, ...]
    notes: tuple[str, ...]
    suite: str
    suite_exit: int | None
    settled_by: str | None = None  # older files have none
    built: bool = False  # older files do not say
    left: tuple[str, ...] = ()  # older files do not say
    trouble: Said | None

    @classmethod
    def of_nothing_run(
        cls,
        plan: Plan,
        *,
        suite: str,
        started: datetime,
        trouble: str | None,
        seconds: float = 0.0,
        notes: tuple[str, ...] = (),
    ) -> RunRecord:
        """Return the record of a plan that was never carried out, so no installer has a version.

        `seconds` is the wall time that went until that was known.
        """
        return cls(
            started=started,
            seconds=seconds,
            own_seconds=0.0,
            python=plan.python,
            installer=plan.installer,
            installer_version=plan.installer,
            index=None,
            constraints=(),
            notes=notes,
            suite=suite,
            suite_exit=None,
            trouble=trouble,
        )


class CheckResult(Record):
    """The answer to one check; `grade` says how strong the evidence is, `seconds` is wall time.

    `processor_seconds` are those of all its processes, `peak_memory` is that of its largest one, in
    bytes. `modules` are those that an import check imported, and None for every other check.
    `needs` are the distributions that a workload works with, `servers` those that it talks to.
    `why` is the `message` as a record, where that is in words of ours.
    """

    id: str
    outcome: Outcome
    message: Said
    why: Reason | None = None
    seconds: float
    processor_seconds: float | None = None  # older files do not say, nor what comes next
    peak_memory: int | None = None
    grade: str = "real"
    modules: tuple[str, ...] | None = None
    needs: tuple[str, ...] | None = None  # older logs do not say
    servers: tuple[str, ...] = ()
    #: The frames that a log has beside the message, files and lines: no file of ours repeats them.
    trace: SkipJsonSchema[str] = Field(default="", exclude=True)

    @property
    def kind(self) -> str:
        """The part of the id before the colon."""
        return CheckId.parse(self.id).kind

    @property
    def subject(self) -> str:
        """The part of the id after the colon."""
        return CheckId.parse(self.id).subject


@dataclass(frozen=True, kw_only=True)
class SuiteResults:
    """What the suite's report log says; `exit` is pytest's, or None if the log has no end."""

    checks: tuple[CheckResult, ...]
    errors: tuple[str, ...]
    exit: int | None


Outcome = Literal["passed", "failed", "skipped"]


class Built(Record):
    """One distribution that was built from source.

    `requires` maps its build dependencies to the versions that it was built with, and is called
    `with` in files. `seconds` is wall time, `log` the file that tells more, `failed` says whether
    the build came to nothing. `earlier` is when the wheel was built, if an earlier call built it.
    """

    model_config = ConfigDict(populate_by_name=True)

    name: str
    version: str
    requires: dict[str, str] = Field(default={}, alias="with")
    seconds: float = 0.0
    log: str = ""
    failed: bool = False
    earlier: datetime | None = None


class BuiltFile(Record):
    """Everything that a run built from source, or took of what was built: `built.json`."""

    format: Literal[1] = 1
    built: tuple[Built, ...] = ()

    def to_data(self) -> dict[str, Any]:
        """Return the record as JSON types."""
        return self.model_dump(mode="json", by_alias=True)


FailureKind = Literal["refused", "index", "upload-times", "disk", "machine", "stopped", "unknown"]
