"""Verify one row: carry out its plan in an environment, judge what happened, write the reports."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from stackproof.base.json_text import to_json
from stackproof.base.locking import alone
from stackproof.base.process import ask
from stackproof.base.progress import Progress
from stackproof.base.records import write_atomically
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.file import append
from stackproof.evidence.layout import Project
from stackproof.evidence.records import CheckResult, ConstraintsUsed, Freeze, RunRecord, StageRecord
from stackproof.evidence.reports import InRun
from stackproof.evidence.verdict import Verdict
from stackproof.installers.environment import Environment
from stackproof.installers.pip_check import pip_check
from stackproof.installers.settings import without_python_settings
from stackproof.matrix.plan import Plan
from stackproof.run.build import Builder
from stackproof.run.commands import Commands, install_project
from stackproof.run.interruptions import ended_by_signals, refused, uninterrupted
from stackproof.run.masking import mask_report_log, named_by_place
from stackproof.run.overwritten import overwritten_files
from stackproof.run.reuse import Mark, reusable_build
from stackproof.run.servers import Starting, masked, starting
from stackproof.run.servers.info import ServerInfo
from stackproof.run.start_files import start_notes
from stackproof.run.suite import Suite, useful_workers
from stackproof.run.suite_files import assembled_suite, brought_workloads, workload_folders
from stackproof.run.suite_tools import suite_tools
from stackproof.run.surroundings import build_notes, check_notes, require_empty
from stackproof.run.workloads import DeclaredWorkload, declared_workloads, needed_servers

__all__ = ["Conclude", "verify"]

#: Judges the evidence of a run, and writes all reports of it.
Conclude = Callable[[Evidence], Verdict]


def verify(
    plan: Plan,
    venv: Path,
    project: Project,
    progress: Progress,
    *,
    conclude: Conclude,
    home: Path | None = None,
) -> tuple[Verdict, Evidence]:
    """Carry out a plan in the virtual environment at `venv`, and have it judged by `conclude`.

    The evidence goes to a new folder in `home`, which is the plan's own in the project if None.
    A new environment is built; one in which this very plan was built before is used as it stands.
    However the run ends, what it found is written and judged: what trouble kept from being told is
    no failure.
    Raises CannotJudgeError if another run of the row is under way, or if not even a verdict can be
    written, and KeyboardInterrupt after the evidence of an interrupted run is written.
    """
    home = home or project.home(plan)
    surroundings = project.environ
    project = replace(project, environ=without_python_settings(surroundings))
    try:
        with ended_by_signals(), alone(home):
            Evidence.clear(home)
            evidence = Evidence.create(home, plan)
            work = _Run(
                plan=plan,
                venv=venv,
                project=project,
                surroundings=surroundings,
                progress=progress,
                conclude=conclude,
                evidence=evidence,
            )
            return work.to_its_end(), evidence
    except OSError as error:
        raise CannotJudgeError(
            f"{refused(error)}; so no verdict could be written; fix this and run again"
        ) from error


@dataclass(kw_only=True)
class _Run:
    """The parts of one run, in order, and what is known of it so far.

    `surroundings` are the user's variables, `project` has those that commands of the run get.
    """

    plan: Plan
    venv: Path
    project: Project
    surroundings: Mapping[str, str]
    progress: Progress
    conclude: Conclude
    evidence: Evidence
    started: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    begin: float = field(default_factory=time.monotonic)
    others_seconds: float = 0.0
    doing: str = "preparation"
    trouble: str | None = None
    built: bool = False
    python: str = ""
    installer_version: str = ""
    index: str | None = None
    further: tuple[str, ...] | None = None
    constraints: list[ConstraintsUsed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    workloads: list[DeclaredWorkload] = field(default_factory=list)
    suite_exit: int | None = None
    mark: Mark | None = None

    def to_its_end(self) -> Verdict:
        """Carry out the plan and judge it, whatever happens on the way."""
        try:
            self.carry_out()
        except KeyboardInterrupt:
            self.trouble = f"interrupted during {self.doing}"
            self.finish()
            raise
        except CannotJudgeError as error:
            self.trouble = str(error)
        except OSError as error:
            self.trouble = refused(error)
        return self.finish()

    def carry_out(self) -> None:
        """Build the environment, unless it is kept from an earlier run, and run the suite in it."""
        self.evidence.hold_room()
        environment = Environment.at(self.venv, self.plan.installer)
        self.python = environment.version
        self._require_python(environment)
        try:
            self._carry_out_in(environment)
        except (CannotJudgeError, OSError):
            self._require_own()  # else the environment went, and that is why
            raise
        self._require_own()

    def _carry_out_in(self, environment: Environment) -> None:
        logs = self.evidence.folder / InRun.SERVER_LOGS
        shipped = self.project.suite / "workloads"
        declared = declared_workloads(shipped, *self.project.workloads)
        self.notes += [f"{marker}; no server is started for it" for marker in declared.unread]
        self.workloads = declared.workloads
        needed = needed_servers(self.plan, self.workloads)
        with starting(needed, logs=logs, environ=self.project.environ, notes=self.notes) as servers:
            self.mark = reusable_build(self.plan, environment, self.evidence)
            if self.mark is not None:
                self._take_over(self.mark)
                self.built = True
            else:
                self.built = self._build(environment)
            if self.built and self.plan.asks_suite:
                self._run_suite(environment, servers)
            if self.built and self.plan.commands and self._install_project(environment):
                self._run_commands(environment, servers)

    def finish(self) -> Verdict:
        """Write the circumstances, judge the evidence, and write the reports.

        On a full disk this is done in the room that was held for it, so that there is a verdict. A
        signal that comes meanwhile waits: KeyboardInterrupt is raised when all is written.
        """
        with uninterrupted():
            try:
                verdict = self._conclude()
            except OSError as error:
                self.trouble = refused(error)
                self.evidence.release_room()
                verdict = self._conclude()
            finally:
                self.evidence.release_room()
            self._remember(verdict)
        return verdict

    def _remember(self, verdict: Verdict) -> None:
        """Add the run to the history, which says what the verdict says, or nothing yet.

        What is written below the run's folder stands by now; `nox -s report` adds a missing line.
        """
        try:
            append(self.project.reports, self.evidence, verdict)
        except OSError as error:
            self.progress.say(f"the history lacks this run until `nox -s report`: {refused(error)}")

    def _conclude(self) -> Verdict:
        seconds = time.monotonic() - self.begin
        RunRecord(
            started=self.started,
            seconds=round(seconds, 3),
            own_seconds=round(seconds - self.others_seconds, 3),
            python=self.python or self.plan.python,
            installer=self.plan.installer,
            installer_version=self.installer_version or self.plan.installer,
            index=self.index,
            further=self.further,
            constraints=tuple(self.constraints),
            notes=(*self.plan.notes, *self.project.notes, *self.notes),
            suite=self.project.suite_of(self.plan),
            suite_exit=self.suite_exit,
            built=self.built,
            trouble=self.trouble,
        ).write(self.evidence.folder / InRun.RECORD)
        verdict = self.conclude(self.evidence)
        self.evidence.publish()
        return verdict

    def _require_python(self, environment: Environment) -> None:
        if not f"{environment.version}.".startswith(f"{self.plan.python}."):
            raise CannotJudgeError(
                f"the plan wants Python {self.plan.python}, but the environment has "
                f"{environment.version}; install Python {self.plan.python}"
            )

    def _take_over(self, mark: Mark) -> None:
        earlier = Evidence(self.evidence.folder.parent / mark.evidence).run
        self.index, self.further = earlier.index, earlier.further
        self.installer_version = earlier.installer_version
        self.constraints += earlier.constraints
        known = (*self.plan.notes, *self.project.notes)
        self.notes += (note for note in earlier.notes if note not in known)
        self.notes.append(f"the environment was not built by this run but by {mark.evidence}")

    def _build(self, environment: Environment) -> bool:
        """Build the environment; tell whether it is complete: it is not where a stage failed."""
        self.mark = Mark(evidence=self.evidence.folder.name, fingerprint=self.plan.fingerprint)
        self.mark.leave(self.venv)
        freeze = self._stages(environment)
        if freeze is None:
            return False
        with self._part("pip check"):
            log = self.evidence.folder / InRun.PIP_CHECK_LOG
            asked = [item for stage in self.plan.stages for item in stage.requirements]
            found = pip_check(environment, log, self.project.environ, asked)
        found.write(self.evidence.folder / InRun.PIP_CHECK)
        overwritten = overwritten_files(environment)
        overwritten.write(self.evidence.folder / InRun.OVERWRITTEN)
        self.notes += overwritten.notes(self.evidence.freeze)
        self.notes += start_notes(environment)
        self._require_own()
        self.mark = self.mark.model_copy(update={"freeze": freeze})
        self.mark.leave(self.venv)
        return True

    def _stages(self, environment: Environment) -> Freeze | None:
        """Run the stages; return what they installed, or None if one of them failed."""
        require_empty(environment)
        builder = self._builder(environment)
        with self._part("index"):
            self.installer_version = ask(environment.version_command()).output
            self.index = builder.prepare()
            self.further = builder.further
        failed = self._run_stages(builder)
        self.notes += build_notes(self.project.environ, builder.built)
        freeze = environment.freeze()
        self.evidence.write_freeze(freeze)
        self.notes += (
            f"{name} in the environment is no installed distribution: some wheel brought it along"
            for name in environment.strays()
        )
        if failed is not None and failed.failure != "refused":
            raise CannotJudgeError(f"stage {failed.name}: {failed.message}")
        return freeze if failed is None else None

    def _builder(self, environment: Environment) -> Builder:
        return Builder(
            plan=self.plan,
            environment=environment,
            folder=self.evidence.folder,
            snapshots=self.project.snapshots,
            environ=self.project.environ,
            limit=self.project.stage_limit,
            tick=self.progress.tick,
            constraints=self.constraints,
            notes=self.notes,
        )

    def _run_stages(self, builder: Builder) -> StageRecord | None:
        """Run the stages, writing each one's record as it ends; return the one that failed."""
        records: list[StageRecord] = []
        coming = builder.stages()
        total = len(self.plan.stages)
        for number, stage in enumerate(self.plan.stages, start=1):
            with self._part(f"stage {number} of {total}, {stage.name}"):
                records.append(next(coming))
            self.evidence.write_stages(records)
            self.evidence.write_built(builder.built)
            if records[-1].failure is not None:
                return records[-1]
        return None

    def _suite(self, environment: Environment) -> Suite:
        with self._part("test tools"):
            tools = suite_tools(
                environment,
                log=self.evidence.folder / InRun.STAGE_LOGS / "test-tools.log",
                environ=self.project.environ,
                tick=self.progress.tick,
            )
        self.evidence.write_tools(tools.freeze)
        return Suite(
            tests=assembled_suite(
                self.project.suite,
                {**workload_folders(self.project), **brought_workloads(environment)},
            ),
            environment=environment,
            freeze=self.evidence.freeze,
            tools=tools,
            folder=self.evidence.folder,
            environ=self.project.environ,
            limit=self.project.suite_limit,
            workers=useful_workers(self.plan, self.workloads, self.project.suite_workers),
        )

    def _run_suite(self, environment: Environment, servers: Starting) -> None:
        suite = self._suite(environment)
        self.notes += check_notes(self.surroundings, self.evidence.freeze)
        with self._part("servers"):
            started = servers.result()
        public = {name: info.public() for name, info in started.items()}
        write_atomically(self.evidence.folder / InRun.SERVERS, to_json(public))
        self._require_named(started.values())
        # Addresses carry passwords, which evidence must not.
        known = {name: info.to_json() for name, info in started.items()}
        private = servers.private_folder({InRun.SERVERS: to_json(known)})
        with self._part("suite"), servers.needed():
            try:
                finished = suite.run(private / InRun.SERVERS, self.progress.tick)
            finally:
                self._mask(started.values(), suite.folders)
        self.suite_exit = finished.exit
        if finished.timed_out:
            raise CannotJudgeError(f"the suite {finished.describe()}; see suite.log")
        if environment.freeze() != self.evidence.freeze:
            raise CannotJudgeError("the suite changed what is installed; see suite.log")

    def _install_project(self, environment: Environment) -> bool:
        """Install what commands need; tell whether that could be had beside the stack."""
        with self._part("project"):
            failed = install_project(self._builder(environment), self.evidence, self.project.root)
        if failed is not None and failed.failure != "refused":
            raise CannotJudgeError(f"stage {failed.name}: {failed.message}")
        return failed is None

    def _run_commands(self, environment: Environment, servers: Starting) -> None:
        with self._part("servers"):
            started = servers.result()
        self._require_named(started.values())
        commands = Commands(
            environment=environment,
            root=self.project.root,
            folder=self.evidence.folder,
            private=servers.private_folder({}),
            environ=self.project.environ,
            servers=started,
            only=self.plan.only,
            tick=self.progress.tick,
        )
        results: list[CheckResult] = []
        for command in self.plan.commands:
            with self._part(f"command {command.name}"), servers.needed():
                results += commands.answers(command)
            self.evidence.write_commands(results)

    def _require_named(self, servers: Iterable[ServerInfo]) -> None:
        """Raise if the user names a server that cannot be used: a skip would hide that."""
        reasons = [
            str(server.reason)
            for server in servers
            if (server.origin, server.grade) == ("user", "unavailable")
        ]
        if reasons:
            raise CannotJudgeError(f"a server of yours cannot be used: {'; '.join(reasons)}")

    def _mask(self, servers: Iterable[ServerInfo], folders: Mapping[str, str]) -> None:
        """Take passwords out of what the suite wrote, and where on this machine its files lie."""
        known = tuple(servers)

        def mask(text: str) -> str:
            return named_by_place(masked(text, known), folders)

        log, output = (self.evidence.folder / name for name in (InRun.CHECKS, InRun.SUITE_LOG))
        if log.exists():
            text = log.read_text(encoding="utf-8", errors="replace")
            write_atomically(log, mask_report_log(text, mask))
        if output.exists():
            write_atomically(output, mask(output.read_text(encoding="utf-8", errors="replace")))

    def _require_own(self) -> None:
        """Raise if another run took the environment away meanwhile."""
        found = Mark.read(self.venv)
        if self.mark is not None and (found is None or found.evidence != self.mark.evidence):
            self.built = False
            raise CannotJudgeError(
                "the environment was replaced by another run of the same row while this one used it"
            )

    @contextmanager
    def _part(self, text: str) -> Iterator[None]:
        """Show and time a part of the run that others do: an installer, an index, the suite."""
        self.doing = text
        begin = time.monotonic()
        try:
            with self.progress.part(f"{self.plan.label}: {text}"):
                yield
        finally:
            self.others_seconds += time.monotonic() - begin
