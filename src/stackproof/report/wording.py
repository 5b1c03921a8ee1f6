"""Words that more than one report uses, so that they say the same thing the same way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from stackproof.base.text import count, first_of
from stackproof.evidence.claims import ClaimVerdict
from stackproof.evidence.records import Freeze
from stackproof.evidence.suspects import Suspect
from stackproof.evidence.verdict import Check, Verdict
from stackproof.evidence.worded import of_server
from stackproof.matrix.checks import ALL, CheckId
from stackproof.matrix.planned import PlannedPin
from stackproof.metadata.audit.record import Finding
from stackproof.reasons.words import said
from stackproof.report.texts import Language, Texts, texts
from stackproof.run.failure_text import in_one_line

__all__ = [
    "HEADLINE",
    "again_in_words",
    "among",
    "because",
    "brief",
    "classified",
    "counts",
    "found",
    "grade",
    "kinds",
    "listed",
    "not_met",
    "not_to_be_had",
    "pin_notes",
    "pin_version",
    "shallow",
    "standing",
    "state_in_words",
    "suspect_in_words",
    "suspects",
]

HEADLINE = {"ok": "OK", "broken": "BROKEN", "unsteady": "UNSTEADY", "unjudged": "UNJUDGED"}

_REST = ("fixed", "unsteady", "skipped")
#: Checks that a sentence names.
_NAMED = 6


def counts(verdict: Verdict, lang: Language = "en") -> str:
    """Return the counts of a verdict in words, expected and unexpected failures apart."""
    number, t = verdict.counts, texts(lang)
    words = [t("counts.passed", number=number["passed"])]
    if number["failed"]:
        failed = {"number": number["failed"], "known": number["known"], "new": number["new"]}
        words.append(t("counts.failed", **failed))
    words += [t(f"counts.{name}", number=number[name]) for name in _REST if number.get(name)]
    return ", ".join(words)


def pin_version(pin: PlannedPin, freeze: Freeze) -> str:
    """Return the version that the checks of a pin speak of, "" for a range that came to nothing."""
    return pin.version or freeze.get(pin.name, "")


def pin_notes(pin: PlannedPin, t: Texts) -> list[str]:
    """Say what a pin is asked for where that is no version, and what the document asks for."""
    notes = [] if pin.version else [among(pin.range, t)]
    if pin.departs:
        asked = pin.documented or t("matrix.any")
        notes.append(t("matrix.documented", version=asked))
    return notes


def among(specifier: str, t: Texts) -> str:
    """Say that any version in a range will do, or any at all."""
    return t("matrix.range", range=specifier) if specifier else t("matrix.any")


def listed(versions: Mapping[str, str]) -> str:
    """Name distributions with their versions; "none" where there are none."""
    return ", ".join(f"{name} {version}" for name, version in versions.items()) or "none"


def shallow(verdict: Verdict) -> str:
    """Say how many pins no workload worked with, where those are most of them; else nothing."""
    found = Counter(verdict.depth.values())
    every = found.total()
    if 2 * (every - found["workload"]) <= every:
        return ""
    imported = found["import"] + found["link"]
    ways = ((imported, "only imported"), (found["none"], "not even imported"))
    return "".join(f"; {number} of {every} pins {way}" for number, way in ways if number)


def suspects(verdict: Verdict) -> str:
    """Say how many suspect links there are, after a comma; nothing where there is none."""
    if verdict.links is None or not verdict.links.suspects:
        return ""
    every = len(verdict.links.suspects)
    expected = every - len(verdict.links.told)
    return f", {count(every, 'suspect link')}{f' ({expected} expected)' if expected else ''}"


def grade(name: str, lang: Language = "en") -> str:
    """Return how strong the evidence of a server is; a later version may know more words."""
    return texts(lang).by_key.get(f"grade.{name}", name)


def not_to_be_had(reason: str, lang: Language = "en") -> str:
    """Return why a server, or a GPU, is not to be had."""
    return said(of_server(reason), reason, lang)


def not_met(says: str) -> str:
    """Say that no suspect has the words by which one is expected."""
    return f"one is expected that says {says!r}, and none does; correct its 'says', or remove it"


def suspect_in_words(suspect: Suspect, lang: Language = "en") -> str:
    """Return a suspect's sentence, when its line runs, and the import check that agrees."""
    t, words = texts(lang), said(suspect.why, suspect.sentence, lang)
    agrees = t("runs.agrees", check=suspect.confirmed_by) if suspect.confirmed_by else ""
    runs = t(f"runs.{suspect.runs}")
    return f"{words} [{runs}{agrees}]"


def kinds(verdict: Verdict) -> dict[str, tuple[int, int]]:
    """Return (passed, all) of each kind of check, in the order of the checks."""
    found: dict[str, tuple[int, int]] = {}
    for check in verdict.checks:
        passed, every = found.get(check.kind, (0, 0))
        found[check.kind] = (passed + (check.outcome == "passed"), every + 1)
    return found


def found(finding: Finding, lang: Language = "en") -> str:
    """Return what an audit found."""
    return said(finding.why, finding.message, lang)


def state_in_words(state: str | None, lang: Language = "en") -> str:
    """Return what a check's state is called; None is a check that a run did not have."""
    t = texts(lang)
    return t("state.absent") if state is None else t(f"state.{state}")


def standing(claim: ClaimVerdict, lang: Language = "en") -> str:
    """Return how a claim stands, and whether some of its checks are left to the audit."""
    t = texts(lang)
    if claim.state == "proved":
        return "✅ " + t("standing.proved")
    if claim.state == "refuted":
        return "❌ " + t("standing.refuted")
    if any(CheckId.parse(check).answered_by == "audit" for check in claim.because):
        unasked = t("answer.unasked")
        return "⬜ " + t("standing.not-provable") + f" ({unasked})"
    return "⬜ " + t("standing.not-provable")


def classified(check: Check, lang: Language = "en") -> str:
    """Return the kind of failure that a check met, and the module or name that it is about."""
    if check.failure is None or check.failure.kind == "error":
        return ""
    t = texts(lang)
    kind = t(f"failure.{check.failure.kind}")
    return f"{kind}: {check.failure.name}" if check.failure.name else kind


def because(root: Check, others: Sequence[Check], lang: Language = "en") -> str:
    """Say which checks fail only because another one does."""
    asked, t = CheckId.parse(root.id), texts(lang)
    named = {
        "number": len(others),
        "checks": first_of([check.id for check in others], _NAMED),
    }
    if asked.kind == "import" and asked.subject != ALL:
        return t("failure.imported", subject=asked.subject, **named)
    return t("failure.because", subject=root.id, **named)


def brief(check: Check, lang: Language = "en", width: int = 160) -> str:
    """Return one line on a check: why it fails as expected, or else how its message begins.

    Of one that is unsteady it says both answers.
    """
    t = texts(lang)
    if check.state == "fixed":
        return t("report.remove", reason=check.reason)
    text = in_one_line(check, lang)
    if check.reason is None and len(text) > width:
        text = text[: width - 1] + "…"
    if check.state == "unsteady":
        passed = check.outcome == "passed"
        first = t("report.first-passed") if passed else t("report.first-failed", message=text)
        return f"{first}; {again_in_words(check, lang)}"
    return text


def again_in_words(check: Check, lang: Language = "en") -> str:
    """Return how a check that is unsteady came out when it was asked again."""
    t = texts(lang)
    passed = check.again is not None and check.again.outcome == "passed"
    return t("report.again-passed") if passed else t("report.again-failed")
