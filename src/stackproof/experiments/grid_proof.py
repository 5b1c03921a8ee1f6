"""Prove a cell that resolves: install it, run `pip check`, and import both in fresh processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stackproof.evidence.verdict import Verdict
from stackproof.experiments.runner import Runner
from stackproof.installers.planning import make_plan
from stackproof.matrix.checks import CheckId
from stackproof.matrix.model import Matrix, Pin, Row, Stage
from stackproof.matrix.plan import Plan
from stackproof.metadata.grid.making import Question
from stackproof.metadata.grid.record import Cell, Proof

__all__ = ["Prover", "plan_of"]

_STAGE = "cell"


@dataclass(frozen=True, kw_only=True)
class Prover:
    """Proves cells in scratch environments, leaving evidence in folders of `home`.

    `modules` maps a distribution to the one module that is to import, in place of all its own.
    """

    runner: Runner
    home: Path
    modules: Mapping[str, str] = field(default_factory=dict)

    def prove(self, cell: Cell, question: Question) -> Cell:
        """Return the cell with its proof; a cell that does not resolve is returned as it is.

        A run of the very same plan that is there already is not made again.
        """
        if cell.state != "compatible":
            return cell
        plan = plan_of(cell, question, self.modules)
        names = zip(question.names, cell.versions, strict=True)
        home = self.home / "-".join(f"{name}-{version}" for name, version in names)
        verdict, evidence = self.runner.run_once(plan, home)
        outcome = {"ok": "passed", "broken": "failed"}.get(verdict.verdict, "unjudged")
        proof = Proof.model_validate(
            {
                "outcome": outcome,
                "message": _message(verdict),
                "evidence": f"{home.name}/{evidence.folder.name}",
            }
        )
        return cell.model_copy(update={"proof": proof})


def plan_of(cell: Cell, question: Question, modules: Mapping[str, str]) -> Plan:
    """Return the plan that installs a cell and what is held in one go, and imports both."""
    pins = tuple(
        Pin.model_validate(
            {"name": name, "version": version, "area": "grid", "role": "axis"}
            | ({"imports": (modules[name],)} if name in modules else {})
        )
        for name, version in zip(question.names, cell.versions, strict=True)
    )
    stage = Stage(
        name=_STAGE,
        step="Install both in one go.",
        pins=question.names,
        requirements=question.held,
    )
    matrix = Matrix(
        format=1,
        title=" and ".join(question.names),
        document="grid",
        python=question.target.python,
        pins=pins,
        stages=(stage,),
        rows={_STAGE: Row(summary="One cell of a grid.")},
    )
    checks = [CheckId("import", name) for name in (*question.names, "*")]
    return make_plan(
        matrix,
        name="grid",
        row=_STAGE,
        as_of=question.as_of,
        only=(CheckId("stage", _STAGE), *checks, CheckId("pip-check")),
    )


def _message(verdict: Verdict) -> str:
    """Return what failed, each check in a few words."""
    if verdict.trouble is not None:
        return " ".join(verdict.trouble.split())
    failed = [check for check in verdict.checks if check.outcome == "failed"]
    return "; ".join(f"{check.id}: {(check.message or '').splitlines()[0]}" for check in failed)
