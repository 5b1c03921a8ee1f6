"""Carry out plans on this machine."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from stackproof.evidence.folder import Evidence
from stackproof.evidence.verdict import Verdict
from stackproof.experiments.machines.machines import Desk
from stackproof.installers.scratch import scratch_environment
from stackproof.matrix.plan import Plan
from stackproof.run.verify import verify

__all__ = ["Here"]


@dataclass(frozen=True, kw_only=True)
class Here:
    """This machine, which carries out `at_once` plans at a time; see `Machines`."""

    at_once: int = 1
    stop: threading.Event = field(default_factory=threading.Event)

    def carry_out(self, plan: Plan, desk: Desk, home: Path | None) -> tuple[Verdict, Evidence]:
        """Carry out a plan in a scratch environment."""
        scratch = scratch_environment(
            plan.fingerprint[:16],
            python=plan.python,
            installer=plan.installer,
            environ=desk.project.environ,
        )
        with scratch as venv:
            return verify(
                plan,
                venv,
                desk.project,
                desk.progress,
                conclude=desk.conclude,
                look=desk.look if plan.asks_links else None,
                home=home,
                first=desk.first,
                shared=home is not None,
            )
