"""What an audit prints and writes, but for the words, which tests/unit/golden has."""

from __future__ import annotations

import json
from pathlib import Path

from support.records import AUDIT

from stackproof.metadata.audit.record import Audit
from stackproof.report.audit import workflow_commands

FINDING = AUDIT.findings[0]


def test_annotations_escape_what_would_end_them() -> None:
    finding = FINDING.model_copy(
        update={"message": "50%\n::error::x", "file": "a,b:c", "known": "why", "pin": None}
    )
    (line,) = workflow_commands(AUDIT.model_copy(update={"findings": (finding,)}))
    assert line.startswith("::notice file=a%2Cb%3Ac,line=10,title=stackproof pairwise::50%25%0A:")
    assert line.count("\n") == 0


def test_one_finding_in_two_rows_is_said_once() -> None:
    second = FINDING.model_copy(update={"row": "other"})
    (line,) = workflow_commands(AUDIT.model_copy(update={"findings": (FINDING, second)}))
    assert line.endswith("[plain, other]")


def test_the_json_holds_what_the_design_fixes(tmp_path: Path) -> None:
    AUDIT.write(tmp_path / "audit.json")
    written = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert written["format"] == 1
    assert written["findings"][0] == {
        "rule": "pairwise",
        "level": "error",
        "matrix": "tiny",
        "row": "plain",
        "pin": "alpha",
        "file": "matrices/tiny.toml",
        "line": 10,
        "message": "alpha 1.0 requires beta<2 | none",
        "why": {
            "name": "requires",
            "fields": {"by": "alpha 1.0", "requirement": "beta<2 | none"},
            "also": [],
        },
        "checks": [],
        "known": None,
        "known_why": None,
    }
    assert written["pairs"]["tiny/plain"]["beta"]["alpha"]["state"] == "conflict"
    assert Audit.model_validate(written) == AUDIT


def test_what_an_older_release_wrote_is_read_without_the_records(tmp_path: Path) -> None:
    AUDIT.write(tmp_path / "audit.json")
    written = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    del written["findings"][0]["why"]
    read = Audit.model_validate(written).findings[0]
    assert (read.message, read.why) == (AUDIT.findings[0].message, None)
