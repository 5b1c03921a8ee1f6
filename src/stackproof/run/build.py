"""Build an environment: run a plan's stages in order, and record what each of them changed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from stackproof.base.process import Finished, run
from stackproof.base.records import write_atomically
from stackproof.base.temporary import temporary_folder
from stackproof.base.text import without_credentials
from stackproof.base.times import timestamp
from stackproof.errors import CannotJudgeError
from stackproof.evidence.records import (
    Built,
    ConstraintsUsed,
    FailureKind,
    Freeze,
    StageRecord,
    drift_between,
)
from stackproof.evidence.reports import InRun
from stackproof.index.client import IndexClient
from stackproof.index.constraints.published import find_constraints
from stackproof.index.target import Target
from stackproof.installers.build_cache import BuildCache, build_cache
from stackproof.installers.environment import Environment
from stackproof.installers.failures import (
    classify,
    explain,
    missed_pages,
    with_build_output,
    yank_warnings,
)
from stackproof.installers.installer import ALWAYS_THERE
from stackproof.installers.pages import doubts, yanked
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedStage, limits_file

__all__ = ["Builder"]


@dataclass(frozen=True, kw_only=True)
class _Call:
    """How an installer call ended: its words, why it failed (None if not), which try it was.

    `told` is its debug log, `built` what it built from source, or tried to. `doubt` says which page
    its answer rests on that is none, "" if it stands; `doubted` are the projects whose pages are.
    """

    finished: Finished
    words: str
    told: str
    failure: FailureKind | None
    tries: int
    built: tuple[Built, ...]
    doubt: str = ""
    doubted: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Builder:
    """Runs the stages of one plan in one environment.

    `folder` takes the logs and constraint files; `snapshots` is where the repository keeps its own
    constraint files; `limit` is the time limit of one stage in seconds. `further` are the sources
    that the installer was told of beside its index, known once `prepare` was called. `built` grows
    by what each stage built from source, or took of what was built for the very same conditions.
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
    built: list[Built] = field(default_factory=list)
    further: tuple[str, ...] = ()

    def prepare(self) -> str:
        """Make sure that the index answers; return its address without credentials.

        Raises CannotJudgeError if it does not answer, or keeps no upload times and they are needed.
        """
        self.plan.require_past()
        url = self.environment.installer.default_index(self.environ)
        first = next(
            (pin for stage in self.plan.stages for pin in stage.pins), self.plan.pins[0].name
        )
        with IndexClient() as client:
            client.require(url, first, upload_times=self.plan.as_of is not None)
        self.further = tuple(self.environment.installer.further_sources(self.environ))
        self.notes += (f"packages may come from elsewhere too: {item}" for item in self.further)
        return without_credentials(url)

    def stages(self) -> Iterator[StageRecord]:
        """Run the stages in order, yielding the record of each; end after the first that fails.

        Raises CannotJudgeError if a constraint file cannot be had.
        """
        before = self.environment.freeze()
        for number, stage in enumerate(self.plan.stages, start=1):
            record, before = self._run(stage, self._log(number, stage), before)
            yield record
            if record.failure is not None:
                return

    def run_stage(self, number: int, stage: PlannedStage) -> StageRecord:
        """Run one more stage, after those of the plan."""
        return self._run(stage, self._log(number, stage), self.environment.freeze())[0]

    def _log(self, number: int, stage: PlannedStage) -> Path:
        log = self.folder / InRun.STAGE_LOGS / f"{number:02}-{stage.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        return log

    def _run(self, stage: PlannedStage, log: Path, before: Freeze) -> tuple[StageRecord, Freeze]:
        arguments = self._arguments(stage)
        command = self.environment.install_command(arguments, debug_log=log.with_suffix(".debug"))
        started = datetime.now(timezone.utc)
        conditions = build_cache(
            self.environment.installer,
            arguments,
            python=self.environment.version,
            environ=self.environ,
        )
        with conditions as given:
            lasting = self.environment.installer.with_public_lifetimes(given.environ)
            cache = replace(given, environ=lasting)
            # A stage for which the default index stands in has lost its own.
            own = stage.index if stage.index in arguments else None
            call = self._install(command, log, cache, own)
            after = self.environment.freeze()
            came = {name: at for name, at in after.items() if before.get(name) != at}
            earlier = cache.taken(came, call.built)
            cache.remember(call.built)
        self.built += (*call.built, *earlier)
        record = StageRecord(
            name=stage.name,
            command=tuple(command),
            started=started,
            seconds=round((datetime.now(timezone.utc) - started).total_seconds(), 3),
            processor_seconds=round(call.finished.processor_seconds, 3),
            peak_memory=call.finished.peak_memory,
            exit=call.finished.exit,
            log=log.relative_to(self.folder).as_posix(),
            tries=call.tries,
            drift=drift_between(before, after),
            failure=call.failure,
            message=self._message(call, own),
        )
        if call.failure is None:
            log.with_suffix(".debug").unlink(missing_ok=True)  # a hundred times what it said
        self.notes += (f"stage {stage.name}: {line}" for line in yank_warnings(call.words))
        self.notes += (f"stage {stage.name}: {_taken(item)}" for item in earlier)
        return record, after

    def _install(
        self, command: list[str], log: Path, cache: BuildCache, index: str | None
    ) -> _Call:
        """Run an installer call, once more if and only if the network failed it.

        A call that installed something in spite of the network is not repeated: what it left would
        satisfy the second one.
        """
        call = self._doubted(self._call(command, log, cache, tries=1), index)
        if call.failure == "index" and call.finished.exit != 0:
            if call.doubted:  # the installer may have kept the page
                environ, options = self.environment.installer.anew(cache.environ, call.doubted)
                cache, command = replace(cache, environ=environ), [*command, *options]
            again = self._doubted(self._call(command, log, cache, tries=2), index)
            return replace(again, built=(*call.built, *again.built))
        return call

    def _doubted(self, call: _Call, index: str | None) -> _Call:
        """Return a call with the doubts about it: no verdict comes of a page that is none."""
        found = doubts(call.words + call.told)
        if call.failure not in (None, "refused") or not found.projects():
            return call
        target = Target(self.plan.python, self.environment.version)
        try:
            with IndexClient() as client:
                found.settle(client, self._indexes(index), target, self.plan.as_of)
        except CannotJudgeError as error:
            doubted = tuple(found.projects())
            return replace(call, failure="index", doubt=str(error), doubted=doubted)
        return call

    def _indexes(self, index: str | None) -> list[str]:
        """Return the indexes of a call, the one that counts most first."""
        installer = self.environment.installer
        further = installer.extra_indexes(self.environ)
        return [*further, index or installer.default_index(self.environ)]

    def _message(self, call: _Call, index: str | None) -> str:
        """Say why a call failed, "" if it did not: facts that the installer leaves out go first."""
        if call.failure is None:
            return ""
        facts: list[str] = []
        if call.failure == "refused" and not self.environment.installer.names_yanks:
            with suppress(CannotJudgeError), IndexClient() as client:
                facts += yanked(call.words, client, self._indexes(index))
        words = call.doubt or call.words
        return explain(call.failure, words, call.finished, facts=facts, built=call.built)

    def _call(self, command: list[str], log: Path, cache: BuildCache, tries: int) -> _Call:
        installer, debug = self.environment.installer, log.with_suffix(".debug")
        with log.open("a", encoding="utf-8") as file:
            file.write(f"$ {shlex.join(command)}\n")
        begin, debug_begin = _size(log), _size(debug)
        # What an installer that was stopped leaves among temporary files goes with their folder.
        with temporary_folder("stage") as scratch:
            environ = {**cache.environ, **installer.telling, "TMPDIR": str(scratch)}
            finished = run(command, log=log, limit=self.limit, env=environ, tick=self.tick)
        said = _read(log, begin)
        words, printed = installer.parted(said)
        if printed:
            _set_aside(log, begin, words, debug, printed)
        told = _read(debug, debug_begin)
        words = with_build_output(words, told)
        where = log.relative_to(self.folder).as_posix()
        built = installer.built(said, told, cache.folder, where)
        failure = classify(words + missed_pages(told), finished)
        return _Call(
            finished=finished, words=words, told=told, failure=failure, tries=tries, built=built
        )

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
        if stage.held_to:
            file = self.folder / limits_file(stage.name)
            write_atomically(file, "".join(f"{line}\n" for line in stage.held_to))
            arguments[arguments.index(file.name)] = str(file)
        if stage.index is not None:
            self._fall_back(stage, stage.index, arguments)
        return arguments

    def _fall_back(self, stage: PlannedStage, index: str, arguments: list[str]) -> None:
        """Take the stage from the default index where its own cannot be reached, and say so."""
        try:
            with IndexClient() as client:
                client.require(index, stage.pins[0] if stage.pins else ALWAYS_THERE)
        except CannotJudgeError as error:
            self.notes.append(f"stage {stage.name}: the default index serves, since {error}")
            place = arguments.index(index)
            del arguments[place - 1 : place + 1]


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _read(path: Path, begin: int) -> str:
    return path.read_bytes()[begin:].decode(errors="replace") if path.exists() else ""


def _set_aside(log: Path, begin: int, words: str, debug: Path, printed: str) -> None:
    """Move a debug log that was printed among the words into a file of its own."""
    with debug.open("a", encoding="utf-8") as file:
        file.write(printed)
    with log.open("r+b") as stream:
        stream.truncate(begin)
        stream.seek(begin)
        stream.write(words.encode())


def _taken(item: Built) -> str:
    """Say of a wheel that an earlier call built when that was, and what it was built with."""
    with_what = ", ".join(f"{name} {version}" for name, version in item.requires.items())
    when = f" at {timestamp(item.earlier)}" if item.earlier else ""
    built = f"{item.name} {item.version} was built from source on this machine{when}"
    return f"{built}, with {with_what}" if with_what else built
