"""Words that more than one report uses, so that they say the same thing the same way."""

from __future__ import annotations

from stackproof.matrix import CHECK_KINDS
from stackproof.verdict import Check, ClaimVerdict, Verdict

__all__ = ["HEADLINE", "brief", "counts", "kinds", "standing"]

HEADLINE = {"ok": "OK", "broken": "BROKEN", "unjudged": "UNJUDGED"}


def counts(verdict: Verdict) -> str:
    """Return the counts of a verdict in words, known and new failures apart."""
    number = verdict.counts
    words = [f"{number['passed']} passed"]
    if number["failed"]:
        words.append(f"{number['failed']} failed ({number['known']} known, {number['new']} new)")
    if number["fixed"]:
        words.append(f"{number['fixed']} known failure(s) now passing")
    if number["skipped"]:
        words.append(f"{number['skipped']} skipped")
    return ", ".join(words)


def kinds(verdict: Verdict) -> dict[str, tuple[int, int]]:
    """Return (passed, all) of each kind of check, in the order of the checks."""
    found: dict[str, tuple[int, int]] = {}
    for check in verdict.checks:
        passed, every = found.get(check.kind, (0, 0))
        found[check.kind] = (passed + (check.outcome == "passed"), every + 1)
    return found


def standing(claim: ClaimVerdict) -> str:
    """Return how a claim stands; checks that no run makes are left to the audit."""
    if claim.state != "not provable":
        return {"proved": "✅ proved", "refuted": "❌ refuted"}[claim.state]
    if any(check.partition(":")[0] not in CHECK_KINDS for check in claim.because):
        return "⬜ left to `nox -s audit`"
    return "⬜ not provable here"


def brief(check: Check, width: int = 160) -> str:
    """Return one line on a check: the known reason, or else how its message begins."""
    if check.state == "fixed":
        return f"passes now; remove the known failure ({check.reason})"
    if check.reason is not None:
        return check.reason
    lines = [line.strip() for line in check.message.splitlines() if line.strip()]
    text = lines[0] if lines else ""
    return text if len(text) <= width else text[: width - 1] + "…"
