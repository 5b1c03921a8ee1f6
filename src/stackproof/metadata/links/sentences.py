"""What is said of a broken link, in one sentence."""

from __future__ import annotations

from stackproof.evidence.links import Baseline, Used
from stackproof.metadata.links.checker import Seen

__all__ = ["sentence"]


def sentence(name: str, version: str, seen: Seen, target: Used, baseline: Baseline | None) -> str:
    """Return who uses what of whom, at which line, and since when that is not there."""
    place = f"{seen.file}:{seen.line}"
    owner = f"{target.distribution} {target.version or ''}".strip()
    what, lacks, had = _words(seen)
    now = f"{owner} {lacks}" if target.version else f"{owner} is not there"
    told = f"{name} {version} {what} ({place}); {now}"
    if baseline is None:
        return told
    then = f"{target.distribution} {baseline.version}, of the day of {name} {version}, {had}"
    return f"{told}; {then}"


def _words(seen: Seen) -> tuple[str, str, str]:
    """Return how a use is told, what its target lacks, and what the target of its day did."""
    if seen.kind == "module":
        return f"imports {seen.target}", "has no such module", "had"
    if seen.kind == "name":
        return f"uses {seen.name} of {seen.target}", "has no such name there", "had"
    if seen.kind == "parameter":
        return f"passes {seen.name!r} to {seen.target}", "takes no such argument", "did"
    if seen.name:
        return f"calls {seen.target} without {seen.name!r}", "needs it", "did not"
    many = f"calls {seen.target} with {seen.given} arguments by place"
    return many, f"takes {seen.taken}", "took them"
