"""Say which links of a stack are broken: lines on the terminal, a page as Markdown, annotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

from jinja2 import Environment
from rich.console import Console

from stackproof.base.templates import markdown_templates
from stackproof.base.text import count, without_credentials
from stackproof.evidence.links import Finding, Links
from stackproof.evidence.verdict import Verdict
from stackproof.report.annotations import annotation
from stackproof.report.tables import print_lines
from stackproof.report.texts import texts
from stackproof.report.wording import suspect_in_words

__all__ = [
    "closing",
    "commands_of_run",
    "links_markdown",
    "print_links",
    "said",
    "workflow_commands",
]


def print_links(links: Links, console: Console) -> None:
    """Print each suspect with when it runs, then what could not be told, and one last line."""
    print_lines(console, (f"suspect: {said(finding)}" for finding in links.suspects), "yellow")
    print_lines(console, (f"note: {note}" for note in links.notes))
    style = "bold yellow" if links.suspects else "bold green"
    print_lines(console, [closing(links)], style)


def links_markdown(links: Links) -> str:
    """Return the page for people."""
    groups = {state: _of(links, state) for state in ("new", "old", "guarded")}
    return (
        _templates()
        .get_template("links.md")
        .render(links=links, groups=groups, closing=closing(links))
    )


def closing(links: Links) -> str:
    """Return in one line what was looked at and how it came out."""
    states = Counter(finding.state for finding in links.findings)
    suspects = count(states["new"], "suspect link") if states["new"] else "no suspect links"
    others = [f"{states[state]} {state}" for state in ("old", "guarded") if states[state]]
    files = sum(item.files for item in links.checked)
    return (
        f"{links.matrix}/{links.row}: {suspects}{''.join(f', {item}' for item in others)}; "
        f"{count(files, 'file')} of {count(len(links.checked), 'distribution')} "
        f"in {links.seconds:.1f} s"
    )


def said(finding: Finding) -> str:
    """Return a finding's sentence, and when the line runs."""
    t = texts()
    runs = t(f"runs.{finding.runs}")
    return f"{finding.sentence} [{runs}]"


def workflow_commands(links: Links) -> Iterator[str]:
    """Yield an annotation of each suspect, as GitHub Actions reads it."""
    return (_warning(finding.distribution, said(finding)) for finding in links.suspects)


def commands_of_run(verdict: Verdict) -> Iterator[str]:
    """Yield the same of each suspect of a run that nobody expects."""
    told = verdict.links.told if verdict.links else ()
    return (_warning(suspect.distribution, suspect_in_words(suspect)) for suspect in told)


def _warning(distribution: str, words: str) -> str:
    title = f"suspect link of {distribution}"
    return annotation("warning", without_credentials(words), title=title)


def _of(links: Links, state: str) -> list[Finding]:
    return [finding for finding in links.findings if finding.state == state]


@cache
def _templates() -> Environment:
    templates = markdown_templates("stackproof.report")
    templates.filters.update(said=said)
    return templates
