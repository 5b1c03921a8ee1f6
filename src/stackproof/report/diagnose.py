"""Say what a diagnosis found: one screen, a page as Markdown, and its part of other pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment
from rich.console import Console

from stackproof.base.templates import markdown_templates
from stackproof.base.text import count
from stackproof.base.times import from_timestamp
from stackproof.evidence.reports import InRow
from stackproof.evidence.verdict import Verdict
from stackproof.experiments.diagnose.record import Cause, Diagnosis
from stackproof.reasons.words import each_said, said
from stackproof.report.tables import print_last, print_lines
from stackproof.report.texts import Texts, texts

__all__ = [
    "Step",
    "closing",
    "diagnosis_markdown",
    "diagnosis_section",
    "in_short",
    "is_of",
    "last_diagnosis",
    "print_diagnosis",
    "steps",
]

#: How much older than a run a diagnosis may be that speaks of it.
_STILL = timedelta(days=1)
#: Of causes and of notes, and the characters of each, in a text that has a bound.
_MOST = 20
_MOST_CHARACTERS = 500


class Step(NamedTuple):
    """Something to do, in words, and the lines to paste for it."""

    what: str
    lines: tuple[str, ...] = ()


def print_diagnosis(diagnosis: Diagnosis, page: Path, console: Console) -> None:
    """Print the causes, what to do, and the verdict as the last line but the page."""
    for cause in diagnosis.causes:
        seen = "" if cause.confirmed else ", not confirmed"
        print_lines(console, [f"{cause.kind}{seen}: {cause.sentence}"])
    for step in steps(diagnosis, texts()):
        print_lines(console, [step.what, *(f"    {line}".rstrip() for line in step.lines)])
    print_lines(console, diagnosis.notes)
    print_last(console, closing(diagnosis), diagnosis.exit_code)
    print_lines(console, [f"diagnosis: {page}"])


def in_short(causes: Sequence[Cause]) -> str:
    """Return what is known of the causes while more are looked for, nothing if there are none."""
    found = [(cause.kind, cause.culprit) for cause in causes]
    named = [f"{kind} {item.name} {item.version}" if item else kind for kind, item in found]
    return f"(found: {', '.join(named)})" if named else ""


def steps(diagnosis: Diagnosis, t: Texts) -> Iterator[Step]:
    """Yield what to add, to take away or to change."""
    fix = diagnosis.mend
    if (fix.requirements or fix.build_constraints) and not fix.found:
        yield Step(t("diagnosis.not-enough"))
    if fix.requirements:
        yield Step(t("diagnosis.add"), fix.requirements)
    if fix.build_constraints:
        yield Step(t("diagnosis.build"), fix.build_constraints)
    for name in fix.removed:
        yield Step(t("diagnosis.drop", name=name))
    if fix.python is not None:
        yield Step(t("diagnosis.take-python", version=fix.python))
    if fix.versions:
        proved = ", ".join(f"{name} {version}" for name, version in fix.versions.items())
        yield Step(
            t("diagnosis.proved", versions=proved)
            if fix.confirmed
            else t("diagnosis.nearest", versions=proved)
        )
    yield from _changes(diagnosis, t)
    if diagnosis.toml:
        yield Step(t("diagnosis.toml"), tuple(diagnosis.toml.splitlines()))


def _changes(diagnosis: Diagnosis, t: Texts) -> Iterator[Step]:
    """Yield the pins that get another version: with what is added, or in place of it."""
    for item in diagnosis.instead:
        change = {"pin": item.pin, "version": item.version}
        if item.together:
            yield Step(t("diagnosis.and-change", **change))
        elif diagnosis.mend.found:
            yield Step(t("diagnosis.or-change", **change))
        else:
            yield Step(t("diagnosis.change", **change))


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
    fixed = "a fix was confirmed by the whole suite" if diagnosis.fixed else "no fix found"
    causes = count(len(diagnosis.causes), "cause")
    return f"{name} BROKEN, {causes}, {fixed}, {about}"


def diagnosis_markdown(diagnosis: Diagnosis) -> str:
    """Return the diagnosis as a page for people."""
    page = _templates().get_template("diagnosis.md")
    return page.render(diagnosis=diagnosis, closing=closing(diagnosis), t=texts())


def diagnosis_section(diagnosis: Diagnosis) -> str:
    """Return the causes and what to do as a part of a text that has a bound, so in short."""
    shown = diagnosis.model_copy(
        update={
            "causes": tuple(map(_shortened, diagnosis.causes[:_MOST])),
            "notes": tuple(note[:_MOST_CHARACTERS] for note in diagnosis.notes[:_MOST]),
            "toml": "",
        }
    )
    part = _templates().get_template("causes.md")
    more = len(diagnosis.causes) - len(shown.causes)
    text = part.render(diagnosis=shown, t=texts(), heading="####").strip()
    return f"{text}\n\nAnd {count(more, 'cause')} more, in `diagnosis.json`." if more else text


def _shortened(cause: Cause) -> Cause:
    return cause.model_copy(update={"sentence": cause.sentence[:_MOST_CHARACTERS]})


def last_diagnosis(home: Path, verdict: Verdict) -> Diagnosis | None:
    """Return the last diagnosis in the folder of a row, None where none speaks of this run."""
    found = Diagnosis.load_or_none(home / InRow.DIAGNOSIS)
    return found if found and is_of(found, verdict) else None


def is_of(diagnosis: Diagnosis, verdict: Verdict) -> bool:
    """Tell whether a diagnosis says why a run came out as it did.

    It is of the same Python and cut-off, or of no earlier day than a run of today's index.
    """
    same_python = f"{verdict.python}.".startswith(f"{diagnosis.python}.")
    if verdict.verdict == "ok" or not same_python:
        return False
    if verdict.as_of is not None:
        return diagnosis.as_of == verdict.as_of
    return from_timestamp(diagnosis.as_of) >= verdict.started - _STILL


@cache
def _templates() -> Environment:
    templates = markdown_templates("stackproof.report")
    templates.filters.update(each_said=each_said, said=said, steps=steps)
    return templates
