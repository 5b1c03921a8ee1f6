"""A reports folder made up for tests: evidence written down by hand, as runs would leave it."""

from __future__ import annotations

__all__ = ["MATRIX", "STARTED", "Shop", "conflict", "entry"]

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.entry import HistoryEntry, entry_of
from stackproof.evidence.records import Move
from stackproof.evidence.verdict import Verdict, judge
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import load_matrix
from stackproof.report.files import write_reports
from stackproof.report.site.page import write_site
from stackproof.report.site.reports_reader import ReportsReader
from stackproof.report.texts import Language
from support.evidences import NOTHING, leave, suite_line

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
        reader = ReportsReader(reports=self.reports, matrices=self.matrices)
        return write_site(reader, lang).read_text(encoding="utf-8")

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
        leave(
            evidence,
            [suite_line(check, *_answer(check, said, grades)) for check in _CHECKS],
            drifts={
                "one": NOTHING.model_copy(update={"added": {"alpha": (None, "1.0")}}),
                "two": NOTHING.model_copy(update={"upgraded": dict(moved)}),
            },
            freeze={"alpha": "1.0", "beta": "1.0"},
            complaints=complaints,
            started=STARTED,
            seconds=12.5,
            trouble=trouble,
        )
        for name in ("one", "two"):
            _write(evidence.folder / "stages" / f"{name}.log", f"log of stage {name}\n")
        _write(evidence.folder / "pip-check.txt", "said by pip check\n")
        _write(evidence.folder / "suite.log", "log of the suite\n")
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


def _answer(
    check: str, said: Mapping[str, tuple[str, str]], grades: Mapping[str, str]
) -> tuple[str, str, str]:
    return *said.get(check, ("passed", "")), grades.get(check, "real")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
