"""Decide which trials a request takes: each upgrade alone, all together, and with companions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from packaging.version import Version

from stackproof.base.text import nearest
from stackproof.base.times import timestamp
from stackproof.errors import StackproofError
from stackproof.experiments.candidate.group_resolution import Baseline, Companion
from stackproof.index.choice import Release, choose
from stackproof.index.request import Request
from stackproof.matrix.planned import Change

__all__ = ["Trial", "TrialPlan", "make_trial_plan"]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial: versions asked for by pin, and the companions that move with them."""

    asked: Mapping[str, str]
    companions: tuple[Companion, ...] = ()

    @property
    def versions(self) -> dict[str, str]:
        """Every pin that the trial replaces, and its version."""
        return {**self.asked, **{item.name: item.version for item in self.companions}}


@dataclass(frozen=True, kw_only=True)
class TrialPlan:
    """The trials to make, in order, at a common cut-off; `notes` say what was decided and why.

    Every trial adds what `extra` names. The cut-off is `moved` where the row's own would hide what
    is tried.
    """

    trials: tuple[Trial, ...]
    extra: tuple[Change, ...]
    as_of: datetime | None
    moved: bool
    notes: tuple[str, ...]


def make_trial_plan(
    requests: Sequence[Request], baseline: Baseline, extra: Sequence[Request] = ()
) -> TrialPlan:
    """Resolve requests to releases and arrange their trials; `extra` is added to each.

    Of several upgrades each is tried alone, then all together: a group hides its guilty member.
    Raises StackproofError for a request that names no pin, no release, or one distribution twice.
    """
    _require_distinct([*requests, *extra])
    chosen = {item.name: _pinned(item, baseline) for item in requests}
    added = {item.name: _unpinned(item, baseline) for item in extra}
    late = [name for name, item in (chosen | added).items() if _is_late(name, item, baseline)]
    subsets = [[name] for name in chosen]
    if len(chosen) > 1:
        subsets.append(list(chosen))
    notes: list[str] = []
    trials: list[Trial] = []
    for subset in subsets or [[]]:
        versions = {name: chosen[name].version for name in subset}
        trial = Trial(asked={name: str(version) for name, version in versions.items()})
        trials.append(trial)
        found = (replace(baseline, as_of=None) if late else baseline).companions(versions)
        if found:
            notes += [_companion_note(subset, found)]
            trials.append(Trial(asked=trial.asked, companions=tuple(found)))
    moving = {item for trial in trials for item in trial.companions}
    everything = chosen | added | {item.name: _release(item, baseline) for item in moving}
    cut_off, why_moved = _cut_off(everything, baseline)
    return TrialPlan(
        trials=tuple(trials),
        extra=tuple(Change(name, str(release.version)) for name, release in added.items()),
        as_of=cut_off,
        moved=bool(why_moved),
        notes=(*why_moved, *notes),
    )


def _require_distinct(requests: Sequence[Request]) -> None:
    names = [request.name for request in requests]
    for name in names:
        if names.count(name) > 1:
            raise StackproofError(f"{name} was asked for twice; name it once")


def _pinned(request: Request, baseline: Baseline) -> Release:
    marker = baseline.left_out.get(request.name)
    if marker is not None:
        raise StackproofError(
            f"the row leaves its pin {request.name!r} out: its marker {marker} does not hold"
        )
    if request.name not in baseline.pins:
        raise StackproofError(
            f"the row has no pin {request.name!r}; {nearest(request.name, baseline.pins)} "
            "(a distribution that is no pin is added by --with name==version)"
        )
    return _choose(request, baseline)


def _unpinned(request: Request, baseline: Baseline) -> Release:
    if request.name in baseline.pins:
        raise StackproofError(
            f"{request.name} is a pin of the row; ask for {request} without --with"
        )
    return _choose(request, baseline)


def _choose(request: Request, baseline: Baseline) -> Release:
    """Return the release that is meant; what the row's own cut-off hides counts too."""
    as_of = baseline.as_of if baseline.fixed else None
    found = choose(request, baseline.catalogue, list(baseline.pins), as_of)
    if baseline.fixed and _is_late(request.name, found, baseline):
        raise StackproofError(
            f"{request.name} {found.version} came on {found.uploaded:%Y-%m-%d}, after the cut-off "
            "that --as-of names; leave one of the two out"
        )
    return found


def _release(companion: Companion, baseline: Baseline) -> Release:
    version = Version(companion.version)
    releases = baseline.catalogue.releases(companion.name)
    return next(item for item in releases if item.version == version)


def _is_late(name: str, release: Release, baseline: Baseline) -> bool:
    cut_off = baseline.cut_off_of(name)
    if cut_off is None or release.uploaded is None:
        return False
    return release.uploaded >= cut_off


def _cut_off(
    chosen: Mapping[str, Release], baseline: Baseline
) -> tuple[datetime | None, list[str]]:
    """Move a cut-off behind what is tried, or no trial of a new release could be made.

    Behind its last file: the wheel for this machine need not be the first.
    """
    late = {name: item.completed for name, item in chosen.items() if _is_late(name, item, baseline)}
    if not late:
        return baseline.as_of, []
    moved = max(filter(None, late.values())).replace(microsecond=0) + timedelta(seconds=1)
    note = (
        f"{', '.join(sorted(late))} came after the row's cut-off, so baseline and trial are built "
        f"as of {timestamp(moved)}"
    )
    return moved, [note]


def _companion_note(subset: Sequence[str], found: Sequence[Companion]) -> str:
    reasons = "; ".join(item.because for item in found)
    return f"{', '.join(subset)} moves together with {', '.join(i.name for i in found)}: {reasons}"
