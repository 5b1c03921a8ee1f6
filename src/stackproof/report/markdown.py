"""The report of one run for people, as Markdown."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from stackproof.evidence import Evidence
from stackproof.plan import PlannedPin, timestamp
from stackproof.report.wording import HEADLINE, brief, counts, kinds, standing
from stackproof.verdict import Verdict

__all__ = ["cell", "markdown"]


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
    templates = Environment(
        loader=PackageLoader("stackproof.report"),
        # The output is Markdown: `cell` below keeps what installers say from breaking its tables.
        autoescape=False,  # noqa: S701
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    templates.filters.update(brief=brief, cell=cell, standing=standing, timestamp=timestamp)
    return templates


def cell(text: str) -> str:
    """Return text fit for a cell of a table: one line, no bar, no tag."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
