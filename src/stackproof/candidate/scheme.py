"""Decide which trials a request takes: each upgrade alone, all together, and with companions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from stackproof.candidate.choice import Catalogue, Companion, Release, choose, companions
from stackproof.candidate.request import Request
from stackproof.errors import StackproofError
from stackproof.matrix.references import nearest

__all__ = ["Scheme", "Trial", "make_scheme"]


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
class Scheme:
    """The trials to make, in order, at a common cut-off; `notes` say what was decided and why."""

    trials: tuple[Trial, ...]
    as_of: datetime | None
    notes: tuple[str, ...]


def make_scheme(
    requests: Sequence[Request],
    *,
    pins: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    catalogue: Catalogue,
    as_of: datetime | None,
) -> Scheme:
    """Resolve requests to releases and arrange their trials.

    Of several upgrades each is tried alone, then all together: a group hides its guilty member.
    Raises StackproofError for a request that names no pin, no release, or one pin twice.
    """
    chosen: dict[str, Release] = {}
    for request in requests:
        if request.name not in pins:
            raise StackproofError(
                f"the row has no pin {request.name!r}; {nearest(request.name, pins)} "
                "A distribution that is no pin is added by --with name==version."
            )
        if request.name in chosen:
            raise StackproofError(f"{request.name} was asked for twice; name it once")
        chosen[request.name] = choose(request, catalogue, pins, as_of)
    cut_off, notes = _cut_off(chosen, as_of)
    subsets = [[name] for name in chosen]
    if len(chosen) > 1:
        subsets.append(list(chosen))
    trials: list[Trial] = []
    for subset in subsets or [[]]:
        versions = {name: chosen[name].version for name in subset}
        trial = Trial(asked={name: str(version) for name, version in versions.items()})
        trials.append(trial)
        found = companions(versions, groups, catalogue, cut_off)
        if found:
            notes += [_companion_note(subset, found)]
            trials.append(Trial(asked=trial.asked, companions=tuple(found)))
    return Scheme(trials=tuple(trials), as_of=cut_off, notes=tuple(notes))


def _cut_off(
    chosen: Mapping[str, Release], as_of: datetime | None
) -> tuple[datetime | None, list[str]]:
    """Move a cut-off behind what is asked for, or no trial of a new release could be made."""
    if as_of is None:
        return None, []
    uploads = {name: item.uploaded for name, item in chosen.items() if item.uploaded is not None}
    late = {name: uploaded for name, uploaded in uploads.items() if uploaded >= as_of}
    if not late:
        return as_of, []
    moved = max(late.values()).replace(microsecond=0) + timedelta(seconds=1)
    names = ", ".join(sorted(late))
    note = f"{names} came after the row's cut-off, so baseline and trial are built as of {moved}"
    return moved, [note]


def _companion_note(subset: Sequence[str], found: Sequence[Companion]) -> str:
    reasons = "; ".join(item.because for item in found)
    return f"{', '.join(subset)} moves together with {', '.join(i.name for i in found)}: {reasons}"
