"""Diagnose a row: verify it, explain what fails step by step, and prove what to add."""

from __future__ import annotations

from collections.abc import Mapping

from stackproof.base.times import timestamp
from stackproof.base.versions import is_version
from stackproof.errors import StackproofError
from stackproof.experiments.diagnose.at_fault import asking_too_much, never_well, raising_by_itself
from stackproof.experiments.diagnose.bounding import bounded, drop_needless_causes
from stackproof.experiments.diagnose.changing import failing_changed, neighbour_changed, raised
from stackproof.experiments.diagnose.conflicts import one_pin_changed
from stackproof.experiments.diagnose.going_back import not_gone_back
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.diagnose.keeping import keep
from stackproof.experiments.diagnose.machine import buildable, lacking
from stackproof.experiments.diagnose.owners import without_an_owner
from stackproof.experiments.diagnose.pythons import (
    another_python,
    speaks_of_python,
    without_a_name,
)
from stackproof.experiments.diagnose.record import Cause
from stackproof.experiments.diagnose.searching import searched, unknown
from stackproof.experiments.diagnose.undeclared import with_undeclared
from stackproof.experiments.diagnose.yanked import with_yanked
from stackproof.experiments.found import Found
from stackproof.installers.failed_builds import failed_build

__all__ = ["Diagnoser"]


class Diagnoser(Inquiry):
    """Diagnoses a row."""

    def diagnose(self) -> None:
        """Find the causes, and what to add.

        Raises CannotJudgeError if a probe cannot be judged or the index fails, and StackproofError
        where a pin was not there yet at the moment that is asked.
        """
        dated = self.planner.at(self.moment).dated
        self.born = self.releases.born(dated)
        self._refuse_unborn(dated)
        start = buildable(self)
        if start is None:
            return
        self.start = start
        self.verdict = "broken" if start.failed else "ok"
        if not start.failed:
            return
        found = without_an_owner(self, start)
        found = with_yanked(self, found)
        self.excused = lacking(self, found) | raising_by_itself(self, found)
        if not self.failing(found):
            keep(self, found)
        elif speaks_of_python(found) and another_python(self, found):
            pass
        elif found.refusal is not None and failed_build(found.refusal) is None:
            if not one_pin_changed(self, found):
                searched(self, found)
                unknown(self, found)
            return
        else:
            self._search(found)
        if self.fix.found:
            raised(self, start)

    def _refuse_unborn(self, dated: Mapping[str, str]) -> None:
        for name, version in dated.items():
            came = self.releases.uploaded(name, version) if is_version(version) else None
            if came is not None and came > self.moment:
                raise StackproofError(
                    f"{name} {version} was uploaded {timestamp(came)}, after the moment that is "
                    f"asked, {timestamp(self.moment)}: choose a later one (--as-of)"
                )

    def _search(self, found: Found) -> None:
        """Look for what came, and for what no pin beside the row's can mend."""
        found = not_gone_back(self, found)
        if self.instead:
            return
        found, in_vain = self._left_out(found)
        self.excused |= asking_too_much(self, found)
        if not self.failing(found):
            keep(self, found)
            drop_needless_causes(self)
            return
        # No change of what is there helps where a pin is not there at all.
        changes = () if self.absent(found) else (neighbour_changed, another_python, failing_changed)
        for repaired in changes:
            if repaired(self, found):
                return
        searched(self, found)
        drop_needless_causes(self)
        if not self.fix.found:
            self.causes += in_vain
            never_well(self, found)
            without_a_name(self, found)
        unknown(self, found)

    def _left_out(self, found: Found) -> tuple[Found, list[Cause]]:
        """Leave out what broke the row; return what it does then, and the causes left out in vain.

        A release that was left out and no check passes for is not kept so, nor blamed while another
        explanation may be found: the failure read otherwise without it, which may be for its age.
        """
        planner, constraints, known = self.planner, self.constraints, len(self.causes)
        better = bounded(self, with_undeclared(self, found))
        if {*self.failing(found)} - {*self.failing(better)} or not self.causes[known:]:
            return better, []
        self.planner, self.constraints = planner, constraints
        in_vain = [item.model_copy(update={"confirmed": False}) for item in self.causes[known:]]
        self.causes = self.causes[:known]
        return found, in_vain
