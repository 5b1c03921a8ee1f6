"""The fixes that diagnoses of a run found, written into the matrices of a checkout, and told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from stackproof.ci.issue_texts import GITHUB_CHARACTERS, templates
from stackproof.ci.outcome import Outcome
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.experiments.diagnose.record import Diagnosis
from stackproof.experiments.diagnose.writing import write_fix
from stackproof.report.diagnose import closing, diagnosis_section

__all__ = ["Fixed", "fixes_text", "write_fixes"]


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """What became of the fix of a row: `trouble` says why it was not written, "" where it was."""

    row: str
    closing: str
    diagnosed: str
    trouble: str


def write_fixes(outcomes: Sequence[Outcome], project: Project, today: date) -> tuple[Fixed, ...]:
    """Write the fix of each diagnosis whose row can say it into its matrix, one after another.

    One that cannot be written, since the matrix has changed since, leaves it as it was.
    """
    return tuple(_written(outcomes, project, today))


def _written(outcomes: Sequence[Outcome], project: Project, today: date) -> Iterator[Fixed]:
    for outcome in outcomes:
        found = outcome.diagnosis
        if found is not None and found.patch:
            yield Fixed(
                row=outcome.row,
                closing=closing(found),
                diagnosed=diagnosis_section(found),
                trouble=_trouble(found, project, today),
            )


def _trouble(found: Diagnosis, project: Project, today: date) -> str:
    try:
        write_fix(found, project.matrices / f"{found.matrix}.toml", today)
    except (StackproofError, OSError) as error:
        return str(error)
    return ""


def fixes_text(found: Sequence[Fixed], where: str | None = None) -> str:
    """Return what a pull request with the fixes says; `where` is the address of the run.

    One that is too long has its closing lines alone.
    """
    template = templates().get_template("fixes.md")
    text = template.render(fixes=found, whole=True, where=where)
    if len(text) > GITHUB_CHARACTERS:
        text = template.render(fixes=found, whole=False, where=where)
    return text[:GITHUB_CHARACTERS]
