"""Ask a complete environment all checks of a plan: those of the suite, then the team's commands."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from stackproof.base.invocation import typed
from stackproof.base.json_text import to_json
from stackproof.base.records import write_atomically
from stackproof.base.versions import OLDEST_MINOR
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.loaded import Loaded
from stackproof.evidence.records import CheckResult
from stackproof.evidence.reports import InRun
from stackproof.installers.environment import Environment
from stackproof.matrix.checks import CheckId
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words
from stackproof.run.altered import require_unaltered
from stackproof.run.built_environment import builder_of
from stackproof.run.commands import Commands, install_project
from stackproof.run.course import Course
from stackproof.run.listening import Listener
from stackproof.run.masking import mask_report_log, named_by_place
from stackproof.run.servers import Starting, masked
from stackproof.run.servers.info import ServerInfo
from stackproof.run.suite import Suite, useful_workers
from stackproof.run.suite_files import assembled_suite, brought_workloads, workload_folders
from stackproof.run.suite_tools import suite_tools
from stackproof.run.surroundings import check_notes
from stackproof.run.workloads import DeclaredWorkload, declared_workloads, needed_servers

__all__ = ["Answered", "Asking"]


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a suite answered before it was asked the rest.

    `log` and `words` are what it wrote of these checks in its report log and beside it, `loaded` is
    what they loaded.
    """

    checks: tuple[str, ...]
    log: str
    words: str
    loaded: Mapping[str, Loaded]

    @classmethod
    def of(cls, evidence: Evidence) -> Answered:
        """Return what a suite that came to its end answered."""
        lines = (evidence.folder / InRun.CHECKS).read_text(encoding="utf-8").splitlines()
        loaded = evidence.loaded
        return cls(
            checks=tuple(check.id for check in evidence.suite.checks),
            # How it ended is the last one's to say.
            log="".join(f"{line}\n" for line in lines if '"exitstatus"' not in line),
            words=(evidence.folder / InRun.SUITE_LOG).read_text(encoding="utf-8"),
            loaded=loaded.checks if loaded else {},
        )

    def put_before(self, folder: Path) -> None:
        """Put it before what the suite wrote of the rest."""
        for name, text in ((InRun.CHECKS, self.log), (InRun.SUITE_LOG, self.words)):
            file = folder / name
            rest = file.read_text(encoding="utf-8") if file.exists() else ""
            write_atomically(file, text + rest)


@dataclass(frozen=True, kw_only=True)
class Asking:
    """The questions of a run to its environment; `workloads` are those that may be among them.

    `before` is what the suite answered already: it is asked the rest. The `listener` hears each
    answer as soon as it is there, and may have heard enough before the end of the suite.
    """

    course: Course
    environment: Environment
    servers: Starting
    workloads: Iterable[DeclaredWorkload]
    before: Answered | None = None
    listener: Listener | None = None

    def ask_all(self) -> None:
        """Write the answers to all checks of the plan.

        Raises CannotJudgeError where something stands in the way of an answer.
        """
        begin = time.time()
        if self.course.plan.asks_suite:
            self._run_suite()
            self._require_unaltered(begin)
        if self.course.settled_by is not None:
            return
        if self.course.plan.asked_commands and self._install_project():
            self._run_commands()
            self._require_unaltered(begin)

    def _require_unaltered(self, begin: float) -> None:
        """Raise CannotJudgeError where checks have changed the stack that they were asked of."""
        if self.course.plan.interpreter is None:
            require_unaltered(self.environment, since=begin)

    def _suite(self) -> Suite:
        course, project = self.course, self.course.project
        brought = brought_workloads(self.environment)
        # Of these nobody knew before the stack was there.
        declared = declared_workloads(*brought.values())
        course.notes += (f"{marker}; no server is started for it" for marker in declared.unread)
        self.servers.start(needed_servers(course.plan, declared.workloads))
        with course.part("test tools"):
            tools = suite_tools(
                self.environment,
                log=course.evidence.folder / InRun.STAGE_LOGS / "test-tools.log",
                environ=project.environ,
                tick=course.progress.tick,
                otherwise=course.temporary,
            )
        course.evidence.write_tools(tools.freeze)
        return Suite(
            tests=assembled_suite(project.suite, {**workload_folders(project), **brought}),
            environment=self.environment,
            freeze=course.evidence.freeze,
            tools=tools,
            folder=course.evidence.folder,
            environ=project.environ,
            limit=project.suite_limit,
            answered=self.before.checks if self.before else (),
            workers=useful_workers(
                course.plan, [*self.workloads, *declared.workloads], project.suite_workers
            ),
        )

    def _run_suite(self) -> None:
        course = self.course
        plan, oldest = course.plan, f"3.{OLDEST_MINOR}"
        if Version(self.environment.version) < Version(oldest):
            raise CannotJudgeError(
                f"checks need Python {oldest} or newer, and this is {self.environment.version}; "
                f"`{typed('audit', f'{plan.matrix}/{plan.row}')}` judges it by its metadata"
            )
        suite = self._suite()
        course.notes += check_notes(course.surroundings, course.evidence.freeze)
        with course.part("servers"):
            started = self.servers.result()
        public = {name: info.public() for name, info in started.items()}
        write_atomically(course.evidence.folder / InRun.SERVERS, to_json(public))
        _require_named(started.values())
        # Addresses carry passwords, which evidence must not.
        known = {name: info.to_json() for name, info in started.items()}
        private = self.servers.private_folder({InRun.SERVERS: to_json(known)})
        with course.part("suite"), self.servers.needed():
            try:
                finished, watch = suite.run(
                    private / InRun.SERVERS,
                    course.progress.tick,
                    self.listener.enough if self.listener else lambda: False,
                    watched=plan.interpreter is None,
                )
                if self.listener and course.settled_by is None:
                    self.listener.enough()  # it may have ended before its last answers were heard
                if self.listener and course.settled_by is not None:
                    self.listener.forget_later()
            finally:
                self._mask(started.values(), suite.folders)
                if self.before is not None:
                    self.before.put_before(course.evidence.folder)
        course.suite_exit = finished.exit if course.settled_by is None else None
        answered = {check.id for check in course.evidence.suite.checks}
        course.notes += (
            f"the budget of {budget.check} is for a workload that this row was not asked"
            for budget in plan.budgets
            if CheckId.parse(budget.check).kind == "smoke" and budget.check not in answered
            if not plan.only and course.settled_by is None
        )
        if watch is not None:
            loaded = watch.loaded(course.evidence.suite.checks)
            earlier = self.before.loaded if self.before else {}
            loaded = loaded.model_copy(update={"checks": {**loaded.checks, **earlier}})
            loaded.write(course.evidence.folder / InRun.LOADED)
        if finished.timed_out:
            raise CannotJudgeError(in_words(reason("suite-stopped", how=finished.describe())))
        if self.environment.freeze() != course.evidence.freeze:
            raise CannotJudgeError(in_words(reason("suite-changed-stack")))

    def _install_project(self) -> bool:
        """Install what commands need; tell whether that could be had beside the stack."""
        course = self.course
        with course.part("project"):
            builder = builder_of(course, self.environment)
            failed = install_project(builder, course.evidence, course.project.root)
        if failed is not None and failed.failure != "refused":
            raise CannotJudgeError(f"stage {failed.name}: {failed.message}")
        return failed is None

    def _run_commands(self) -> None:
        course = self.course
        with course.part("servers"):
            started = self.servers.result()
        _require_named(started.values())
        commands = Commands(
            environment=self.environment,
            root=course.project.root,
            folder=course.evidence.folder,
            private=self.servers.private_folder({}),
            environ={**course.project.environ, **self._no_byte_code},
            servers=started,
            only=course.plan.only,
            tick=course.progress.tick,
        )
        results: list[CheckResult] = []
        for command in course.plan.asked_commands:
            with course.part(f"command {command.name}"), self.servers.needed():
                results += commands.answers(command)
            course.evidence.write_commands(results)

    @property
    def _no_byte_code(self) -> dict[str, str]:
        """What keeps a command from writing byte code into an environment that is not ours."""
        return {"PYTHONDONTWRITEBYTECODE": "1"} if self.course.plan.interpreter else {}

    def _mask(self, servers: Iterable[ServerInfo], folders: Mapping[str, str]) -> None:
        """Take passwords out of what the suite wrote, and where on this machine its files lie."""
        known = tuple(servers)

        def mask(text: str) -> str:
            return named_by_place(masked(text, known), folders)

        folder = self.course.evidence.folder
        log, output = (folder / name for name in (InRun.CHECKS, InRun.SUITE_LOG))
        if log.exists():
            text = log.read_text(encoding="utf-8", errors="replace")
            write_atomically(log, mask_report_log(text, mask))
        if output.exists():
            write_atomically(output, mask(output.read_text(encoding="utf-8", errors="replace")))


def _require_named(servers: Iterable[ServerInfo]) -> None:
    """Raise if the user names a server that cannot be used: a skip would hide that."""
    reasons = [
        str(server.reason)
        for server in servers
        if (server.origin, server.grade) == ("user", "unavailable")
    ]
    if reasons:
        raise CannotJudgeError(f"a server of yours cannot be used: {'; '.join(reasons)}")
