"""The document's own table again, in its form and language, each claim with what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment

from stackproof.base.templates import cell, markdown_templates
from stackproof.base.times import timestamp
from stackproof.evidence.claims import ClaimState
from stackproof.evidence.verdict import Verdict
from stackproof.matrix.plan import Plan
from stackproof.metadata.audit.record import Audit
from stackproof.reasons.words import said
from stackproof.report.forms import PYTHON, Form, about_python, own_form
from stackproof.report.site.links import Links
from stackproof.report.site.proofs import ClaimView, PinView, pin_views
from stackproof.report.site.reports_reader import KeptRow
from stackproof.report.texts import Language, Texts, texts
from stackproof.report.wording import pin_notes

__all__ = ["document_markdown", "language_of"]

_MARKS: dict[ClaimState, str] = {"proved": "✅", "refuted": "❌", "not provable": "⬜"}
_LEADING_MARKS = re.compile(r"^[\s✅✔❌⚠️✓☑⬜]+")
_BAR = re.compile(r"(?<!\\)\|")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_PYTHON_VERSION = re.compile(r"3\.\d+(\.(\d+|x|\*))?")
_BREAK = "<br>"


def language_of(plan: Plan) -> Language:
    """Return the language that a matrix, and so its document, is written in."""
    words = [plan.title, *(pin.area for pin in plan.pins), *(claim.text for claim in plan.claims)]
    return "ko" if any(map(_HANGUL.search, words)) else "en"


def document_markdown(
    kept: KeptRow,
    order: Sequence[str],
    audit: Audit | None,
    *,
    reports: Path,
    lang: Language,
    form: Form | None = None,
) -> str:
    """Return the document's table as a row's evidence has it.

    `order` names the pins as the document does; `form` is the document's, where it is at hand.
    """
    t = texts(lang)
    general, pins = pin_views(kept, order, audit, Links(reports), lang)
    used = form or own_form([view.pin for view in pins], kept.plan.claims, t)
    writer = _Writer(kept, general, pins, t)
    lines = [writer.line(line, used.pins.get(place)) for place, line in enumerate(used.lines)]
    every = [(t("report.stack"), view) for view in general]
    every += [(view.pin.name, claim) for view in pins for claim in view.claims]
    return (
        _templates()
        .get_template("document.md")
        .render(
            t=t,
            plan=kept.plan,
            run=kept.run,
            trouble=_trouble(kept.verdict, lang),
            lines=lines,
            general=[(_MARKS[view.standing], view) for view in general],
            doubts=list(_doubts(every)),
            emulated=[(subject, view.text) for subject, view in every if view.is_emulated],
            marks=_MARKS,
        )
    )


def _trouble(verdict: Verdict, lang: Language) -> str | None:
    return verdict.trouble and said(verdict.trouble_why, verdict.trouble, lang)


class _Writer:
    """Puts evidence into the cells of lines, and leaves every other cell as it is."""

    def __init__(
        self, kept: KeptRow, general: Sequence[ClaimView], pins: Sequence[PinView], t: Texts
    ) -> None:
        python = {
            text: view
            for view in general
            if (said := about_python(view.text))
            for text in (said, cell(said))
        }
        self._claims = {
            PYTHON: python,
            **{
                view.pin.name: {
                    # As the document has it, or as our own form writes it.
                    text: claim
                    for claim in view.claims
                    for text in (claim.text, cell(claim.text))
                }
                for view in pins
            },
        }
        self._versions = {view.pin.name: _version(view, t) for view in pins}
        asked = {view.pin.name: view.pin.documented or t("matrix.any") for view in pins}
        self._documented = {name: (text, cell(text)) for name, text in asked.items()}
        self._python = kept.run.python

    def line(self, line: str, pin: str | None) -> str:
        """Return a line of the table, the one about `pin`, if it is about one, with evidence."""
        if pin not in self._claims:
            return line
        parts = _BAR.split(line)
        return "|".join(self._cell(part, pin) for part in parts)

    def _cell(self, cell: str, pin: str) -> str:
        bare = _LEADING_MARKS.sub("", cell).strip()
        if pin in self._versions and bare in self._documented[pin]:
            return f" {self._versions[pin]} "
        if pin == PYTHON and _PYTHON_VERSION.fullmatch(bare):
            return f" {self._python} "
        claims = self._claims[pin]
        texts_of = [_LEADING_MARKS.sub("", part).strip() for part in bare.split(_BREAK)]
        if not any(text in claims for text in texts_of):
            return cell
        marked = (
            f"{_MARKS[claims[text].standing]} {text}" if text in claims else text
            for text in texts_of
        )
        return f" {_BREAK.join(marked)} "


def _version(view: PinView, t: Texts) -> str:
    """Return what to write in place of the document's version."""
    notes = "; ".join(pin_notes(view.pin, t))
    shown = f"{view.version} ({notes})" if notes else view.version
    return cell(shown)


def _doubts(every: Iterable[tuple[str, ClaimView]]) -> Iterator[tuple[str, str, str, list[str]]]:
    """Yield (mark, subject, claim, the checks that decided) of each claim that is not proved."""
    for subject, view in every:
        if view.standing != "proved":
            deciding = [
                proof.check for proof in view.proofs if proof.answer not in ("passed", "agrees")
            ]
            yield _MARKS[view.standing], subject, view.text, deciding


@cache
def _templates() -> Environment:
    templates = markdown_templates("stackproof.report")
    templates.filters.update(timestamp=timestamp)
    return templates
