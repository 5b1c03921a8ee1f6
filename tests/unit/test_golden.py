"""Every renderer on one made-up record, word for word: what people read is pinned here, once.

Where a wording changes, `pytest tests/unit/test_golden.py --update-golden` writes the files again,
and the difference is reviewed as any other. All other tests assert on fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from support import records
from support.histories import ENTRY, made_up
from support.sites import STARTED, Shop

from stackproof.ci.issue_texts import issue_text
from stackproof.ci.outcome import Outcome
from stackproof.ci.summary import summary
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.changes import changes_between
from stackproof.evidence.history.slower import TakesMore
from stackproof.evidence.verdict import Verdict
from stackproof.report import (
    audit,
    calibration,
    candidate,
    diagnose,
    frontier,
    grid,
    links,
    repair,
    timeline,
)
from stackproof.report.markdown import markdown
from stackproof.report.publish.pages import changelog
from stackproof.report.terminal import print_verdict

GOLDEN = Path(__file__).with_name("golden")

PRINTED: Mapping[str, Callable[[Console], None]] = {
    "audit.txt": lambda to: audit.print_audit(records.AUDIT, Path("audit.md"), to),
    "calibration.txt": lambda to: calibration.print_calibration(
        records.CALIBRATION, Path("calibration.md"), to
    ),
    "diagnosis.txt": lambda to: diagnose.print_diagnosis(
        records.DIAGNOSIS, Path("diagnosis.md"), to
    ),
    "frontier.txt": lambda to: frontier.print_frontier(records.FRONTIER, to),
    "grid.txt": lambda to: grid.print_grid(records.grid(), Path("grid.html"), to),
    "links.txt": lambda to: links.print_links(records.LINKS, to),
    "repair.txt": lambda to: repair.print_repair(records.REPAIR, to),
    "timeline.txt": lambda to: timeline.print_timeline(records.TIMELINE, to),
}
WRITTEN: Mapping[str, Callable[[], str]] = {
    "annotations.txt": lambda: "\n".join(audit.workflow_commands(records.AUDIT)) + "\n",
    "audit.md": lambda: audit.section(records.AUDIT),
    "calibration.md": lambda: calibration.markdown_table(records.CALIBRATION),
    "changelog.md": lambda: changelog(records.PUBLISHED),
    "diagnosis.md": lambda: diagnose.diagnosis_markdown(records.DIAGNOSIS),
    "frontier.md": lambda: frontier.frontier_markdown(records.FRONTIER),
    "grid.html": lambda: grid.html_page(records.grid()),
    "grid.md": lambda: grid.markdown_page(records.grid()),
    "grid.rst": lambda: grid.rst_table(records.grid()),
    "links.md": lambda: links.links_markdown(records.LINKS),
    "links-annotations.txt": lambda: "\n".join(links.workflow_commands(records.LINKS)) + "\n",
    "repair.md": lambda: repair.repair_markdown(records.REPAIR),
    "timeline.md": lambda: timeline.timeline_markdown(records.TIMELINE),
}
Golden = Callable[[str, str], None]


def printed(show: Callable[[Console], None], *, terminal: bool = False) -> str:
    """Return what is printed on a wide console without colours."""
    output = StringIO()
    show(Console(file=output, width=160, force_terminal=terminal, color_system=None))
    return "\n".join(line.rstrip() for line in output.getvalue().splitlines()) + "\n"


@pytest.fixture
def run(tmp_path: Path) -> tuple[Evidence, Verdict]:
    """Return a run in which something of everything happened."""
    said = {
        "import:beta": ("failed", "Traceback\nImportError: no gamma | none"),
        "version:alpha": ("failed", "1.1 is installed"),
        "smoke:sum": ("skipped", "no socket for it"),
    }
    return Shop(root=tmp_path).run(
        said, known=True, moved={"alpha": ("1.0", "1.1")}, grades={"import:alpha": "emulated"}
    )


@pytest.fixture
def verdict(run: tuple[Evidence, Verdict]) -> Verdict:
    """Return its verdict."""
    return run[1]


@pytest.mark.parametrize("name", PRINTED)
def test_what_is_printed(golden: Golden, name: str) -> None:
    golden(name, printed(PRINTED[name]))


def test_what_is_printed_on_a_terminal(golden: Golden) -> None:
    golden("audit.terminal.txt", printed(PRINTED["audit.txt"], terminal=True))


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written(golden: Golden, name: str) -> None:
    golden(name, WRITTEN[name]())


def test_what_a_run_prints(golden: Golden, verdict: Verdict) -> None:
    for name, terminal in (("verdict.txt", False), ("verdict.terminal.txt", True)):
        golden(
            name, printed(lambda to: print_verdict(verdict, Path("r.md"), to), terminal=terminal)
        )


def test_what_a_run_leaves(golden: Golden, run: tuple[Evidence, Verdict]) -> None:
    golden("report.md", markdown(*run))
    golden("report.ko.md", markdown(*run, "ko"))


def test_what_a_trial_says(golden: Golden, verdict: Verdict) -> None:
    trial = records.trial(verdict)
    golden("trial.txt", printed(lambda to: candidate.print_trial(trial, to)))
    golden("trial.md", candidate.trial_markdown(trial))


def test_what_the_monthly_run_says(golden: Golden, verdict: Verdict) -> None:
    now = made_up(3, checks={**ENTRY.checks, "import:alpha": "new"}, distributions={"alpha": "2.0"})
    outcome = Outcome(
        row="tiny/plain",
        verdict=verdict,
        run="20260101T030000.000000Z",
        end=None,
        changes=changes_between(ENTRY, now),
        costs=TakesMore(),
        unconfirmed=(),
        suspect=None,
        diagnosis=records.DIAGNOSIS,
    )
    story = issue_text(outcome, where="https://ci.example/1")
    golden("issue.md", f"{story.title}\n\n{story.body}")
    golden("summary.md", summary(STARTED, [outcome], [records.trial(verdict)], [story]))


def test_every_golden_file_is_of_a_renderer() -> None:
    """And none is left behind."""
    source = Path(__file__).read_text(encoding="utf-8")
    assert [file.name for file in GOLDEN.iterdir() if f'"{file.name}"' not in source] == []
