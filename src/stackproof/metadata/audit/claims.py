"""Judge the claims of the document that rest on what an audit can know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from stackproof.evidence.claims import ClaimAnswer, ClaimState
from stackproof.matrix.checks import CheckId
from stackproof.matrix.document.names import distribution, is_name
from stackproof.matrix.planned import PlannedClaim
from stackproof.metadata.audit.constraints import answers
from stackproof.metadata.audit.exists import how, never_released
from stackproof.metadata.audit.groups import judge
from stackproof.metadata.audit.pairwise import Pairs
from stackproof.metadata.audit.python_support import requires_python, support
from stackproof.metadata.audit.record import How
from stackproof.metadata.audit.subject import Subject
from stackproof.reasons.common import yanked
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["check"]

_Judged = tuple[ClaimState, Reason]


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
                    because=in_words(judged[1]),
                    why=judged[1],
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
        return "not provable", reason("no-pin", name=name)
    pin = subject.pins[name]
    shown = str(pin)
    judged: dict[How, _Judged] = {
        "wheel": ("proved", reason("has-wheel", pin=shown)),
        "source": ("proved", reason("can-be-built", pin=shown)),
        "yanked": ("refuted", yanked(shown, None)),
        "no file": ("refuted", reason("no-file-fits", pin=shown)),
        "no version": ("refuted", never_released(pin)),
        "no project": ("refuted", reason("no-project", name=name)),
    }
    return judged[how(pin)]


def _python(subject: Subject, name: str) -> _Judged:
    if name not in subject.pins:
        return "not provable", reason("no-pin", name=name)
    pin, python = subject.pins[name], subject.target.python
    shown, state = str(pin), support(subject, pin)
    if state == "unknown":
        exists = pin.release is not None
        why = reason("does-not-say", pin=shown) if exists else reason("does-not-exist", pin=shown)
        return "not provable", why
    requires = requires_python(pin) or reason("any")
    if state == "declared":
        why = reason("python-declared", pin=shown, requires=requires, python=python)
        return "proved", why
    asked = reason("python-asked", pin=shown, requires=requires)
    if state == "refused":
        return "refuted", asked
    silent = reason("classifiers-silent", python=python) if pin.metadata else None
    return "proved", asked.then(silent)


def _constraints(subject: Subject, name: str) -> _Judged:
    if subject.lacking:
        return "not provable", reason("constraints-lacking")
    if name not in subject.pins or not subject.constraints:
        return "not provable", reason("no-constraints", name=name)
    pin = subject.pins[name]
    for facts, said in zip(subject.constraints, answers(subject, pin), strict=True):
        file, says = facts.title, said.says or ""
        if said.state == "differs":
            asked = pin.planned.asked
            return "refuted", reason("constraint-refutes", file=file, says=says, asked=asked)
        if said.state == "agrees":
            return "proved", reason("constraint-agrees", file=file, says=says)
    return "refuted", reason("constraint-silent", file=subject.constraints[0].title, name=name)


def _pairwise(table: Pairs, about: str) -> _Judged:
    first, _, second = about.partition(":")
    cell = table.get(first, {}).get(second)
    if cell is None or cell.why is None:
        return "not provable", reason("no-pair", first=first, second=second)
    # Where metadata ties two pins by nothing, it cannot prove that they work together either.
    states: dict[str, ClaimState] = {
        "satisfied": "proved",
        "common range": "proved",
        "conflict": "refuted",
    }
    return states.get(cell.state, "not provable"), cell.why


def _groups(subject: Subject, table: Pairs, name: str) -> _Judged:
    if name not in subject.plan.groups:
        return "not provable", reason("no-group", name=name)
    match = judge(subject.plan.groups[name], table)
    states: dict[str, ClaimState] = {"match": "proved", "mismatch": "refuted"}
    return states.get(match.state, "not provable"), match.why
