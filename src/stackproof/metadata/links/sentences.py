"""What is said of a broken link."""

from __future__ import annotations

from stackproof.evidence.links import Baseline, Used
from stackproof.metadata.links.checker import Seen
from stackproof.reasons.reason import Reason, reason

__all__ = ["why_suspect"]


def why_suspect(
    name: str, version: str, seen: Seen, target: Used, baseline: Baseline | None
) -> Reason:
    """Return who uses what of whom, at which line, and since when that is not there."""
    owner = f"{target.distribution} {target.version or ''}".strip()
    code, place = f"{name} {version}", f"{seen.file}:{seen.line}"
    what, lacks, had = _words(seen)
    now = reason("does", release=owner, did=lacks if target.version else reason("is-not-there"))
    told = reason("link", by=code, did=what, place=place).then(now)
    if baseline is None:
        return told
    then = f"{target.distribution} {baseline.version}"
    return told.then(reason("on-its-day", release=then, code=code, did=had))


def _words(seen: Seen) -> tuple[Reason, Reason, Reason]:
    """Return how a use is told, what its target lacks, and what the target of its day did."""
    if seen.kind == "module":
        imports = reason("imports", target=seen.target)
        return imports, reason("lacks-module"), reason("had-it")
    if seen.kind == "name":
        uses = reason("uses", name=seen.name, target=seen.target)
        return uses, reason("lacks-name"), reason("had-it")
    if seen.kind == "parameter":
        passes = reason("passes", name=seen.name, target=seen.target)
        return passes, reason("takes-no-such"), reason("did-take")
    if seen.name:
        calls = reason("calls-without", name=seen.name, target=seen.target)
        return calls, reason("needs-it"), reason("did-not-need")
    many = reason("calls-with", target=seen.target, given=seen.given)
    return many, reason("takes", taken=seen.taken), reason("took-them")
