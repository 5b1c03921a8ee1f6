"""Evidence that is written down by hand, where a run would take longer."""

from __future__ import annotations

__all__ = ["NOTHING", "evidence_of", "leave", "suite_line", "tiny_plan"]

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from types import MappingProxyType

from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import Drift, PipCheck, RunRecord, StageRecord
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import parse_matrix
from stackproof.matrix.plan import Plan
from support.workbench import TINY, toml

NOTHING = Drift(added={}, removed={}, upgraded={}, downgraded={})
_NONE: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_RUN = {
    "started": datetime(2025, 4, 1, 12, 30, 15, 678900, tzinfo=timezone.utc),
    "seconds": 12.346,
    "own_seconds": 0.5,
    "python": "3.11.7",
    "installer": "uv",
    "installer_version": "uv 0.0",
    "index": "https://index.example/simple",
    "constraints": (),
    "notes": (),
    "suite": "0" * 64,
    "trouble": None,
}


def tiny_plan(known: str = "") -> Plan:
    """Return the plan of the tiny matrix' row, with tables of known failures."""
    return make_plan(parse_matrix(toml(TINY + known), file="tiny.toml"), name="tiny", row="plain")


def suite_line(
    check: str, outcome: str, message: str = "", grade: str = "real", when: str = "call"
) -> str:
    """Return what the suite's report log says of one check."""
    longrepr: object = ["test.py", 1, f"Skipped: {message}"] if outcome == "skipped" else message
    return json.dumps(
        {
            "$report_type": "TestReport",
            "nodeid": f"test.py::{check}",
            "when": when,
            "outcome": outcome,
            "longrepr": longrepr or None,
            "duration": 0.2123456,
            "user_properties": [["check", check], ["grade", grade]],
        }
    )


def leave(
    evidence: Evidence,
    suite: Iterable[str],
    *,
    drifts: Mapping[str, Drift],
    freeze: Mapping[str, str],
    complaints: Mapping[str, tuple[str, ...]] = _NONE,
    exit_code: int | None = 1,
    **run: object,
) -> None:
    """Leave the evidence of a run whose stages went well and whose suite said so much.

    `drifts` are those of the stages by name, `complaints` those of `pip check`; `exit_code` is
    pytest's, None for one that was killed. `run` are fields of the run's record.
    """
    record = RunRecord.model_validate({**_RUN, "suite_exit": exit_code, **run})
    evidence.write_stages(
        [
            StageRecord(
                name=name,
                command=("uv", "pip", "install"),
                started=record.started,
                seconds=1.234,
                exit=0,
                log=f"stages/{name}.log",
                tries=1,
                drift=drift,
                failure=None,
                message="",
            )
            for name, drift in drifts.items()
        ]
    )
    evidence.write_freeze(dict(freeze))
    PipCheck(
        speaker="uv", exit=bool(complaints), seconds=0.1, complaints=dict(complaints), output=""
    ).write(evidence.folder / "pip-check.json")
    end = json.dumps({"$report_type": "SessionFinish", "exitstatus": exit_code})
    log = "\n".join([*suite, *([end] if exit_code is not None else []), ""])
    (evidence.folder / "checks.jsonl").write_text(log, encoding="utf-8")
    record.write(evidence.folder / "run.json")


def evidence_of(
    root: Path,
    *suite: str,
    known: str = "",
    complaints: Mapping[str, tuple[str, ...]] = _NONE,
    exit_code: int | None = 1,
    **run: object,
) -> Evidence:
    """Return the evidence of a run of the tiny matrix, left below `root`; see `leave`."""
    plan = tiny_plan(known).model_copy(update={"allowed_skips": ("smoke:skips",)})
    evidence = Evidence.create(root / "reports" / "tiny" / "plain", plan)
    moved = NOTHING.model_copy(update={"downgraded": {"alpha": ("1.0", "0.9")}})
    leave(
        evidence,
        suite,
        drifts={"one": NOTHING, "two": moved},
        freeze={"alpha": "0.9", "beta": "1.0"},
        complaints=complaints,
        exit_code=exit_code,
        notes=("a note with a | bar",),
        **run,
    )
    return evidence
