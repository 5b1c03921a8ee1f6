"""What the one issue of a row would say."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment
from packaging.version import Version

from stackproof.base.records import Record
from stackproof.base.templates import markdown_templates
from stackproof.base.text import first_of
from stackproof.base.times import timestamp
from stackproof.ci.outcome import Outcome
from stackproof.ci.told import digest, mark
from stackproof.evidence.check import by_root
from stackproof.experiments.candidate.reasons import outcome as outcome_of_trial
from stackproof.report.costs import cost_in_words
from stackproof.report.diagnose import diagnosis_section
from stackproof.report.wording import (
    HEADLINE,
    because,
    brief,
    classified,
    counts,
    state_in_words,
)

__all__ = [
    "GITHUB_CHARACTERS",
    "IssueText",
    "issue_text",
    "templates",
    "word",
]

#: Of an issue, a comment or a pull request GitHub takes 65,536, and no more.
GITHUB_CHARACTERS = 60_000
_MOST_LINES = 30
_MOST_CHARACTERS = 2500


class IssueText(Record):
    """What there is to say of a row: `well` if nothing is unexpected, and a text in Markdown.

    With `no_news` it says neither that something broke, nor that it is well again.
    """

    row: str
    well: bool
    no_news: bool = False
    digest: str
    title: str
    body: str


def issue_text(outcome: Outcome, where: str | None = None) -> IssueText:
    """Return the text on what became of a row; `where` is the address of the run that it is of."""
    told = digest(outcome)
    text = (
        templates()
        .get_template("issue.md")
        .render(outcome=outcome, word=word(outcome), where=where, diagnosed=_diagnosed(outcome))
    )
    return IssueText(
        row=outcome.row,
        well=outcome.well,
        no_news=outcome.no_news,
        digest=told,
        title=f"{outcome.row} {word(outcome)}",
        body=f"{text.strip()}\n\n{mark(outcome.row, told)}\n",
    )


def _diagnosed(outcome: Outcome) -> str:
    return diagnosis_section(outcome.diagnosis) if outcome.diagnosis else ""


def word(outcome: Outcome) -> str:
    """Return in a few words how a row came out."""
    verdict = outcome.verdict
    if verdict is None:
        return "left no verdict"
    if outcome.breaks_soon:
        return f"will break when {_releases(verdict.prereleases or {})} released"
    if verdict.verdict == "ok" and verdict.unexpected:
        return "OK, with expected failures that pass"
    if outcome.over_budget:
        return f"{HEADLINE[verdict.verdict]}, but over its budget"
    return HEADLINE[verdict.verdict]


def _releases(taken: Mapping[str, str]) -> str:
    """Name what pre-releases lead up to."""
    if not taken:
        return "what it lets in is"
    found = [f"{name} {Version(at).base_version}" for name, at in taken.items()]
    return f"{first_of(found)} are" if len(found) > 1 else f"{found[0]} is"


@cache
def templates() -> Environment:
    """Return the templates of what a monthly run says."""
    found = markdown_templates("stackproof.ci")
    found.filters.update(
        because=because,
        brief=brief,
        by_root=by_root,
        classified=classified,
        cost=cost_in_words,
        counts=counts,
        first_of=first_of,
        outcome=outcome_of_trial,
        state=state_in_words,
        shortened=_shortened,
        timestamp=timestamp,
        version=_version,
    )
    return found


def _version(version: str | None) -> str:
    return version or "none"


def _shortened(text: str) -> str:
    """Return how a text begins, with `…` where it is long."""
    lines = text.strip().splitlines()
    shown = "\n".join(lines[:_MOST_LINES])[:_MOST_CHARACTERS]
    return shown if len(shown) == len("\n".join(lines)) else f"{shown}\n…"
