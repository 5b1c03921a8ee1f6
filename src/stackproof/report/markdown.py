"""The report of one run for people, as Markdown."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment

from stackproof.evidence import Evidence
from stackproof.plan import PlannedPin, timestamp
from stackproof.report.wording import HEADLINE, brief, counts, kinds, standing
from stackproof.templates import markdown_templates
from stackproof.verdict import Verdict

__all__ = ["markdown"]


def markdown(evidence: Evidence, verdict: Verdict) -> str:
    """Return the report of a judged run; its first line is the verdict."""
    plan = evidence.plan
    return (
        _templates()
        .get_template("report.md")
        .render(
            verdict=verdict,
            plan=plan,
            versions={pin.name: _version(pin) for pin in plan.pins},
            run=evidence.run,
            stages=evidence.stages,
            servers=evidence.servers,
            distributions=len(evidence.freeze),
            kinds=kinds(verdict),
            headline=HEADLINE[verdict.verdict],
            counts=counts(verdict),
        )
    )


def _version(pin: PlannedPin) -> str:
    """Return the version that the checks speak of, and the document's where that is another."""
    if pin.version == pin.documented:
        return pin.version
    return f"{pin.version} (in the document {pin.documented})"


@cache
def _templates() -> Environment:
    templates = markdown_templates("stackproof.report")
    templates.filters.update(brief=brief, standing=standing, timestamp=timestamp)
    return templates
