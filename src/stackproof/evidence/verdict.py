"""The verdict: evidence judged. Works from files alone, so it can be had again a year later."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from pydantic import Field, field_validator

from stackproof.base.records import Record, Said
from stackproof.base.text import plain
from stackproof.base.times import timestamp
from stackproof.evidence.answers import Answers, answer_files, answers_of
from stackproof.evidence.check import Check, State
from stackproof.evidence.claims import AuditAnswers, ClaimVerdict, judge_claims
from stackproof.evidence.depth import Depth, depth_of
from stackproof.evidence.folder import Evidence
from stackproof.evidence.judged import counts_of, judged_checks, settled_results
from stackproof.evidence.prereleases import taken
from stackproof.evidence.records import CheckResult, ConstraintsUsed, RunRecord
from stackproof.evidence.suspects import JudgedLinks, suspects_of
from stackproof.evidence.worded import of_error, of_trouble
from stackproof.matrix.checks import CheckId
from stackproof.matrix.plan import Plan
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words, sayable

__all__ = ["Check", "State", "Verdict", "judge"]


#: pytest's exit code where no test is one of those that were asked for.
_NOTHING_FOUND = 5


class Verdict(Record):
    """A run, judged. The form of `verdict.json`; `seconds` is wall time.

    `trouble` says why a run could not be judged and is None for one that was. Of a broken run
    `untold` says what could not be told besides its failures, None where all was; `ended` says
    whether a run asked all that it was to ask. `depth` says of each pin how deep its answers go,
    and `installed` which version of it there is, None for none; `links` are None where nobody
    looked. `trouble_why` and `untold_why` are the same as records, where they are in words of ours.
    `left_out` maps the workloads that need what the row does not pin, or use what it does
    not have, to those distributions, and `pins_left_out` the pins that the row goes without to
    their markers. `prereleases` are those that were taken where a row lets some in, None where it
    does not; `breaks_soon` are the checks that fail with these and pass without them, None where
    nobody asked without them.
    """

    format: Literal[1] = 1
    matrix: str
    row: str
    python: str
    installer: str
    as_of: str | None
    constraints: tuple[ConstraintsUsed, ...]
    verdict: Literal["ok", "broken", "unsteady", "unjudged"]
    trouble: Said | None
    trouble_why: Reason | None = None  # older files have none, nor what comes next
    untold: Said | None = None
    untold_why: Reason | None = None
    ended: bool = True
    started: datetime
    seconds: float
    checks: tuple[Check, ...]
    claims: tuple[ClaimVerdict, ...]
    depth: dict[str, Depth] = Field(default={})  # older files have none
    installed: dict[str, str | None] = Field(default={})  # older files have none
    links: JudgedLinks | None = None  # older files have none
    left_out: dict[str, tuple[str, ...]] = Field(default={})  # older files have none
    pins_left_out: dict[str, str] = Field(default={})  # older files have none
    prereleases: dict[str, str] | None = None  # older files have none
    breaks_soon: tuple[str, ...] | None = None  # older files have none
    counts: dict[str, int]

    @field_validator("constraints", mode="before")
    @classmethod
    def _of_older_files(cls, value: object) -> object:
        """Read the first constraint file, or None, where an older file has no more."""
        if isinstance(value, dict):
            return ({"name": "", "address": "", **value},)
        return () if value is None else value

    @property
    def exit_code(self) -> int:
        """0 if all is as expected, 1 if not, 2 where the run, or a part of it, was not judged.

        What is unsteady is neither one nor the other, and was not judged.
        What comes of releases that are yet to be made is told, and is never a failure.
        """
        if self.prereleases is not None:
            return 0
        if self.verdict == "unjudged":
            return 2
        if self.unexpected:
            return 1
        return 2 if self.untold or self.in_state("unsteady") else 0

    @property
    def settled(self) -> bool:
        """Whether a search may rest on its answers.

        It was judged, asked all that it was to, and none of its answers came out otherwise again.
        """
        return self.trouble is None and self.ended and not self.in_state("unsteady")

    @property
    def unexpected(self) -> tuple[Check, ...]:
        """The checks that a reader does not know of yet: new failures, and failures now fixed."""
        return tuple(check for check in self.checks if check.state in ("new", "fixed"))

    @property
    def green(self) -> bool:
        """Whether it was judged in every part, and nothing in it is news, of whatever releases."""
        settled = self.trouble is None and self.untold is None
        return settled and not self.in_state("new", "fixed", "unsteady")

    def in_state(self, *states: State) -> tuple[Check, ...]:
        """Return the checks that are in one of the states."""
        return tuple(check for check in self.checks if check.state in states)


def judge(evidence: Evidence, audited: AuditAnswers = MappingProxyType({})) -> Verdict:
    """Judge a run from its folder; `audited` is what the last audit says of its claims."""
    plan, run, freeze, links = evidence.plan, evidence.run, evidence.freeze, evidence.links
    answers = answers_of(evidence, plan, run)
    checks = judged_checks(plan, answers.every, evidence)
    gap = of_trouble(run.trouble) if run.trouble else _gap(plan, run, answers, evidence)
    untold = plain(run.trouble or (in_words(gap) if gap else "")) or None
    unsteady = {check.id for check in checks if check.state == "unsteady"}
    failed = any(check.outcome == "failed" and check.id not in unsteady for check in checks)
    results = settled_results(answers.every, unsteady)
    return Verdict(
        matrix=plan.matrix,
        row=plan.row,
        python=run.python,
        installer=run.installer,
        as_of=timestamp(plan.as_of) if plan.as_of else None,
        constraints=run.constraints,
        # A failure is a failure, whatever could not be told besides.
        verdict=_word(failed=failed, untold=untold, unsteady=unsteady),
        trouble=None if failed or unsteady else untold,
        trouble_why=None if failed or unsteady else gap,
        untold=untold if failed or unsteady else None,
        untold_why=gap if failed or unsteady else None,
        ended=answers.ended,
        started=run.started,
        seconds=run.seconds,
        checks=checks,
        # A run that could not be judged proves nothing, and refutes nothing.
        claims=tuple(
            judge_claims(plan.claims, results, audited)
            if failed or unsteady or not untold
            else judge_claims(plan.claims, {}, {})
        ),
        depth=depth_of(plan, results.values(), freeze, links),
        installed={pin.name: freeze.get(pin.name) for pin in plan.pins},
        links=suspects_of(links, plan, results),
        left_out=evidence.left_out,
        pins_left_out=plan.left_out,
        prereleases=taken(plan, freeze) if plan.prereleases else None,
        breaks_soon=_breaks_soon(checks, evidence) if plan.prereleases else (),
        counts=counts_of(checks),
    )


def _word(
    *, failed: bool, untold: str | None, unsteady: Collection[str]
) -> Literal["ok", "broken", "unsteady", "unjudged"]:
    if failed:
        return "broken"
    if unsteady:  # also where a part could not be told: it was judged, and stands in the history
        return "unsteady"
    return "ok" if untold is None else "unjudged"


def _breaks_soon(checks: Sequence[Check], evidence: Evidence) -> tuple[str, ...] | None:
    """Return the checks that fail with pre-releases, and passed without; None where not asked."""
    failing = [check.id for check in checks if check.state == "new"]
    confirmation = evidence.confirmation
    if not failing:
        return ()
    if confirmation is None or confirmation.released is None:
        return None
    passing = {check.id for check in confirmation.released if check.outcome == "passed"}
    return tuple(check for check in failing if check in passing)


def _gap(plan: Plan, run: RunRecord, answers: Answers, evidence: Evidence) -> Reason | None:
    """Say what a run without trouble left open all the same, or None."""
    there = answer_files(evidence)
    gone = [name for name in run.left if name not in there]
    if gone:  # an answer that was lost is none that passed
        return reason("files-gone", files=tuple(gone))
    if any(stage.failure for stage in evidence.stages):
        # The stack cannot be installed: that is the verdict, and nothing else could run.
        return None
    return (
        (_gap_in_suite(plan, answers) if plan.asks_suite else None)
        or _gap_in_checks(plan, answers.given)
        or _gap_in_skips(plan, answers.given, evidence)
    )


def _gap_in_suite(plan: Plan, answers: Answers) -> Reason | None:
    suite = answers.suite
    if suite.errors:
        return reason("suite-errors", errors=tuple(map(of_error, suite.errors)))
    if suite.exit == _NOTHING_FOUND:
        return reason("no-such-check", checks=tuple(plan.checks))
    if not answers.suite_ended:
        return reason("suite-unended", code=str(suite.exit))
    if all(result.outcome == "skipped" for result in suite.checks):
        return reason("all-skipped")
    return None


def _gap_in_skips(
    plan: Plan, given: Mapping[str, CheckResult], evidence: Evidence
) -> Reason | None:
    """Say which workloads were skipped that the matrix does not allow to be: they prove nothing."""
    servers = evidence.servers
    absent = {
        name
        for result in given.values()
        for name in result.servers
        if servers.get(name, {}).get("grade", "unavailable") == "unavailable"
    }
    skipped = [
        reason("skipped-since", check=result.id, why=sayable(result.why, result.message))
        for result in given.values()
        if result.outcome == "skipped"
        and result.id not in plan.allowed_skips
        and (_is_claimed(result, plan) or not absent.intersection(result.servers))
    ]
    if not skipped:
        return None
    return reason("skips-not-allowed", checks=tuple(skipped))


def _is_claimed(result: CheckResult, plan: Plan) -> bool:
    """Tell whether the matrix itself wants a workload, or a server of it, or a probe asks for it.

    Any other workload serves the row where its servers can be had, and spoils nothing elsewhere.
    """
    claimed = (check for claim in plan.claims for check in claim.checks)
    own = result.kind == "command"
    return own or result.id in (*claimed, *plan.only) or bool({*result.servers} & {*plan.servers})


def _gap_in_checks(plan: Plan, given: Mapping[str, CheckResult]) -> Reason | None:
    missing = [check for check in plan.checks if check not in given]
    if missing:
        return reason("checks-not-run", checks=tuple(missing))
    known = (item.check for item in plan.known_failures)
    # Where suspect links are only told, none of them is a check.
    told = () if plan.strict_links else ("link",)
    unknown = [item for item in known if item not in given and CheckId.parse(item).kind not in told]
    if unknown:
        return reason("expected-unknown", checks=tuple(unknown))
    return None
