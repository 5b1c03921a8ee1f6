"""What proves or refutes each claim of the document: checks of a run, and of the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stackproof.evidence.claims import ClaimAnswer, ClaimState
from stackproof.evidence.reports import InMatrix, InReports, InRun
from stackproof.evidence.verdict import Check
from stackproof.matrix.checks import CheckId
from stackproof.matrix.planned import PlannedPin
from stackproof.metadata.audit.record import Audit
from stackproof.reasons.words import said
from stackproof.report.site.excerpt import first_line
from stackproof.report.site.links import Links
from stackproof.report.site.reports_reader import KeptRow
from stackproof.report.texts import Language
from stackproof.report.wording import pin_version

__all__ = ["Answer", "ClaimView", "PinView", "Proof", "log_of", "pin_views", "prove"]

Answer = Literal["passed", "failed", "skipped", "agrees", "differs", "open", "unasked"]

_AUDITED: Mapping[ClaimState, Answer] = {
    "proved": "agrees",
    "refuted": "differs",
    "not provable": "open",
}


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One check of a claim: its answer, what it said, and where its output lies."""

    check: str
    answer: Answer
    said: str
    grade: str
    seconds: float | None
    log: str | None


@dataclass(frozen=True, kw_only=True)
class ClaimView:
    """A claim and what became of it; `proofs` hold every check that it rests on."""

    text: str
    standing: ClaimState
    proofs: tuple[Proof, ...]

    @property
    def is_emulated(self) -> bool:
        """Whether it is proved with the help of a stand-in server."""
        return self.standing == "proved" and any(item.grade == "emulated" for item in self.proofs)

    @property
    def is_metadata_alone(self) -> bool:
        """Whether it is refuted though no check of the run failed, so by the audit."""
        return self.standing == "refuted" and all(item.answer != "failed" for item in self.proofs)


@dataclass(frozen=True, kw_only=True)
class PinView:
    """A line of the document's table: `stage` is (name, log) of the stage that installs the pin.

    `version` is the one that the checks speak of, "" where a range came to none.
    """

    pin: PlannedPin
    version: str
    stage: tuple[str, str | None] | None
    claims: tuple[ClaimView, ...]


def pin_views(
    kept: KeptRow, order: Sequence[str], audit: Audit | None, links: Links, lang: Language
) -> tuple[list[ClaimView], list[PinView]]:
    """Return the claims about the stack as a whole, and the pins with theirs.

    Pins come by `order`, the document's; those that it does not name keep their place at the end.
    """
    claims = prove(kept, audit, links, lang)
    stages = {stage.name: stage for stage in kept.stages}
    owner = {pin: stage.name for stage in kept.plan.stages for pin in stage.pins}
    freeze = kept.evidence.freeze
    place = {name: number for number, name in enumerate(order)}
    views: list[PinView] = []
    for pin in sorted(kept.plan.pins, key=lambda item: place.get(item.name, len(place))):
        stage = stages.get(owner.get(pin.name, ""))
        log = links.to(kept.evidence.folder / stage.log) if stage else None
        views.append(
            PinView(
                pin=pin,
                version=pin_version(pin, freeze),
                stage=(stage.name, log) if stage else None,
                claims=tuple(claims.get(pin.name, ())),
            )
        )
    return list(claims.get(None, ())), views


def prove(
    kept: KeptRow, audit: Audit | None, links: Links, lang: Language
) -> dict[str | None, list[ClaimView]]:
    """Return the claims of a row by pin, those about the whole stack under None."""
    checks = {check.id: check for check in kept.verdict.checks}
    audited = audit.answers_of(kept.plan) if audit is not None else {}
    found: dict[str | None, list[ClaimView]] = {}
    for claim, judged in zip(kept.plan.claims, kept.verdict.claims, strict=True):
        proofs = tuple(
            _proof(
                kept,
                check,
                checks.get(check),
                audited.get((claim.pin, claim.text, check)),
                links,
                lang=lang,
            )
            for check in dict.fromkeys([*claim.checks, *judged.because])
        )
        view = ClaimView(text=claim.text, standing=judged.state, proofs=proofs)
        found.setdefault(claim.pin, []).append(view)
    return found


def log_of(kept: KeptRow, check: str) -> Path:
    """Return the file that holds all that was said while a check ran."""
    asked = CheckId.parse(check)
    if asked.kind == "stage":
        logs = (stage.log for stage in kept.stages if stage.name == asked.subject)
        return kept.evidence.folder / next(logs, InRun.STAGES)
    return kept.evidence.folder / (
        InRun.PIP_CHECK_LOG if asked.kind == "pip-check" else InRun.SUITE_LOG
    )


def _proof(
    kept: KeptRow,
    check: str,
    made: Check | None,
    audited: ClaimAnswer | None,
    links: Links,
    *,
    lang: Language,
) -> Proof:
    if made is not None:
        return Proof(
            check=check,
            answer=made.outcome,
            said=first_line(said(made.why, made.message, lang)),
            grade=made.grade,
            seconds=made.seconds,
            log=links.to(log_of(kept, check)),
        )
    if audited is not None:
        answer, words = (
            _AUDITED[audited.state],
            first_line(said(audited.why, audited.because, lang)),
        )
        own = kept.home.parent / InMatrix.AUDIT_PAGE
        log = links.to(own) or links.to(links.home / InReports.AUDIT_PAGE)
    else:
        answer, words, log = _absent(check), "", None
    return Proof(check=check, answer=answer, said=words, grade="real", seconds=None, log=log)


def _absent(check: str) -> Answer:
    """Say of a check without an answer whether a run would give it, or an audit."""
    return "unasked" if CheckId.parse(check).answered_by == "audit" else "skipped"
