"""Judge the claims of the document that rest on what an audit can know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from stackproof.evidence.claims import ClaimAnswer, ClaimState
from stackproof.matrix.checks import CheckId
from stackproof.matrix.document.names import distribution, is_name
from stackproof.matrix.plan import PlannedClaim
from stackproof.metadata.audit.constraints import answers
from stackproof.metadata.audit.exists import how, never_released
from stackproof.metadata.audit.groups import judge
from stackproof.metadata.audit.pairwise import Pairs
from stackproof.metadata.audit.python_support import requires_python, support
from stackproof.metadata.audit.subject import PinFacts, Subject

__all__ = ["check"]

_Judged = tuple[ClaimState, str]


def check(subject: Subject, table: Pairs) -> Iterator[ClaimAnswer]:
    """Yield a verdict for each check of a claim that is one of the audit's."""
    for claim in subject.plan.claims:
        for check_id in (*claim.checks, *_pairs_named(subject, claim)):
            judged = _judge(subject, table, check_id)
            if judged is not None:
                yield ClaimAnswer(
                    matrix=subject.plan.matrix,
                    row=subject.plan.row,
                    pin=claim.pin,
                    text=claim.text,
                    check=check_id,
                    state=judged[0],
                    because=judged[1],
                )


def _pairs_named(subject: Subject, claim: PlannedClaim) -> Iterator[CheckId]:
    """Yield the pair of the claim's pin with each pin that its words name, where it lists no pair.

    A run may prove "MLflow 호환" by a workload; what metadata says of the two counts as well.
    """
    if claim.pin is None or any(CheckId.parse(check).kind == "pairwise" for check in claim.checks):
        return
    words = (word for word in re.findall(r"[A-Za-z][\w.-]*", claim.text) if is_name(word))
    named = dict.fromkeys(distribution(word, subject.pins) for word in words)
    for name in named:
        if name in subject.pins and name != claim.pin:
            yield CheckId("pairwise", f"{claim.pin}:{name}")


def _judge(subject: Subject, table: Pairs, check_id: str) -> _Judged | None:
    asked = CheckId.parse(check_id)
    if asked.answered_by != "audit":
        return None
    about = asked.subject
    judges: dict[str, Callable[[], _Judged]] = {
        "exists": lambda: _exists(subject, about),
        "python": lambda: _python(subject, about),
        "constraints": lambda: _constraints(subject, about),
        "pairwise": lambda: _pairwise(table, about),
        "groups": lambda: _groups(subject, table, about),
    }
    return judges[asked.kind]()


def _exists(subject: Subject, name: str) -> _Judged:
    if name not in subject.pins:
        return "not provable", f"there is no pin {name}"
    pin = subject.pins[name]
    state = how(pin)
    words = {
        "wheel": f"{pin} has a wheel that fits",
        "source": f"{pin} can be built from source",
        "yanked": f"{pin} was yanked",
        "no file": f"{pin} has no file that fits the row",
        "no version": never_released(pin),
        "no project": f"the index has no project {name}",
    }
    return ("proved" if state in ("wheel", "source") else "refuted"), words[state]


def _python(subject: Subject, name: str) -> _Judged:
    if name not in subject.pins:
        return "not provable", f"there is no pin {name}"
    pin, python = subject.pins[name], subject.target.python
    wanted = requires_python(pin) or "any"
    words = {
        "declared": f"{pin} requires Python {wanted}, and its classifiers name {python}",
        "admitted": f"{pin} requires Python {wanted}{_unnamed(pin, python)}",
        "refused": f"{pin} requires Python {wanted}",
        "unknown": f"{pin} does not exist" if pin.release is None else f"{pin} does not say",
    }
    states: dict[str, ClaimState] = {
        "declared": "proved",
        "admitted": "proved",
        "refused": "refuted",
    }
    state = support(subject, pin)
    return states.get(state, "not provable"), words[state]


def _unnamed(pin: PinFacts, python: str) -> str:
    return f"; its classifiers do not name {python}" if pin.metadata else ""


def _constraints(subject: Subject, name: str) -> _Judged:
    if subject.lacking:
        return "not provable", "the row's constraint file could not be had"
    if name not in subject.pins or not subject.constraints:
        return "not provable", f"the row has no constraint file, or no pin {name}"
    pin = subject.pins[name]
    for facts, said in zip(subject.constraints, answers(subject, pin), strict=True):
        if said.state == "differs":
            return "refuted", f"{facts.title} says {said.says}, the pin {pin.planned.asked}"
        if said.state == "agrees":
            return "proved", f"{facts.title} says {said.says} too"
    return "refuted", f"{subject.constraints[0].title} does not mention {name}"


def _pairwise(table: Pairs, about: str) -> _Judged:
    first, _, second = about.partition(":")
    if second not in table.get(first, {}):
        return "not provable", f"there are no two pins {first} and {second}"
    cell = table[first][second]
    # Where metadata ties two pins by nothing, it cannot prove that they work together either.
    states: dict[str, ClaimState] = {
        "satisfied": "proved",
        "common range": "proved",
        "conflict": "refuted",
    }
    return states.get(cell.state, "not provable"), cell.reason


def _groups(subject: Subject, table: Pairs, name: str) -> _Judged:
    if name not in subject.plan.groups:
        return "not provable", f"there is no group {name}"
    match = judge(subject.plan.groups[name], table)
    states: dict[str, ClaimState] = {"match": "proved", "mismatch": "refuted"}
    return states.get(match.state, "not provable"), match.why
