"""Say what a diagnosis found: one screen, and a page as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment
from rich.console import Console

from stackproof.base.templates import markdown_templates
from stackproof.base.text import count
from stackproof.experiments.diagnose.record import Diagnosis
from stackproof.report.tables import print_last, print_lines

__all__ = ["advice", "closing", "diagnosis_markdown", "print_diagnosis"]


def print_diagnosis(diagnosis: Diagnosis, page: Path, console: Console) -> None:
    """Print the causes, what to add, and the verdict as the last line but the page."""
    for cause in diagnosis.causes:
        seen = "" if cause.confirmed else ", not confirmed"
        print_lines(console, [f"{cause.kind}{seen}: {cause.sentence}"])
    print_lines(console, [*advice(diagnosis), *diagnosis.notes])
    print_last(console, closing(diagnosis), diagnosis.exit_code)
    print_lines(console, [f"diagnosis: {page}"])


def advice(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield what to add, to take away or to change, a line each that can be pasted."""
    fix = diagnosis.mend
    if fix.requirements:
        yield "add to the requirements:"
        yield from (f"    {line}" for line in fix.requirements)
    if fix.build_constraints:
        yield "add to a file for --build-constraint of uv or pip:"
        yield from (f"    {line}" for line in fix.build_constraints)
    yield from (f"leave out: {name}" for name in fix.removed)
    yield from (f"change: {item.pin} to {item.version}" for item in diagnosis.instead)
    if fix.versions:
        proved = ", ".join(f"{name} {version}" for name, version in fix.versions.items())
        yield f"proved with {proved}" if fix.confirmed else f"nearest with {proved}"


def closing(diagnosis: Diagnosis) -> str:
    """Return the verdict, and what it rests on, in one line."""
    name = f"{diagnosis.matrix}/{diagnosis.row}"
    work = f"{count(diagnosis.builds, 'build')}, {diagnosis.built} now, {diagnosis.seconds:.0f} s"
    about = f"as of {diagnosis.as_of} on Python {diagnosis.python}; {work}"
    if diagnosis.trouble is not None:
        why = diagnosis.trouble.partition("\n")[0]
        return f"{name} {diagnosis.verdict.upper()}, cut short: {why}; {about}"
    if diagnosis.verdict != "broken":
        return f"{name} {diagnosis.verdict.upper()} {about}"
    repaired = "a fix was confirmed by the whole suite" if diagnosis.mend.found else "no fix found"
    causes = count(len(diagnosis.causes), "cause")
    return f"{name} BROKEN, {causes}, {repaired}, {about}"


def diagnosis_markdown(diagnosis: Diagnosis) -> str:
    """Return the diagnosis as a page for people."""
    page = _templates().get_template("diagnosis.md")
    said = list(advice(diagnosis))
    return page.render(diagnosis=diagnosis, closing=closing(diagnosis), advice=said)


@cache
def _templates() -> Environment:
    return markdown_templates("stackproof.report")
