"""Diagnose a row: verify it, explain what fails step by step, and prove what to add."""

from __future__ import annotations

from stackproof.experiments.diagnose.bounding import bounded
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.keeping import keep
from stackproof.experiments.diagnose.machine import buildable, lacking
from stackproof.experiments.diagnose.owners import without_an_owner
from stackproof.experiments.diagnose.record import Cause
from stackproof.experiments.diagnose.searching import searched
from stackproof.experiments.diagnose.yanked import with_yanked
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.failures import cause

__all__ = ["Diagnoser"]


class Diagnoser(Inquiry):
    """Diagnoses a row."""

    def diagnose(self) -> None:
        """Find the causes, and what to add.

        Raises CannotJudgeError if a probe cannot be judged or the index fails.
        """
        self.born = self.releases.born(self.planner.at(self.moment).asked)
        found = buildable(self)
        if found is None:
            return
        self.verdict = "broken" if found.failed else "ok"
        if not found.failed:
            return
        found = without_an_owner(self, found)
        found = with_yanked(self, found)
        here = lacking(self, found)
        if found.refusal is not None and failed_build(found.refusal) is None:
            self.causes.append(
                Cause(
                    kind="conflict",
                    checks=found.failed,
                    confirmed=True,
                    sentence=f"the requirements cannot be resolved: {cause(found.refusal)}",
                )
            )
        else:
            found = bounded(self, found, here)
        if {*found.failed} <= here:
            keep(self, found)
        else:
            searched(self, found)
