"""Compare the links of a stack with those of another: what an upgrade would break."""

from __future__ import annotations

from stackproof.base.text import count
from stackproof.evidence.links import Finding, Links

__all__ = ["compared"]


def compared(after: Links, before: Links) -> Links:
    """Return the links of a stack without the suspects that the other one has too.

    What both have is noted by its number. A line may move between two releases, so the use itself
    is compared: whose code uses what.
    """
    known = {_use(finding) for finding in before.suspects}
    both = [finding for finding in after.suspects if _use(finding) in known]
    notes = list(after.notes)
    if both:
        notes.append(f"{count(len(both), 'suspect link')} that {_title(before)} has too")
    return after.model_copy(
        update={
            "findings": tuple(item for item in after.findings if item not in both),
            "notes": tuple(notes),
        }
    )


def _use(finding: Finding) -> tuple[str, str, str, str]:
    return finding.distribution, finding.kind, finding.target.distribution, finding.target.name


def _title(links: Links) -> str:
    as_of = f" as of {links.as_of:%Y-%m-%d}" if links.as_of else ""
    return f"{links.matrix}/{links.row}{as_of}"
