"""Words that the audit's reports share, so that they say the same thing the same way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from stackproof.audit.findings import Audit, Finding, JointAnswer, PinAnswer

__all__ = [
    "Merged",
    "behind",
    "constrained",
    "count",
    "counts",
    "headline",
    "joint_line",
    "merge",
    "symbol",
]

_WORD = {0: "OK", 1: "NEWS", 2: "UNJUDGED"}
_SYMBOLS = {
    "itself": "·",
    "satisfied": "✓",
    "common range": "≈",
    "unrelated": " ",
    "conflict": "✗",
    "unknown": "?",
}


@dataclass(frozen=True)
class Merged:
    """One finding that holds in several rows of a matrix."""

    finding: Finding
    rows: tuple[str, ...]

    @property
    def level(self) -> str:
        """The level, or "known" for an error that is written down."""
        return "known" if self.finding.known is not None else self.finding.level


def merge(findings: tuple[Finding, ...]) -> list[Merged]:
    """Return findings, those that differ in nothing but the row as one."""
    rows: dict[Finding, list[str]] = {}
    for finding in findings:
        key = finding.model_copy(update={"row": None})
        rows.setdefault(key, []).extend([finding.row] if finding.row else [])
    return [Merged(finding, tuple(names)) for finding, names in rows.items()]


def counts(audit: Audit) -> str:
    """Return the counts of findings in words, known errors apart."""
    number = Counter(item.level for item in merge(audit.findings))
    return (
        f"{number['error']} errors, {number['known']} known errors, {number['warning']} warnings, "
        f"{number['note']} notes"
    )


def headline(audit: Audit) -> str:
    """Return the verdict, the counts and the time as one line."""
    claims = Counter(claim.state for claim in audit.claims)
    judged = ", ".join(f"{count} {state}" for state, count in sorted(claims.items()))
    return (
        f"audit {_WORD[audit.exit_code]}: {counts(audit)}; claims: {judged or 'none'}; "
        f"in {audit.seconds:.1f} s"
    )


def joint_line(joint: JointAnswer) -> str:
    """Say in one line how a row resolves."""
    left_out = f" (without {', '.join(joint.left_out)})" if joint.left_out else ""
    broken = f", {len(joint.broken)} requirements unmet at the end" if joint.broken else ""
    return (
        f"{joint.matrix}/{joint.row}: in one go {joint.together}{left_out}; stage by stage "
        f"{joint.stages}, {len(joint.moves)} moves{broken}"
    )


def constrained(pin: PinAnswer) -> str:
    """Say what the constraint files have of a pin."""
    says = [
        f"differs: {item.says}" if item.state == "differs" else item.state
        for item in pin.constraints
    ]
    return ", ".join(dict.fromkeys(says)) or "-"


def behind(pin: PinAnswer) -> str:
    """Say how far a pin is behind, shortly."""
    fresh = pin.freshness
    if fresh is None:
        return "-"
    if fresh.releases == 0:
        return "newest"
    behind = [count(fresh.releases, "release")]
    if (months := round(fresh.months or 0)) > 0:
        behind.append(count(months, "month"))
    return f"{', '.join(behind)} behind {fresh.newest}"


def count(number: int, thing: str) -> str:
    """Say a number of things in words."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def symbol(state: str) -> str:
    """Return the sign of a pair's state in the table of all pairs."""
    return _SYMBOLS[state]
