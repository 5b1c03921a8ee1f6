"""The report of one run for people, as Markdown."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment

from stackproof.base.templates import markdown_templates
from stackproof.base.times import timestamp
from stackproof.evidence.folder import Evidence
from stackproof.evidence.verdict import Verdict
from stackproof.matrix.plan import PlannedPin
from stackproof.report.audited import audited
from stackproof.report.texts import Language, Texts, texts
from stackproof.report.wording import HEADLINE, brief, counts, kinds, standing

__all__ = ["markdown"]


def markdown(evidence: Evidence, verdict: Verdict, lang: Language = "en") -> str:
    """Return the report of a judged run; its first line is the verdict."""
    plan, t = evidence.plan, texts(lang)
    return (
        _templates()
        .get_template("report.md")
        .render(
            t=t,
            verdict=verdict,
            plan=plan,
            versions={pin.name: _version(pin, t) for pin in plan.pins},
            run=evidence.run,
            stages=evidence.stages,
            servers=evidence.servers,
            distributions=len(evidence.freeze),
            kinds=kinds(verdict),
            emulated=[
                check.id
                for check in verdict.checks
                if (check.outcome, check.grade) == ("passed", "emulated")
            ],
            empty=[check.id for check in verdict.checks if check.modules == ()],
            headline=HEADLINE[verdict.verdict],
            audited=audited(evidence),
        )
    )


def _version(pin: PlannedPin, t: Texts) -> str:
    """Return the version that the checks speak of, and the document's where that is another."""
    if pin.version == pin.documented:
        return pin.version
    note = t("matrix.documented", version=pin.documented)
    return f"{pin.version} ({note})"


@cache
def _templates() -> Environment:
    templates = markdown_templates("stackproof.report")
    templates.filters.update(brief=brief, counts=counts, standing=standing, timestamp=timestamp)
    return templates
