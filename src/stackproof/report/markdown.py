"""The report of one run for people, as Markdown."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from stackproof.evidence import Evidence
from stackproof.plan import timestamp
from stackproof.report.wording import HEADLINE, brief, counts, kinds
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
            versions={pin.name: pin.version for pin in plan.pins},
            run=evidence.run,
            stages=evidence.stages,
            servers=evidence.servers,
            distributions=len(evidence.freeze),
            kinds=kinds(verdict),
            headline=HEADLINE[verdict.verdict],
            counts=counts(verdict),
        )
    )


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
    templates.filters.update(brief=brief, cell=cell, timestamp=timestamp)
    return templates


def cell(text: str) -> str:
    """Return text fit for a cell of a table: one line, no bar, no tag."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
