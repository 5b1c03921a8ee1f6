"""A reports folder made up for tests: evidence written down by hand, as runs would leave it."""

from __future__ import annotations

__all__ = ["MATRIX", "STARTED", "Shop", "conflict", "entry"]

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.entry import HistoryEntry, entry_of
from stackproof.evidence.records import Drift, Move, PipCheck, RunRecord, StageRecord
from stackproof.evidence.verdict import Verdict, judge
from stackproof.matrix.load import load_matrix
from stackproof.matrix.planning import make_plan
from stackproof.report.files import write_reports
from stackproof.report.site.page import write_site
from stackproof.report.texts import Language

STARTED = datetime(2025, 4, 1, 12, 30, 15, tzinfo=timezone.utc)

MATRIX = """\
format = 1
title = "Tiny"
document = "tiny.md"
python = "3.11"

[[claims]]
text = "Python 3.11.x: everything supports it"
checks = ["import:*"]

[[pins]]
name = "beta"
version = "1.0"
imports = ["beta"]
area = "second"
role = "letters"
claims = [
  { text = "works with alpha", checks = ["import:beta", "smoke:sum"] },
  { text = "Python 3.11 supported", checks = ["python:beta"] },
]

[[pins]]
name = "alpha"
version = "1.0"
imports = ["alpha"]
area = "first"
role = "letters"
claims = [{ text = "stable", checks = ["import:alpha", "version:alpha"] }]

[[stages]]
name = "one"
step = "Install alpha."
pins = ["alpha"]

[[stages]]
name = "two"
step = "Install beta."
pins = ["beta"]

[rows.plain]
summary = "As the document says."

[[rows.plain.known-failures]]
check = "version:alpha"
reason = "an old story"
date = 2025-01-02

[rows.other]
summary = "Another row."
"""

_CHECKS = (
    *("import:*", "import:alpha", "import:beta", "version:alpha", "version:beta"),
    "smoke:sum",
)
_NOTHING = Drift(added={}, removed={}, upgraded={}, downgraded={})


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A project at `root` with the matrix above."""

    root: Path

    def __post_init__(self) -> None:
        self.matrices.mkdir(parents=True, exist_ok=True)
        self.reports.mkdir(exist_ok=True)
        (self.matrices / "tiny.toml").write_text(MATRIX, encoding="utf-8")

    @property
    def reports(self) -> Path:
        """Where evidence goes."""
        return self.root / "reports"

    @property
    def matrices(self) -> Path:
        """Where the matrix is."""
        return self.root / "matrices"

    def page(self, lang: Language = "en") -> str:
        """Write the page; return it."""
        return write_site(self.reports, self.matrices, lang).read_text(encoding="utf-8")

    def run(
        self,
        said: Mapping[str, tuple[str, str]] = {},
        *,
        row: str = "plain",
        known: bool = False,
        moved: Mapping[str, Move] = {},
        grades: Mapping[str, str] = {},
        trouble: str | None = None,
        complaints: Mapping[str, tuple[str, ...]] = {},
        as_of: datetime | None = None,
    ) -> tuple[Evidence, Verdict]:
        """Leave the evidence of a run in which every check passed but those in `said`.

        That maps checks to (outcome, message); `known` failures are those of the matrix.
        """
        plan = make_plan(load_matrix(self.matrices / "tiny.toml"), name="tiny", row=row)
        plan = plan.model_copy(
            update={"allowed_skips": ("smoke:sum", "version:alpha"), "as_of": as_of}
        )
        if not known:
            plan = plan.model_copy(update={"known_failures": ()})
        evidence = Evidence.create(self.reports / "tiny" / row, plan)
        drift = _NOTHING.model_copy(update={"upgraded": dict(moved)})
        added = _NOTHING.model_copy(update={"added": {"alpha": (None, "1.0")}})
        evidence.write_stages([_stage("one", added), _stage("two", drift)])
        for name in ("one", "two"):
            _write(evidence.folder / "stages" / f"{name}.log", f"log of stage {name}\n")
        evidence.write_freeze({"alpha": "1.0", "beta": "1.0"})
        PipCheck(
            speaker="uv", exit=bool(complaints), seconds=0.1, complaints=complaints, output=""
        ).write(evidence.folder / "pip-check.json")
        _write(evidence.folder / "pip-check.txt", "said by pip check\n")
        _write(evidence.folder / "suite.log", "log of the suite\n")
        lines = [_line(check, *said.get(check, ("passed", "")), grades) for check in _CHECKS]
        end = {"$report_type": "SessionFinish", "exitstatus": 1}
        _write(evidence.folder / "checks.jsonl", "\n".join([*lines, json.dumps(end), ""]))
        _record(trouble).write(evidence.folder / "run.json")
        verdict = judge(evidence)
        write_reports(evidence, verdict)
        evidence.publish()
        return evidence, verdict


def entry(shop: Shop, **changes: object) -> HistoryEntry:
    """Return the line that a run without failures leaves in the history, but for the changes."""
    found = entry_of(*shop.run())
    assert found is not None
    return found.model_copy(update=changes)


def conflict(name: str) -> tuple[str, ...]:
    """Return what `pip check` says of a distribution that has no gamma."""
    return (f"{name} 1.0 requires gamma, which is not installed.",)


def _stage(name: str, drift: Drift) -> StageRecord:
    return StageRecord(
        name=name,
        command=("uv", "pip", "install"),
        started=STARTED,
        seconds=1.25,
        exit=0,
        log=f"stages/{name}.log",
        tries=1,
        drift=drift,
        failure=None,
        message="",
    )


def _record(trouble: str | None) -> RunRecord:
    return RunRecord(
        started=STARTED,
        seconds=12.5,
        own_seconds=0.5,
        python="3.11.7",
        installer="uv",
        installer_version="uv 0.0",
        index="https://index.example/simple",
        constraints=(),
        notes=(),
        suite="0" * 64,
        suite_exit=1,
        trouble=trouble,
    )


def _line(check: str, outcome: str, message: str, grades: Mapping[str, str]) -> str:
    longrepr: object = ["test.py", 1, f"Skipped: {message}"] if outcome == "skipped" else message
    properties = [["check", check], ["grade", grades.get(check, "real")]]
    return json.dumps(
        {
            "$report_type": "TestReport",
            "nodeid": f"test.py::{check}",
            "when": "call",
            "outcome": outcome,
            "longrepr": longrepr or None,
            "duration": 0.25,
            "user_properties": properties,
        }
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
