"""The suspects among the links of a run, judged: told, expected, or failures of the row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import Field

from stackproof.base.records import Record
from stackproof.evidence.links import Finding, Links
from stackproof.evidence.records import CheckResult
from stackproof.evidence.said import says
from stackproof.matrix.checks import CheckId
from stackproof.matrix.plan import Plan
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import sayable

__all__ = ["JudgedLinks", "Suspect", "link_answers", "suspects_of"]


class Suspect(Record):
    """A use of what is not there any more, as `links.json` has it whole.

    `confirmed_by` is the failing import check that runs its line, None where there is none.
    `reason` is the matrix's where it is expected.
    """

    distribution: str
    sentence: str
    why: Reason | None = None
    runs: str
    confirmed_by: str | None = None
    reason: str | None = None


class JudgedLinks(Record):
    """What a run's links came to: the suspects, and what else was expected, by check.

    Of an expected one that is `over` there is no suspect any more; one that is `unmet` has words,
    given here, that no suspect of its distribution says.
    """

    suspects: tuple[Suspect, ...] = ()
    over: tuple[str, ...] = ()
    unmet: dict[str, str] = Field(default={})

    @property
    def told(self) -> tuple[Suspect, ...]:
        """The suspects that nobody expects."""
        return tuple(item for item in self.suspects if item.reason is None)


def link_answers(links: Links | None, plan: Plan) -> Iterator[CheckResult]:
    """Yield the answers of `link:NAME`, which are checks where the matrix is strict about them.

    The code of a pin that could not be checked has no answer. Of what is no pin, only what fails,
    or is expected to, is one.
    """
    if links is None or not plan.strict_links:
        return
    found: dict[str, list[Finding]] = {}
    for finding in links.suspects:
        found.setdefault(finding.distribution, []).append(finding)
    planned = (CheckId.parse(check) for check in (*plan.checks, *_expected(plan)))
    asked = {check.subject for check in planned if check.kind == "link"}
    for name in sorted({*found, *(asked & links.read.keys() - {*links.unchecked})}):
        uses = found.get(name, [])
        whys = tuple(sayable(finding.why, finding.sentence) for finding in uses)
        yield CheckResult(
            id=CheckId("link", name),
            outcome="failed" if uses else "passed",
            message="\n".join(finding.sentence for finding in uses),
            why=reason("each-line", whys=whys) if whys else None,
            seconds=sum(item.seconds for item in links.checked if item.name == name),
        )


def suspects_of(
    links: Links | None, plan: Plan, results: Mapping[str, CheckResult]
) -> JudgedLinks | None:
    """Return the suspects of a run by what its checks answered; None where nobody looked."""
    if links is None:
        return None
    expected = _expected(plan)
    suspects = [
        Suspect(
            distribution=finding.distribution,
            sentence=finding.sentence,
            why=finding.why,
            runs=finding.runs,
            confirmed_by=_confirmed_by(finding.pins, results) if finding.runs == "import" else None,
            reason=_reason(finding.sentence, expected.get(finding.check)),
        )
        for finding in sorted(links.suspects, key=lambda item: item.distribution)
    ]
    met = {CheckId("link", item.distribution) for item in suspects if item.reason}
    left = {check: words for check, (words, _) in expected.items() if check not in met}
    suspected = {item.distribution for item in suspects}
    looked_at = links.read.keys() - {*links.unchecked}
    return JudgedLinks(
        suspects=tuple(suspects),
        over=tuple(check for check in left if _name(check) in looked_at - suspected),
        unmet={check: words for check, words in left.items() if _name(check) in suspected},
    )


def _expected(plan: Plan) -> dict[str, tuple[str, str]]:
    """Return words and reason of each link that is expected to be suspect, by check."""
    return {
        known.check: (known.says or "", known.reason)
        for known in plan.known_failures
        if CheckId.parse(known.check).kind == "link"
    }


def _reason(sentence: str, expected: tuple[str, str] | None) -> str | None:
    return expected[1] if expected is not None and says(sentence, expected[0]) else None


def _confirmed_by(pins: tuple[str, ...], results: Mapping[str, CheckResult]) -> str | None:
    checks = (CheckId("import", pin) for pin in pins)
    return next(
        (check for check in checks if check in results and results[check].outcome == "failed"), None
    )


def _name(check: str) -> str:
    return CheckId.parse(check).subject
