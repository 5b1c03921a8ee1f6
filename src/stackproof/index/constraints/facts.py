"""The constraint files of a row, read for what they say of each distribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stackproof.errors import CannotJudgeError
from stackproof.index.constraints.published import (
    ConstraintFile,
    constraint_lines,
    find_constraints,
)
from stackproof.matrix.markers import holds
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedConstraints
from stackproof.reasons.reason import Reason, reason

__all__ = ["ConstraintFacts", "ConstraintFinder"]


@dataclass(frozen=True, kw_only=True)
class ConstraintFacts:
    """One constraint file: `title` names it for a reader, `says` maps names to what they get."""

    stage: str
    name: str
    title: Reason
    content: bytes
    says: Mapping[str, Requirement]


@dataclass
class ConstraintFinder:
    """Finds the constraint files of rows, each one once; `snapshots` is the repository's folder."""

    snapshots: Path
    environ: Mapping[str, str]
    _found: dict[PlannedConstraints, ConstraintFile | CannotJudgeError] = field(
        default_factory=dict
    )

    def facts(self, plan: Plan, markers: Mapping[str, str]) -> tuple[ConstraintFacts, ...]:
        """Return the constraint file of each stage that has one, as read where `markers` hold.

        Raises CannotJudgeError if one cannot be had.
        """
        stages = [(stage.name, stage.constraints) for stage in plan.stages]
        return tuple(
            self._facts(name, wanted, plan.python, markers)
            for name, wanted in stages
            if wanted is not None
        )

    def _facts(
        self, stage: str, wanted: PlannedConstraints, python: str, markers: Mapping[str, str]
    ) -> ConstraintFacts:
        file = self._file(wanted)
        return ConstraintFacts(
            stage=stage,
            name=wanted.name,
            title=reason(
                "constraint-file",
                project=wanted.subject,
                version=wanted.version,
                python=python,
            ),
            content=file.content,
            says=_said(file.content, markers),
        )

    def _file(self, wanted: PlannedConstraints) -> ConstraintFile:
        if wanted not in self._found:
            try:
                found = find_constraints(wanted, snapshots=self.snapshots, environ=self.environ)
                self._found[wanted] = found
            except CannotJudgeError as error:
                self._found[wanted] = error
        answer = self._found[wanted]
        if isinstance(answer, CannotJudgeError):
            raise answer
        return answer


def _said(content: bytes, markers: Mapping[str, str]) -> dict[str, Requirement]:
    """Return what each distribution gets; several lines of one are all to be kept to."""
    says: dict[str, Requirement] = {}
    for requirement in constraint_lines(content):
        if holds(requirement, markers):
            first = says.setdefault(canonicalize_name(requirement.name), requirement)
            first.specifier &= requirement.specifier
    return says
