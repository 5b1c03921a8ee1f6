"""The report of one run for people, as Markdown."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment

from stackproof.base.templates import markdown_templates
from stackproof.base.times import timestamp
from stackproof.evidence.check import by_root
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import Freeze
from stackproof.evidence.verdict import Verdict
from stackproof.matrix.planned import PlannedPin
from stackproof.metadata.audit.record import Audit
from stackproof.reasons.words import each_said, said
from stackproof.report.audited import audited
from stackproof.report.diagnose import last_diagnosis, steps
from stackproof.report.texts import Language, Texts, texts
from stackproof.report.wording import (
    HEADLINE,
    again_in_words,
    because,
    brief,
    classified,
    counts,
    found,
    grade,
    kinds,
    listed,
    not_to_be_had,
    pin_notes,
    pin_version,
    standing,
    suspect_in_words,
)

__all__ = ["markdown"]


def markdown(
    evidence: Evidence,
    verdict: Verdict,
    lang: Language = "en",
    *,
    audit: Audit | None = None,
    published: bool = False,
) -> str:
    """Return the report of a judged run; its first line is the verdict.

    `audit` is the last one of the reports that the run is among. Where it is `published`, the rest
    of the proof does not lie beside it.
    """
    plan, freeze, t = evidence.plan, evidence.freeze, texts(lang)
    return (
        _templates()
        .get_template("report.md")
        .render(
            t=t,
            verdict=verdict,
            plan=plan,
            versions={pin.name: _version(pin, freeze, t) for pin in plan.pins},
            named={pin.name: _named(pin, freeze) for pin in plan.pins},
            run=evidence.run,
            stages=evidence.stages,
            servers=evidence.servers,
            distributions=len(freeze),
            kinds=kinds(verdict),
            emulated=[
                check.id
                for check in verdict.checks
                if (check.outcome, check.grade) == ("passed", "emulated")
            ],
            empty=[check.id for check in verdict.checks if check.modules == ()],
            headline=HEADLINE[verdict.verdict],
            published=published,
            audited=audited(evidence, audit),
            diagnosis=last_diagnosis(evidence.folder.parent, verdict),
        )
    )


def _version(pin: PlannedPin, freeze: Freeze, t: Texts) -> str:
    """Return the version that the checks speak of, and what is asked for where that is another."""
    notes = "; ".join(pin_notes(pin, t))
    return f"{pin_version(pin, freeze)} ({notes})" if notes else pin_version(pin, freeze)


def _named(pin: PlannedPin, freeze: Freeze) -> str:
    """Return the name of a pin, with the version that its range came to if it has one."""
    return pin.name if pin.version else f"{pin.name} {pin_version(pin, freeze)}".rstrip()


@cache
def _templates() -> Environment:
    templates = markdown_templates("stackproof.report")
    templates.filters.update(
        because=because,
        again_in_words=again_in_words,
        brief=brief,
        by_root=by_root,
        classified=classified,
        counts=counts,
        each_said=each_said,
        found=found,
        grade=grade,
        not_to_be_had=not_to_be_had,
        listed=listed,
        said=said,
        standing=standing,
        steps=steps,
        suspect_in_words=suspect_in_words,
        timestamp=timestamp,
    )
    return templates
