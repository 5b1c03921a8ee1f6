"""What an audit prints and writes, and the door that nox has to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from support.audit_bench import Desk, matrix_text
from support.index import Index
from support.wheels import Release

from stackproof.metadata.audit.record import Audit, Finding
from stackproof.report.audit import headline, print_audit, section, workflow_commands

TEXT = matrix_text("alpha==1.0", "beta==2.0")


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[Audit]:
    with Index(Release("alpha", "1.0", requires=["beta<2"]), Release("beta", "2.0")) as index:
        yield Desk(root=tmp_path, index=index).audit(TEXT)


def _printed(audit: Audit, *, terminal: bool) -> str:
    output = StringIO()
    console = Console(file=output, force_terminal=terminal, width=160, color_system=None)
    print_audit(audit, Path("reports/audit.md"), console)
    return output.getvalue()


def test_the_last_line_tells_all(audit: Audit) -> None:
    assert headline(audit).startswith(
        "audit UNEXPECTED: 3 errors, 0 expected errors, 0 warnings, 0 notes; claims: none; in "
    )
    assert _printed(audit, terminal=False).splitlines()[-1].endswith("report: reports/audit.md")


def test_plain_output_has_a_line_for_each_pin_and_each_error(audit: Audit) -> None:
    lines = _printed(audit, terminal=False).splitlines()
    assert lines[0].split() == ["alpha", "1.0", "wheel", "admitted", "-", "newest"]
    assert lines[2] == ("tiny/plain: in one go refused; stage by stage refused, 0 moves")
    assert lines[3] == (
        "error    matrices/tiny.toml:10 pairwise: alpha 1.0 requires beta<2, and it is pinned to "
        "2.0 [plain]"
    )


def test_a_terminal_gets_a_table(audit: Audit) -> None:
    printed = _printed(audit, terminal=True)
    assert "│ alpha │ 1.0" in printed


def test_annotations_point_at_the_line_of_the_pin(audit: Audit) -> None:
    assert next(workflow_commands(audit)) == (
        "::error file=matrices/tiny.toml,line=10,title=stackproof pairwise%3A alpha::"
        "alpha 1.0 requires beta<2, and it is pinned to 2.0 [plain]"
    )


def test_annotations_escape_what_would_end_them(audit: Audit) -> None:
    finding = audit.findings[0].model_copy(
        update={"message": "50%\n::error::x", "file": "a,b:c", "known": "why", "pin": None}
    )
    (line,) = workflow_commands(audit.model_copy(update={"findings": (finding,)}))
    assert line == (
        "::notice file=a%2Cb%3Ac,line=10,title=stackproof pairwise::"
        "50%25%0A::error::x (expected: why) [plain]"
    )


def test_one_finding_in_two_rows_is_said_once(audit: Audit) -> None:
    first = audit.findings[0]
    second = Finding(**{**first.to_data(), "row": "other"})
    (line,) = workflow_commands(audit.model_copy(update={"findings": (first, second)}))
    assert line.endswith("[plain, other]")


def test_the_json_holds_what_the_design_fixes(audit: Audit, tmp_path: Path) -> None:
    audit.write(tmp_path / "audit.json")
    written = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert written["format"] == 1
    finding = next(item for item in written["findings"] if item["rule"] == "pairwise")
    assert finding == {
        "rule": "pairwise",
        "level": "error",
        "matrix": "tiny",
        "row": "plain",
        "pin": "alpha",
        "file": "matrices/tiny.toml",
        "line": 10,
        "message": "alpha 1.0 requires beta<2, and it is pinned to 2.0",
        "checks": ["pip-check:alpha"],
        "known": None,
    }
    assert written["pairs"]["tiny/plain"]["beta"]["alpha"]["state"] == "conflict"
    assert Audit.model_validate(written) == audit


def test_the_section_of_the_report_has_every_part(audit: Audit) -> None:
    text = section(audit)
    assert text.startswith("## Audit of the metadata\n")
    assert (
        "| error | pairwise | plain | matrices/tiny.toml:10 | alpha 1.0 requires beta&lt;2, and it "
        "is pinned to 2.0 |\n"
    ) in text
    assert (
        "| | alpha | beta |\n|---|---|---|\n| **alpha** | · | ✗ |\n| **beta** | ✗ | · |\n" in text
    )
