"""Write every report of one run beside its evidence."""

from __future__ import annotations

from stackproof.evidence import Evidence
from stackproof.records import write_atomically
from stackproof.report.junit import junit_xml
from stackproof.report.markdown import markdown
from stackproof.verdict import Verdict

__all__ = ["write_reports"]


def write_reports(evidence: Evidence, verdict: Verdict) -> None:
    """Write `junit.xml`, `report.md` and, last, `verdict.json`."""
    write_atomically(evidence.folder / "junit.xml", junit_xml(verdict))
    write_atomically(evidence.folder / "report.md", markdown(evidence, verdict))
    verdict.write(evidence.folder / "verdict.json")
