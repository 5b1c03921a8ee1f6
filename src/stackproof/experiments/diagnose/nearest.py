"""The nearest other release of a pin with which checks pass, by few builds.

Among releases that follow each other a fault is taken to be mended once: the newest release of each
minor version is asked first, the nearest of them before all, and then those in between by halves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from packaging.version import Version

from stackproof.base.versions import is_version, satisfies
from stackproof.experiments.diagnose.inquiry import Inquiry
from stackproof.experiments.found import Found
from stackproof.experiments.planner import Planner
from stackproof.installers.resolver import Refused

__all__ = ["Nearest"]

_TRIALS = 6
#: So many checks take no longer than the build that they are asked of.
_FEW = 12


@dataclass(kw_only=True)
class Nearest:
    """Changes a pin of a row so that `checks` pass, and all else but what is `excused`.

    With `wheels`, nothing is tried that would have to be built from source. `trials` is how many
    builds may fail before one passes.
    """

    inquiry: Inquiry
    planner: Planner
    checks: Sequence[str]
    wheels: bool = False
    trials: float = _TRIALS

    def later(self, pin: str, held: str, likely: Sequence[str] = ()) -> str | None:
        """Return the nearest release after the one that is held with which every check passes.

        Those that are `likely` are asked first. None if there is none, or too many fail.
        """
        return self._nearest(pin, self.sides(pin, held)[0], likely)

    def earlier(self, pin: str, held: str) -> str | None:
        """Return the nearest such release before the one that is held."""
        return self._nearest(pin, self.sides(pin, held)[1])

    def sides(self, pin: str, held: str) -> tuple[list[str], list[str]]:
        """Return the releases after and before what is held, a version or a range, nearest first.

        Those that a pin's own range admits, and were not chosen, are no change of it.
        """
        releases, moment = self.inquiry.releases, self.inquiry.moment
        asked = self.planner.at(moment).asked.get(pin, "")
        if not is_version(held):
            admitted = releases.offered(pin, held, moment)
            held = str(admitted[0].version) if admitted else "0"
        offered = releases.offered(pin, "", moment)
        with_wheel = [item for item in offered if not self.wheels or releases.has_wheel(item)]
        every = [item.version for item in with_wheel or offered]
        others = [item for item in every if not (asked and satisfies(str(item), asked))]
        later = [str(item) for item in reversed(others) if item > Version(held)]
        return later, [str(item) for item in others if item < Version(held)]

    def first_resolving(self, pin: str, versions: Sequence[str]) -> int | None:
        """Return the place of the first version with which the row can be resolved."""
        return _first(versions, (), partial(self._resolves, pin))

    def passes_whole(self, pin: str, version: str) -> bool:
        """Tell whether everything passes with a version."""
        return not self.inquiry.failing(self._ask(pin, version, ()))

    def _nearest(self, pin: str, versions: Sequence[str], likely: Sequence[str] = ()) -> str | None:
        place = _first(versions, likely, partial(self._passes, pin))
        if place is None or not self.passes_whole(pin, versions[place]):
            return None
        return versions[place]

    def _passes(self, pin: str, version: str) -> bool | None:
        """Tell whether the checks pass with a version; what cannot be resolved is not built.

        None where so many have failed that it is given up.
        """
        if not self._resolves(pin, version):
            return False
        if not self.trials:
            return None
        passes = self._passes_in(self._ask(pin, version, self._at_once))
        # What lies between one that passes and one that fails is halved, which ends by itself.
        self.trials = math.inf if passes else self.trials - 1
        return passes

    def _passes_in(self, found: Found) -> bool:
        if found.refusal is not None:
            return False
        if not self._at_once:
            return not self.inquiry.failing(found)
        return all(found.answers(check) and found.passes(check) for check in self.checks)

    @property
    def _at_once(self) -> Sequence[str]:
        """What a trial asks: the failing checks, or all where that costs no more."""
        few = len(self.planner.at(self.inquiry.moment).checks) <= _FEW
        return () if few else self.checks

    def _ask(self, pin: str, version: str, checks: Sequence[str]) -> Found:
        plan = partial(self.planner.at, self.inquiry.moment, versions={pin: version})
        return self.inquiry.prober.ask(plan, checks, f"with {pin} {version} instead")

    def _resolves(self, pin: str, version: str) -> bool:
        answer = self.inquiry.resolved(self.planner, {pin: version})
        return not isinstance(answer, Refused)


def _first(
    versions: Sequence[str], likely: Sequence[str], passes: Callable[[str], bool | None]
) -> int | None:
    """Return the place of the first version that passes; None too where it is given up."""
    low, high = -1, None
    for place in _places(versions, likely):
        if place <= low:
            continue
        answer = passes(versions[place])
        if answer is None:
            return None
        if answer:
            high = place
            break
        low = place
    while high is not None and high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(versions[middle]) else (middle, high)
    return high


def _places(versions: Sequence[str], likely: Sequence[str]) -> Iterator[int]:
    """Yield the places of what is likely, then of the newest of each minor version, ever wider."""
    yield from (versions.index(version) for version in likely if version in versions)
    newest: dict[tuple[int, int, int], int] = {}
    for place, version in enumerate(map(Version, versions)):
        minor = version.epoch, version.major, version.minor
        if minor not in newest or version > Version(versions[newest[minor]]):
            newest[minor] = place
    ends = list(newest.values())
    step, place = 1, 0
    while place < len(ends):
        yield ends[place]
        place, step = place + step, step * 2 if place else 1
