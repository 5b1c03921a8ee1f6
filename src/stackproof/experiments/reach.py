"""Which checks of a row an upgrade can reach, by what they loaded when the row itself was run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from stackproof.base.records import Record
from stackproof.base.text import first_of
from stackproof.evidence.folder import Evidence
from stackproof.evidence.loaded import InstalledNames, LoadedFile
from stackproof.evidence.records import Freeze
from stackproof.evidence.verdict import Check, Verdict, judge
from stackproof.matrix.checks import CheckId

__all__ = ["Disagreement", "Reach", "TrialReach"]


class Disagreement(Record):
    """A check that answers otherwise though the record said that nothing could reach it.

    `missed` is what it loads now of that which moved, and did not load then.
    """

    check: str
    before: str
    now: str
    missed: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in a sentence."""
        loads = f"; it loads {first_of(list(self.missed))} now" if self.missed else ""
        return (
            f"{self.check}: {self.now}, and {self.before} before, though nothing reached it{loads}"
        )


class TrialReach(Record):
    """How many checks of a row a trial reached, and which of the others answer otherwise."""

    asked: int
    left_out: int
    disagreements: tuple[Disagreement, ...]


@dataclass(frozen=True)
class Reach:
    """What the checks of a row's own run, the `baseline`, can be reached by."""

    baseline: Evidence

    @cached_property
    def verdict(self) -> Verdict:
        """The verdict on the baseline."""
        return judge(self.baseline)

    @cached_property
    def _loaded(self) -> LoadedFile | None:
        return self.baseline.loaded

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The checks of the baseline that the suite answered.

        What imports all is reached by whatever is imported, and is asked with the rest.
        """
        return tuple(
            check.id
            for check in self.verdict.checks
            if CheckId.parse(check.id).answered_by == "suite"
            and check.outcome != "skipped"
            and check.id != CheckId("import")
        )

    def reached(self, freeze: Freeze, names: InstalledNames) -> Sequence[str]:
        """Return the checks that may answer otherwise where `freeze` is installed, and the build's.

        None where nobody heard what the baseline loaded, and where all may.
        """
        found = self._within(freeze, names)
        if found is None or len(found) == len(self.asked):
            return ()
        build = (
            check.id
            for check in self.verdict.checks
            if CheckId.parse(check.id).answered_by == "build"
        )
        return (*build, *found)

    def left_out(self, freeze: Freeze, names: InstalledNames) -> tuple[str, ...]:
        """Return the checks that nothing reaches."""
        found = self._within(freeze, names)
        return () if found is None else tuple(item for item in self.asked if item not in found)

    def unreached(self, freeze: Freeze, names: InstalledNames) -> dict[str, Check]:
        """Return what the checks that nothing reaches answered."""
        left_out = set(self.left_out(freeze, names))
        return {check.id: check for check in self.verdict.checks if check.id in left_out}

    def judged(self, trial: Evidence, verdict: Verdict) -> TrialReach | None:
        """Return what the whole run of a trial says of what nothing reached; None if not known."""
        loaded = trial.loaded
        if loaded is None or self._loaded is None:
            return None
        left_out = self.left_out(trial.freeze, loaded.installed)
        return TrialReach(
            asked=len(self.asked) - len(left_out),
            left_out=len(left_out),
            disagreements=tuple(self._disagreements(trial, loaded, verdict, left_out)),
        )

    def _disagreements(
        self, trial: Evidence, loaded: LoadedFile, verdict: Verdict, left_out: Collection[str]
    ) -> Iterator[Disagreement]:
        freeze = trial.freeze
        before = {check.id: check.outcome for check in self.verdict.checks}
        moved = {name for name in freeze if self.baseline.freeze.get(name) != freeze[name]}
        for check in verdict.checks:
            if check.id in left_out and check.outcome != before[check.id]:
                loads = loaded.checks.get(check.id)
                missed = moved.intersection(loads.distributions) if loads else ()
                yield Disagreement(
                    check=check.id,
                    before=before[check.id],
                    now=check.outcome,
                    missed=tuple(sorted(missed)),
                )

    def _within(self, freeze: Freeze, names: InstalledNames) -> Sequence[str] | None:
        if self._loaded is None:
            return None
        before = self.baseline.freeze
        heard = [item for item in self.asked if CheckId.parse(item).kind != "version"]
        found = set(self._loaded.reached(before, freeze, names, heard))
        # A version is read of what imports, and of what is installed.
        return [
            item
            for item in self.asked
            if item in found
            or (
                (asked := CheckId.parse(item)).kind == "version"
                and (
                    CheckId("import", asked.subject) in found
                    or before.get(asked.subject) != freeze.get(asked.subject)
                )
            )
        ]
