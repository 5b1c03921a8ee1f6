"""Evidence: the folder that one run leaves behind, written as the run goes and read back later.

reports/<matrix>/<row>/<UTC time>/ holds everything; `latest` beside it points at the newest run
that came to its end. What was written stays, however the run ends.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from stackproof.base.json_text import to_json
from stackproof.base.records import write_atomically
from stackproof.errors import CannotJudgeError
from stackproof.evidence.accelerators import Accelerators
from stackproof.evidence.confirmation import Confirmation
from stackproof.evidence.links import Links
from stackproof.evidence.loaded import LoadedFile
from stackproof.evidence.overwritten import Overwritten
from stackproof.evidence.records import (
    Built,
    BuiltFile,
    CheckResult,
    Freeze,
    Outcome,
    PipCheck,
    RunRecord,
    StageRecord,
    SuiteResults,
)
from stackproof.evidence.reported import message_of, trace_of
from stackproof.evidence.reports import InRow, InRun
from stackproof.matrix.plan import Plan

__all__ = ["Evidence"]


_WORST_FIRST: tuple[Outcome, ...] = ("failed", "skipped", "passed")

_ROOM = ".room"
_ROOM_BYTES = 1 << 20
_LATEST_ASIDE = ".latest-"

#: What an import check says that passed without importing anything.
_NO_MODULE = "it installs no module of its own"

_RESULTS = TypeAdapter(tuple[CheckResult, ...])
_STAGES = TypeAdapter(tuple[StageRecord, ...])
_LEFT_OUT = TypeAdapter(dict[str, tuple[str, ...]])


#: What the folder of a run is called: when the run began.
_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z")


@dataclass(frozen=True)
class Evidence:
    """One run's folder."""

    folder: Path

    @classmethod
    def create(cls, home: Path, plan: Plan) -> Evidence:
        """Make the folder of a run that begins now in `home`, and write its plan."""
        home.mkdir(parents=True, exist_ok=True)
        while True:
            folder = home / datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            break
        plan.write(folder / InRun.PLAN)
        return cls(folder)

    @staticmethod
    def clear(home: Path) -> None:
        """Remove what runs that were killed left half done in `home`, which the caller holds."""
        for path in (*home.glob(f"[0-9]*/{_ROOM}"), *home.glob(f"{_LATEST_ASIDE}*")):
            path.unlink(missing_ok=True)

    @staticmethod
    def has_name(path: Path) -> bool:
        """Tell whether a path is called as the folder of a run is."""
        return _NAME.fullmatch(path.name) is not None

    @classmethod
    def runs(cls, home: Path) -> Iterator[Evidence]:
        """Yield the runs in `home` that came to their end, the newest first."""
        for file in sorted(home.glob("[0-9]*/verdict.json"), reverse=True):
            yield cls(file.parent)

    @property
    def plan(self) -> Plan:
        """The plan that the run carried out."""
        return Plan.model_validate_json(self._read(InRun.PLAN))

    @property
    def run(self) -> RunRecord:
        """The circumstances of the run."""
        return RunRecord.model_validate_json(self._read(InRun.RECORD))

    @property
    def stages(self) -> tuple[StageRecord, ...]:
        """The records of the stages that ran."""
        return _STAGES.validate_json(self._read(InRun.STAGES, "[]"))

    @property
    def pip_check(self) -> PipCheck | None:
        """What `pip check` said, or None if it was not reached."""
        text = self._read(InRun.PIP_CHECK, "")
        return PipCheck.model_validate_json(text) if text else None

    @property
    def overwritten(self) -> Overwritten | None:
        """The files that distributions wrote over each other, or None where nobody looked."""
        text = self._read(InRun.OVERWRITTEN, "")
        return Overwritten.model_validate_json(text) if text else None

    @property
    def loaded(self) -> LoadedFile | None:
        """What the checks loaded of the stack, or None where nobody heard of it."""
        text = self._read(InRun.LOADED, "")
        return LoadedFile.model_validate_json(text) if text else None

    @property
    def confirmation(self) -> Confirmation | None:
        """What came of asking again for what is unexpected, or None where nobody did."""
        text = self._read(InRun.CONFIRMATION, "")
        return Confirmation.model_validate_json(text) if text else None

    @property
    def accelerators(self) -> Accelerators | None:
        """What was built for accelerators, or None where nobody looked."""
        text = self._read(InRun.ACCELERATORS, "")
        return Accelerators.model_validate_json(text) if text else None

    @property
    def links(self) -> Links | None:
        """The links of what was installed, or None where nobody looked, or not to the end."""
        text = self._read(InRun.LINKS, "")
        return Links.model_validate_json(text) if text else None

    @property
    def freeze(self) -> Freeze:
        """What was installed when the stages were done."""
        lines = self._read(InRun.FREEZE, "").splitlines()
        return {name: version for name, _, version in (line.partition("==") for line in lines)}

    @property
    def servers(self) -> dict[str, dict[str, Any]]:
        """The servers that workloads could talk to, by name."""
        servers: dict[str, dict[str, Any]] = json.loads(self._read(InRun.SERVERS, "{}"))
        return servers

    @property
    def suite(self) -> SuiteResults:
        """What the suite's report log says."""
        return _read_report_log(self._read(InRun.CHECKS, ""))

    @property
    def left_out(self) -> dict[str, tuple[str, ...]]:
        """The workloads that the row has no use for, each with the distributions it would need."""
        try:
            return _LEFT_OUT.validate_json(self._read(InRun.LEFT_OUT, "{}"))
        except ValidationError:
            return {}  # torn when the suite was stopped, or the disk was full

    @property
    def commands(self) -> tuple[CheckResult, ...]:
        """What the team's own commands answered, test case by test case."""
        return _RESULTS.validate_json(self._read(InRun.COMMANDS, "[]"))

    def write_commands(self, results: Sequence[CheckResult]) -> None:
        """Write what the commands that ran so far answered."""
        data = _RESULTS.dump_python(tuple(results), mode="json")
        write_atomically(self.folder / InRun.COMMANDS, to_json(data))

    def write_stages(self, stages: list[StageRecord]) -> None:
        """Write the records of the stages that ran so far."""
        data = _STAGES.dump_python(tuple(stages), mode="json")
        write_atomically(self.folder / InRun.STAGES, to_json(data))

    @property
    def built(self) -> tuple[Built, ...]:
        """What was built from source, or taken of what was."""
        return BuiltFile.model_validate_json(self._read(InRun.BUILT, "{}")).built

    @property
    def tells_of_builds(self) -> bool:
        """Whether the run tells what was built, and so took nothing that was built otherwise."""
        return (self.folder / InRun.BUILT).exists()

    def write_built(self, built: Sequence[Built]) -> None:
        """Write what the stages that ran so far built from source."""
        BuiltFile(built=tuple(built)).write(self.folder / InRun.BUILT)

    def write_freeze(self, freeze: Freeze) -> None:
        """Write what is installed, one requirement a line."""
        self._write_freeze(InRun.FREEZE, freeze)

    def write_tools(self, tools: Freeze) -> None:
        """Write which test tools asked the checks, which are no part of what is installed."""
        self._write_freeze(InRun.TOOLS, tools)

    def _write_freeze(self, name: str, freeze: Freeze) -> None:
        lines = [f"{distribution}=={version}\n" for distribution, version in freeze.items()]
        write_atomically(self.folder / name, "".join(lines))

    def hold_room(self) -> None:
        """Take up the disk space that the verdict will need, before others fill the disk."""
        (self.folder / _ROOM).write_bytes(os.urandom(_ROOM_BYTES))

    def release_room(self) -> None:
        """Give the space back."""
        (self.folder / _ROOM).unlink(missing_ok=True)

    def publish(self) -> None:
        """Point `latest` at this run, now that it came to its end.

        Raises CannotJudgeError if a folder stands in the link's place.
        """
        link = self.folder.parent / InRow.LATEST
        if link.is_dir() and not link.is_symlink():
            raise CannotJudgeError(
                f"{link} is a folder, and must be a link to the newest run: move it away and run "
                f"again; what this run found is in {self.folder.name}/verdict.json"
            )
        aside = self.folder.parent / f"{_LATEST_ASIDE}{self.folder.name}"
        try:
            aside.symlink_to(self.folder.name)
            aside.replace(link)
        finally:
            aside.unlink(missing_ok=True)

    def _read(self, name: str, absent: str | None = None) -> str:
        path = self.folder / name
        if absent is not None and not path.exists():
            return absent
        return path.read_text(encoding="utf-8", errors="replace")


def _read_report_log(text: str) -> SuiteResults:
    """Read pytest-reportlog's JSON lines; a torn last line is one that was never finished."""
    phases: dict[str, list[dict[str, Any]]] = {}
    errors: list[str] = []
    end: int | None = None
    for entry in _entries(text):
        kind = entry.get("$report_type")
        if kind == "SessionFinish" or "exitstatus" in entry:
            end = entry.get("exitstatus")
        elif kind == "CollectReport" and entry["outcome"] == "failed":
            errors.append(message_of(entry))
        elif kind == "CollectReport" and entry["outcome"] == "skipped":
            said = f"{entry['nodeid']} skips itself as a whole ({message_of(entry)})"
            errors.append(f"{said}; skip inside a test, or the check vanishes")
        elif kind == "TestReport":
            name = dict(entry.get("user_properties", ())).get("check")
            if name is not None:
                phases.setdefault(name, []).append(entry)
            elif entry["outcome"] == "failed":
                errors.append(f"{entry['nodeid']}: {message_of(entry)}")
    # Each worker collects, and so complains, for itself.
    unique = tuple(dict.fromkeys(errors))
    checks = tuple(_check(name, each) for name, each in phases.items() if _is_answer(each))
    return SuiteResults(checks=checks, errors=unique, exit=end)


def _entries(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            return


def _is_answer(phases: Sequence[dict[str, Any]]) -> bool:
    """Tell whether phases of a test answer its check: that it could be set up is no answer."""
    return any(phase["when"] == "call" or phase["outcome"] != "passed" for phase in phases)


def _check(name: str, phases: Sequence[dict[str, Any]]) -> CheckResult:
    """Return the check that the phases of a test make: the worst counts, and times add up."""
    outcomes = [_outcome(phase) for phase in phases]
    outcome, message = min(outcomes, key=lambda each: _WORST_FIRST.index(each[0]))
    properties = {name: value for phase in phases for name, value in phase["user_properties"]}
    modules, needs = properties.get("modules"), properties.get("needs")
    return CheckResult(
        id=name,
        outcome=outcome,
        message=message or (_NO_MODULE if modules == [] else ""),
        seconds=round(sum(phase["duration"] for phase in phases), 3),
        processor_seconds=properties.get("processor_seconds"),
        peak_memory=properties.get("peak_memory"),
        grade=properties.get("grade", "real"),
        modules=None if modules is None else tuple(modules),
        needs=None if needs is None else tuple(needs),
        servers=tuple(properties.get("servers", ())),
        trace="\n".join(filter(None, map(trace_of, phases))),
    )


def _outcome(phase: dict[str, Any]) -> tuple[Outcome, str]:
    """Return the outcome of a phase, and its message."""
    if "wasxfail" in phase:
        # Known failures stand in the matrix, with reason and date, and nowhere else.
        return "failed", f"marked as an expected failure: {message_of(phase)}"
    return phase["outcome"], message_of(phase)
