"""Compare a trial with its baseline, check by check. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from stackproof.base.records import Record
from stackproof.base.versions import satisfies
from stackproof.evidence.records import Freeze, Move, drift_between
from stackproof.evidence.verdict import Verdict
from stackproof.matrix.checks import CheckId
from stackproof.matrix.planned import Change

__all__ = ["Comparison", "compare", "moved", "unheld", "versions_asked"]


class Comparison(Record):
    """Check ids by what became of them; a skip on either side makes a check not comparable.

    `lost` holds those of the not comparable ones that passed before and did not run now.
    """

    regressions: tuple[str, ...]
    fixed: tuple[str, ...]
    still_failing: tuple[str, ...]
    still_passing: tuple[str, ...]
    not_comparable: tuple[str, ...]
    lost: tuple[str, ...]


_FATES = {
    ("passed", "failed"): "regressions",
    ("failed", "passed"): "fixed",
    ("failed", "failed"): "still_failing",
    ("passed", "passed"): "still_passing",
}


def compare(
    baseline: Verdict, trial: Verdict, *, lucky: Collection[str] = (), gone: Collection[str] = ()
) -> Comparison:
    """Put every check of either run in exactly one list, each in the order of the trial's report.

    Of `lucky` ones nothing follows from either answer, so they are not comparable. Nor are those
    that are `gone` with pins that the row goes without as the trial has it, and these are not lost.

    One that failed as the matrix records, and fails otherwise now, is a regression too. A complaint
    of `pip check` is a check only where there is one: where `pip check` ran on the other side and
    did not complain, it passed there.
    """
    before = {check.id: check.outcome for check in baseline.checks}
    after = {check.id: check.outcome for check in trial.checks}
    known = {check.id for check in baseline.checks if check.state == "known"}
    otherwise = {check.id for check in trial.checks if check.state == "new" and check.id in known}
    lists: dict[str, list[str]] = {name: [] for name in Comparison.model_fields}
    for check in [*after, *(name for name in before if name not in after)]:
        fates = {} if check in lucky or check in gone else _FATES
        changed = (_outcome(check, before), _outcome(check, after))
        fate = fates.get(changed, "not_comparable")
        lists["regressions" if check in otherwise and check not in lucky else fate].append(check)
        if changed == ("passed", "skipped") and check not in gone:
            lists["lost"].append(check)
    return Comparison.model_validate(lists)


def _outcome(check: str, outcomes: Mapping[str, str]) -> str:
    unasked = "skipped"
    by_complaint = CheckId.parse(check).kind in ("pip-check", "overwrite", "build")
    if by_complaint and outcomes.get(CheckId("pip-check")) in (
        "passed",
        "failed",
    ):
        unasked = "passed"
    return outcomes.get(check, unasked)


def moved(
    before: Freeze, after: Freeze, asked: Collection[str], *, built: bool = True
) -> dict[str, Move]:
    """Return what a trial changed beside what was asked for: (before, after), None for absent.

    Of one that was not `built` to its end nothing is absent: its stage may not have had its turn.
    """
    drift = drift_between(before, after)
    every = {**drift.added, **drift.moved}
    names = (name for name in sorted(every) if name not in asked)
    return {name: every[name] for name in names if built or every[name][1] is not None}


def versions_asked(requested: Sequence[Change]) -> dict[str, str]:
    """Return the version of each distribution that was asked for."""
    return {change.name: change.version for change in requested if not change.is_python}


def unheld(asked: Mapping[str, str], freeze: Freeze) -> dict[str, str | None]:
    """Return what was asked for and is not there, mapped to the version in its place."""
    found = {name: freeze.get(name) for name in asked}
    return {
        name: version
        for name, version in found.items()
        if version is None or not satisfies(version, asked[name])
    }
