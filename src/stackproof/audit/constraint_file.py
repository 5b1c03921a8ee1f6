"""The constraint files of a row, read for what they say of each distribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from stackproof.environment.constraints import find_constraints
from stackproof.plan import Plan

__all__ = ["ConstraintFacts", "constraint_facts"]


@dataclass(frozen=True, kw_only=True)
class ConstraintFacts:
    """One constraint file: `title` names it for a reader, `says` maps names to what they get."""

    stage: str
    name: str
    title: str
    content: bytes
    says: Mapping[str, Requirement]


def constraint_facts(
    plan: Plan, *, snapshots: Path, environ: Mapping[str, str]
) -> tuple[ConstraintFacts, ...]:
    """Return the constraint file of each stage that has one.

    Raises CannotJudgeError if one cannot be had.
    """
    found: list[ConstraintFacts] = []
    for stage in plan.stages:
        if stage.constraints is not None:
            wanted = stage.constraints
            file = find_constraints(wanted, snapshots=snapshots, environ=environ)
            found.append(
                ConstraintFacts(
                    stage=stage.name,
                    name=wanted.name,
                    title=f"the constraint file of {wanted.subject} {wanted.version} "
                    f"for Python {plan.python}",
                    content=file.content,
                    says=_parse(file.content.decode("utf-8", errors="replace")),
                )
            )
    return tuple(found)


def _parse(text: str) -> dict[str, Requirement]:
    says: dict[str, Requirement] = {}
    for line in text.splitlines():
        words = line.partition("#")[0].strip()
        try:
            requirement = Requirement(words)
        except InvalidRequirement:
            continue  # blank lines and options, which say nothing of a distribution
        says[canonicalize_name(requirement.name)] = requirement
    return says
