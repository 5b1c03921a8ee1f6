"""Build an environment: run a plan's stages in order, and record what each of them changed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from stackproof.environment.constraints import ConstraintsUsed, find_constraints
from stackproof.environment.drift import Drift, drift_between
from stackproof.environment.failures import FailureKind, classify, explain
from stackproof.environment.index import default_index, require_index, without_credentials
from stackproof.environment.virtualenv import Environment, Freeze
from stackproof.errors import CannotJudgeError
from stackproof.plan import Plan, PlannedStage
from stackproof.process import Finished, run
from stackproof.records import Record

__all__ = ["Builder", "StageRecord"]

_NETWORK_TRIES = 2


class StageRecord(Record):
    """What one stage did.

    `command` is the argument list that ran, `seconds` its wall time over all tries, `drift` what
    it changed. `failure` is None for a stage that succeeded; `message` then is empty.
    """

    name: str
    command: tuple[str, ...]
    started: datetime
    seconds: float
    exit: int
    log: str
    tries: int
    drift: Drift
    failure: FailureKind | None
    message: str


@dataclass(kw_only=True)
class Builder:
    """Runs the stages of one plan in one environment.

    `folder` takes the logs and constraint files; `snapshots` is where the repository keeps its own
    constraint files; `limit` is the time limit of one stage in seconds.
    """

    plan: Plan
    environment: Environment
    folder: Path
    snapshots: Path
    environ: Mapping[str, str]
    limit: float
    tick: Callable[[], None] = lambda: None
    constraints: list[ConstraintsUsed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def prepare(self) -> str:
        """Make sure that the index answers; return its address without credentials.

        Raises CannotJudgeError if it does not answer, or keeps no upload times and they are needed.
        """
        url = default_index(self.environment.installer, self.environ)
        first = next(
            (pin for stage in self.plan.stages for pin in stage.pins), self.plan.pins[0].name
        )
        require_index(url, project=first, upload_times=self.plan.as_of is not None)
        return without_credentials(url)

    def stages(self) -> Iterator[StageRecord]:
        """Run the stages in order, yielding the record of each; end after the first that fails.

        Raises CannotJudgeError if a constraint file cannot be had.
        """
        before = self.environment.freeze()
        for number, stage in enumerate(self.plan.stages, start=1):
            command = self.environment.install_command(self._arguments(stage))
            log = self.folder / "stages" / f"{number:02}-{stage.name}.log"
            record, before = self._run(stage, command, log, before)
            yield record
            if record.failure is not None:
                return

    def _run(
        self, stage: PlannedStage, command: list[str], log: Path, before: Freeze
    ) -> tuple[StageRecord, Freeze]:
        started = datetime.now(timezone.utc)
        log.parent.mkdir(parents=True, exist_ok=True)
        finished, failure, tries = self._install(command, log)
        after = self.environment.freeze()
        text = log.read_text(encoding="utf-8", errors="replace")
        record = StageRecord(
            name=stage.name,
            command=tuple(command),
            started=started,
            seconds=round((datetime.now(timezone.utc) - started).total_seconds(), 3),
            exit=finished.exit,
            log=log.relative_to(self.folder).as_posix(),
            tries=tries,
            drift=drift_between(before, after),
            failure=failure,
            message="" if failure is None else explain(failure, text, finished),
        )
        return record, after

    def _install(self, command: list[str], log: Path) -> tuple[Finished, FailureKind | None, int]:
        """Run an installer call, once more if and only if the network failed it."""
        for tries in range(1, _NETWORK_TRIES + 1):
            log.open("a", encoding="utf-8").write(f"$ {shlex.join(command)}\n")
            begin = log.stat().st_size
            finished = run(command, log=log, limit=self.limit, env=self.environ, tick=self.tick)
            if finished.exit == 0 and not finished.timed_out:
                return finished, None, tries
            words = log.read_bytes()[begin:].decode(errors="replace")
            failure = classify(words, finished)
            if failure != "index":
                break
        return finished, failure, tries

    def _arguments(self, stage: PlannedStage) -> list[str]:
        arguments = list(stage.arguments)
        if stage.constraints is not None:
            found = find_constraints(
                stage.constraints, snapshots=self.snapshots, environ=self.environ
            )
            file = self.folder / f"constraints-{stage.constraints.name}.txt"
            file.write_bytes(found.content)
            self.constraints.append(found.used)
            arguments[arguments.index(stage.constraints.url)] = str(file)
        if stage.index is not None:
            self._fall_back(stage, stage.index, arguments)
        return arguments

    def _fall_back(self, stage: PlannedStage, index: str, arguments: list[str]) -> None:
        """Take the stage from the default index where its own cannot be reached, and say so."""
        try:
            require_index(index, project=stage.pins[0] if stage.pins else "pip", upload_times=False)
        except CannotJudgeError as error:
            self.notes.append(f"stage {stage.name}: the default index serves, since {error}")
            place = arguments.index(index)
            del arguments[place - 1 : place + 1]
