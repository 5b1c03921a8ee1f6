"""Run a team's own commands in a built environment, after the suite: each is a check.

What they need beside the stack, the project itself among it, is installed last, and held to what
the stack has: a requirement that would change that is refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from junitparser import Attr, JUnitXml, JUnitXmlError, Skipped, TestCase
from junitparser.junitparser import FinalResult

from stackproof.base.disk import says_no_room
from stackproof.base.process import Finished, run
from stackproof.base.records import write_atomically
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import CheckResult, Outcome, StageRecord
from stackproof.evidence.reports import InRun
from stackproof.installers.choosing import Choice
from stackproof.installers.environment import Environment
from stackproof.installers.known import installer_named
from stackproof.matrix.checks import CheckId
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedCommand, PlannedStage
from stackproof.run.build import Builder
from stackproof.run.servers import ServerInfo, ServerName, addresses, masked

__all__ = ["Commands", "install_project"]

_LAST_LINES = 40
_SAID = 4000
#: All that pytest has as the message of a module that it could not import.
_UNCOLLECTED = "collection failure"
#: All that the log of a command has which never began; see `base.parent_death`.
_UNSTARTED = re.compile(r"error: (.+ cannot be started: .+)")


def install_project(builder: Builder, evidence: Evidence, root: Path) -> StageRecord | None:
    """Install what a plan's commands need, held to the stack; return the stage if it failed."""
    constraints = evidence.folder / "held-to-the-stack.txt"
    held = (f"{name}=={version}\n" for name, version in evidence.freeze.items())
    write_atomically(constraints, "".join(held))
    stage = _project_stage(builder.plan, root, constraints)
    if stage is None:
        return None
    record = builder.run_stage(len(builder.plan.stages) + 1, stage)
    evidence.write_stages([*evidence.stages, record])
    return record if record.failure is not None else None


def _project_stage(plan: Plan, root: Path, constraints: Path) -> PlannedStage | None:
    """Return the stage that installs it all; None if there is nothing to install."""
    needs = dict.fromkeys(need for command in plan.asked_commands for need in command.needs)
    editable = dict.fromkeys(
        command.editable for command in plan.asked_commands if command.editable
    )
    choice = Choice.within(plan).arguments(installer_named(plan.installer))
    arguments = [*needs, *(word for path in editable for word in ("--editable", f"{root / path}"))]
    if not arguments:
        return None
    return PlannedStage(
        name="project",
        step="none",
        pins=(),
        arguments=(*arguments, "--constraint", str(constraints), *choice),
        constraints=None,
        index=None,
        reason="installs what commands need, held to the stack",
        reasons={},
    )


class _Case(TestCase):
    """A test case, with the file that pytest's first form of JUnit names."""

    file = Attr("file")


@dataclass(frozen=True, kw_only=True)
class Commands:
    """The commands of a plan in an environment; their logs go to `folder`.

    `only` are the ids of the checks that are asked, all if empty. `private` is a folder for what
    nobody else may read.
    """

    environment: Environment
    root: Path
    folder: Path
    private: Path
    environ: Mapping[str, str]
    servers: Mapping[ServerName, ServerInfo]
    only: Sequence[str] = ()
    tick: Callable[[], None] = lambda: None

    def answers(self, command: PlannedCommand) -> Iterator[CheckResult]:
        """Run a command; yield its own answer, and that of each of its test cases.

        Raises CannotJudgeError where test cases are asked for, and it ends well without any, and
        where it fails for want of room on a disk.
        """
        own = CheckId("command", command.name)
        wanted = [self.servers[server] for server in command.servers]
        absent = [server.reason or "" for server in wanted if server.grade == "unavailable"]
        if absent:
            asked = [check for check in self.only if command.answers(check)] or [own]
            for check in asked:
                yield _result(check, "skipped", "; ".join(absent), 0.0, command)
            return
        log = self.folder / InRun.COMMAND_LOGS / f"{command.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        report = self.private / f"{command.name}.xml"
        finished = self._run(command, log, report)
        said = self._mask(log.read_text(encoding="utf-8", errors="replace"))
        log.write_text(said, encoding="utf-8")
        cases = list(self._cases(command, report)) if command.junit else []
        if command.junit and not cases and finished.exit == 0:
            raise CannotJudgeError(
                f"command {command.name!r} ended well and wrote no test case to the file of its "
                "last words, --junitxml=FILE; see [[commands]] in docs/commands.md"
            )
        words = _words(finished, said, [case.id for case in cases if case.outcome == "failed"])
        complaints = [said, *(case.message for case in cases if case.outcome == "failed")]
        if words and any(map(says_no_room, complaints)):
            raise CannotJudgeError(
                f"command {command.name!r} has no answer: the disk is full, or was while it ran; "
                f"see {InRun.COMMAND_LOGS}/{log.name}\n{words}"
            )
        outcome: Outcome = "failed" if words else "passed"
        results: dict[str, CheckResult] = {
            own: _result(own, outcome, words, finished.seconds, command).model_copy(
                update={
                    "processor_seconds": round(finished.processor_seconds, 3),
                    "peak_memory": finished.peak_memory,
                }
            )
        }
        results |= {case.id: case for case in cases}
        for check in self._collected(command, cases):
            results[check] = _result(check, "passed", "", 0.0, command)
        if words:
            # What a command did not come to has not passed.
            unreached = [
                check for check in self.only if command.answers(check) and check not in results
            ]
            for check in unreached:
                results[check] = _result(check, "failed", f"not reached: {words}", 0.0, command)
        yield from (
            result for check, result in results.items() if not self.only or check in self.only
        )

    def _collected(self, command: PlannedCommand, cases: Sequence[CheckResult]) -> list[str]:
        """Return the modules that were asked for, as cases of their own, and have cases of theirs.

        Where pytest cannot import a module of tests it writes a case of its name, and no other of
        that module; where it can, there is no such case.
        """
        start = CheckId("command", f"{command.name}::")
        files = {case.id.removeprefix(start).partition("::")[0] for case in cases}
        modules = {f"{start}{_module(file)}" for file in files}
        return [check for check in self.only if check in modules - {case.id for case in cases}]

    def _mask(self, text: str) -> str:
        return masked(text, self.servers.values())

    def _run(self, command: PlannedCommand, log: Path, report: Path) -> Finished:
        scripts = str(self.environment.python.parent)
        path = os.pathsep.join([scripts, self.environ.get("PATH", os.defpath)])
        words = list(command.run)
        if command.junit:
            # The first form says which file a case is of.
            words += [f"--junitxml={report}", "-o", "junit_family=xunit1"]
        found = (Path(scripts) / words[0]) if os.sep not in words[0] else None
        if found is not None and found.is_file():
            words[0] = str(found)
        return run(
            words,
            log=log,
            limit=command.timeout,
            env={
                **self.environ,
                "PATH": path,
                "VIRTUAL_ENV": str(self.environment.root),
                "TMPDIR": str(self.private),
                **addresses(self.servers[name] for name in command.servers),
            },
            cwd=self.root / command.cwd,
            tick=self.tick,
        )

    def _cases(self, command: PlannedCommand, report: Path) -> Iterator[CheckResult]:
        """Yield the answer of each test case of a JUnit file; of two of one name the worse one."""
        try:
            suites = JUnitXml.fromfile(str(report))
        except (OSError, JUnitXmlError, SyntaxError):
            return
        found: dict[str, CheckResult] = {}
        for suite in suites:
            for case in suite.iterchildren(_Case):  # type: ignore[no-untyped-call]
                result = self._case(command, case)
                if result.id not in found or result.outcome == "failed":
                    found[result.id] = result
        yield from found.values()

    def _case(self, command: PlannedCommand, case: _Case) -> CheckResult:
        check = CheckId("command", f"{command.name}::{_name(case)}")
        results = case.result
        words = "\n".join(map(_said_of, results))
        skipped = bool(results) and all(isinstance(one, Skipped) for one in results)
        # A case that skips itself says, as in any suite of tests, that it does not apply here.
        outcome: Outcome = "passed" if skipped or not results else "failed"
        return _result(check, outcome, self._mask(words)[:_SAID], case.time or 0.0, command)


def _said_of(result: FinalResult) -> str:
    """Return what a test case says of how it ended; of a module, pytest tells why in the text."""
    said = result.message
    return str((result.text if said == _UNCOLLECTED else said) or result.text or said or "")


def _module(file: str) -> str:
    """Return the name that pytest gives a module of tests, by its file."""
    return file.removesuffix(".py").replace("/", ".")


def _name(case: _Case) -> str:
    """Return the name of a test case, as pytest writes it: file, classes and function."""
    file, owner = str(case.file or ""), str(case.classname or "")
    module = _module(file)
    if file and (owner == module or owner.startswith(f"{module}.")):
        classes = [word for word in owner[len(module) :].split(".") if word]
        parts = [file, *classes, str(case.name)]
    else:
        parts = [*filter(None, [owner]), str(case.name)]
    return re.sub(r"\s+", "_", "::".join(parts))


def _words(finished: Finished, said: str, failed: Sequence[str]) -> str:
    """Say how a command failed; nothing if it did not."""
    if finished.succeeded:
        return ""
    if failed:
        return f"{finished.describe()}: {len(failed)} test cases failed: {', '.join(failed)}"[
            :_SAID
        ]
    unstarted = _UNSTARTED.fullmatch(said.strip())
    if unstarted is not None:
        return unstarted[1]
    end = "\n".join(said.strip().splitlines()[-_LAST_LINES:])
    return f"{finished.describe()}\n{end}"[-_SAID:]


def _result(
    check: str, outcome: Outcome, words: str, seconds: float, command: PlannedCommand
) -> CheckResult:
    return CheckResult(
        id=check,
        outcome=outcome,
        message=words,
        seconds=round(seconds, 3),
        servers=command.servers,
    )
