"""Judge one run, and write every report of it beside its evidence."""

from __future__ import annotations

from stackproof.base.records import write_atomically
from stackproof.evidence.folder import Evidence
from stackproof.evidence.reports import InRun
from stackproof.evidence.verdict import Verdict, judge
from stackproof.metadata.audit.record import Audit
from stackproof.report.audited import last_audit
from stackproof.report.junit import junit_xml
from stackproof.report.markdown import markdown

__all__ = ["conclude", "write_reports"]


def conclude(evidence: Evidence) -> Verdict:
    """Judge a run by its evidence and the last audit of its row, and write its reports.

    Raises OSError if there is no room for them.
    """
    audit = last_audit(evidence)
    verdict = judge(evidence, audit.answers_of(evidence.plan) if audit else {})
    write_reports(evidence, verdict, audit)
    return verdict


def write_reports(evidence: Evidence, verdict: Verdict, audit: Audit | None = None) -> None:
    """Write `junit.xml`, `report.md` and, last, `verdict.json`."""
    write_atomically(evidence.folder / InRun.JUNIT, junit_xml(verdict))
    write_atomically(evidence.folder / InRun.REPORT, markdown(evidence, verdict, audit=audit))
    verdict.write(evidence.folder / InRun.VERDICT)
