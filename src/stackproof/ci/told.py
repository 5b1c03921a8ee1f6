"""What was told of a row last, in the mark of an issue: by it the same result is told once.

A mark holds up to three digests: of which checks are unexpected, of how each of them fails, and of
what a diagnosis found. None has words in it that differ from run to run, or from machine to
machine: no paths, durations, dates or addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from urllib.parse import quote

from stackproof.base.json_text import fingerprint
from stackproof.ci.outcome import Outcome
from stackproof.evidence.check import Check
from stackproof.evidence.verdict import Verdict
from stackproof.experiments.diagnose.record import Diagnosis

__all__ = ["MARK", "digest", "is_news", "mark", "short"]

_DIGITS = 16
#: The last line of whatever was told: the row and the digest of the result, read again next month.
MARK = re.compile(
    r"<!-- stackproof (?P<row>\S+) (?P<digest>[0-9a-f]{16}(?:\.[0-9a-f]{16}){0,2}) -->\s*\Z"
)


def mark(row: str, told: str) -> str:
    """Return the line that says, to us alone, what was told."""
    return f"<!-- stackproof {quote(row)} {told} -->"


def short(content: object) -> str:
    """Return a digest of anything that is data, as a mark holds it."""
    return fingerprint(content)[:_DIGITS]


def digest(outcome: Outcome) -> str:
    """Return what stays the same as long as a row's unexpected results do, and for the same cause.

    Where nothing was judged, it is of that alone; without a whole diagnosis, of checks alone.
    """
    return ".".join(map(short, _parts(outcome)))


def is_news(told: str, now: str) -> bool:
    """Tell whether a digest says something else than the one of what was told last.

    A first whole diagnosis is news. That there is none this time is not: it may have been cut
    short. Older versions told which checks are unexpected, and no more: what they did not tell of
    is no news either.
    """
    before, after = told.split("."), now.split(".")
    if any(old != new for old, new in zip(before, after, strict=False)):
        return True
    return 1 < len(before) < len(after)


def _parts(outcome: Outcome) -> Iterator[object]:
    verdict = outcome.verdict
    over = sorted((item.check, item.measure) for item in outcome.over_budget)
    # As older versions told it, so that an issue of theirs hears nothing for our sake alone.
    yield [outcome.row, _unexpected(verdict), *([over] if over else [])]
    if verdict is None or verdict.trouble is not None:
        return
    yield sorted(_failure(check) for check in verdict.in_state("new"))
    diagnosis = outcome.diagnosis
    if diagnosis and diagnosis.verdict == "broken" and diagnosis.trouble is None:
        yield _found(diagnosis)


def _unexpected(verdict: Verdict | None) -> object:
    if verdict is None:
        return "lost"
    if verdict.trouble is not None:
        return _same_each_time(verdict.trouble)
    news = sorted((check.id, check.state) for check in verdict.unexpected)
    return [news, _same_each_time(verdict.untold)] if verdict.untold else news


def _same_each_time(trouble: str) -> str:
    """Return trouble without seconds, ports and the like, which differ though it is the same."""
    return re.sub(r"\d+", "#", trouble.partition("\n")[0])


def _failure(check: Check) -> tuple[str, str, str]:
    """Return how a check fails: the kind of failure, and what it is about."""
    failure = check.failure
    # A shared object may be named by its path, which is another one on another machine.
    return (check.id, failure.kind, PurePath(failure.name).name) if failure else (check.id, "", "")


def _found(diagnosis: Diagnosis) -> object:
    """Return what a diagnosis comes to, as far as builds showed it: the culprits, and what to do.

    Of culprits not the versions: while the same is to be done about them, these tell nothing new.
    Nor of a fix those that it was proved with, or what might be done in its place.
    """
    culprits = {
        (cause.kind, cause.culprit.name)
        for cause in diagnosis.causes
        if cause.confirmed and cause.culprit
    }
    if not diagnosis.fixed:
        return sorted(culprits)
    fix = diagnosis.mend
    changes = () if fix.found else [item for item in diagnosis.instead if item.confirmed]
    return [
        sorted(culprits),
        sorted(fix.requirements),
        sorted(fix.build_constraints),
        sorted(fix.removed),
        fix.python,
        sorted((item.pin, item.version) for item in changes),
    ]
