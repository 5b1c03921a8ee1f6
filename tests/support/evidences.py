"""Evidence that is written down by hand, where a run would take longer."""

from __future__ import annotations

__all__ = ["evidence_of", "suite_line"]

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from types import MappingProxyType

from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import Drift, PipCheck, RunRecord, StageRecord
from support.workbench import Bench


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
            "duration": 0.0123456,
            "user_properties": [["check", check], ["grade", grade]],
        }
    )


def evidence_of(
    bench: Bench,
    *suite: str,
    known: str = "",
    complaints: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    exit_code: int | None = 1,
    built: bool = False,
    trouble: str | None = None,
) -> Evidence:
    """Write the evidence of a run whose stages went well and whose suite said so much.

    `complaints` are those of `pip check`; `exit_code` is pytest's, None for one that was killed.
    """
    plan = bench.plan(known).model_copy(update={"allowed_skips": ("smoke:skips",)})
    evidence = Evidence.create(bench.root / "reports" / "tiny" / "plain", plan)
    now = datetime(2025, 4, 1, 12, 30, 15, 678900, tzinfo=timezone.utc)
    nothing = Drift(added={}, removed={}, upgraded={}, downgraded={})
    moved = nothing.model_copy(update={"downgraded": {"alpha": ("1.0", "0.9")}})
    evidence.write_stages(
        [
            StageRecord(
                name=name,
                command=("uv", "pip", "install"),
                started=now,
                seconds=1.234,
                exit=0,
                log=f"stages/{name}.log",
                tries=1,
                drift=drift,
                failure=None,
                message="",
            )
            for name, drift in (("one", nothing), ("two", moved))
        ]
    )
    evidence.write_freeze({"alpha": "0.9", "beta": "1.0"})
    PipCheck(
        speaker="uv", exit=bool(complaints), seconds=0.1, complaints=dict(complaints), output=""
    ).write(evidence.folder / "pip-check.json")
    end = json.dumps({"$report_type": "SessionFinish", "exitstatus": exit_code})
    log = "\n".join([*suite, *([end] if exit_code is not None else []), ""])
    (evidence.folder / "checks.jsonl").write_text(log, encoding="utf-8")
    RunRecord(
        started=now,
        seconds=12.346,
        own_seconds=0.5,
        python="3.11.7",
        installer="uv",
        installer_version="uv 0.0",
        index="https://index.example/simple",
        constraints=(),
        notes=("a note with a | bar",),
        suite="0" * 64,
        suite_exit=exit_code,
        built=built,
        trouble=trouble,
    ).write(evidence.folder / "run.json")
    return evidence
