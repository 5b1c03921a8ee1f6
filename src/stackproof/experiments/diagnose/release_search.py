"""Find the release that breaks a row: one distribution at other releases, all else as it is.

A row is asked as of one moment, so what it installs can be had, which is not so of a day long past.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Protocol

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from stackproof.base.text import first_of
from stackproof.base.times import timestamp
from stackproof.base.versions import requirement, satisfies
from stackproof.evidence.records import Freeze
from stackproof.experiments.culprit import Culprit
from stackproof.experiments.delta_debugging import reduce_likeliest_first
from stackproof.experiments.diagnose.outcomes import (
    BEST_FIRST,
    Outcome,
    Question,
    is_conflict_apart,
    outcome,
    passes,
    question_of,
    tells_nothing,
)
from stackproof.experiments.diagnose.series import end_of_series_before, next_place
from stackproof.experiments.diagnose.suspects import Suspect
from stackproof.experiments.found import Found
from stackproof.experiments.planner import Planner
from stackproof.experiments.prober import Prober
from stackproof.index.history import Releases

__all__ = ["Amend", "ReleaseSearch", "Turn"]


class Amend(Protocol):
    """Adds to a row what a fix would write."""

    def __call__(self, *, lines: Sequence[str], constraints: Sequence[str]) -> Planner:
        """Return the planner of the row with requirement lines, and build constraints, added."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A release with which checks fail that do not so with the one before: two builds show it.

    `checks` are those of the failing ones that turn. They pass with the release before, or where
    `passes` is False, fail for another reason: the fault was in front of another one.
    """

    culprit: Culprit
    checks: tuple[str, ...]
    passes: bool
    good: Found
    bad: Found


@dataclass(frozen=True, kw_only=True)
class ReleaseSearch:
    """Searches releases of one suspect after the other, for a row as of a moment.

    `born` is when the row's youngest pin was uploaded: each suspect is first taken at its release
    of that day. `pins` maps the row's pins to what is asked of them, but for those that are `fixed`
    at a version, and are not to move. What was asked `in_vain` is
    not asked again, as long as the checks fail in the same words.
    """

    amend: Amend
    pins: Mapping[str, str]
    fixed: Collection[str]
    moment: datetime
    prober: Prober
    releases: Releases
    born: datetime | None
    in_vain: set[Question] = field(default_factory=set)

    def turns(
        self, found: Found, failing: Sequence[str], suspects: Sequence[Suspect]
    ) -> list[Turn]:
        """Return the first suspect's release that turns a check; none if none does.

        One with which the check passes comes before one with which it fails otherwise, and of these
        only what the failure says itself counts: anything breaks something, if it is old enough.
        Of complaints of `pip check` each has its own: none follows from another.
        """
        others, turns = list[_Hunt](), list[Turn]()
        for suspect in suspects:
            asked = suspect.checks or tuple(failing)
            if turns and not is_conflict_apart(asked, [check for t in turns for check in t.checks]):
                continue
            question = question_of(suspect, asked, found)
            if question in self.in_vain:
                continue
            hunt = _Hunt(search=self, suspect=suspect, found=found, failing=asked)
            begins = hunt.begin()
            if begins == "passes" and (turn := hunt.narrow()):
                turns.append(turn)
            elif begins == "fails otherwise" and suspect.said:
                others.append(hunt)
            elif begins is not None:
                self.in_vain.add(question)
        return turns or list(islice(filter(None, (hunt.narrow() for hunt in others)), 1))

    def among(
        self, found: Found, failing: Sequence[str], of_birth: Mapping[str, str]
    ) -> list[Suspect]:
        """Return what makes a check pass at its release of the row's birth, if anything does.

        `of_birth` are versions that went together then, the likeliest first. All that can be
        installed without a build are asked at once, then ever fewer of them. What moves along with
        the last ones comes last.
        """
        old = {
            name: version
            for name, version in of_birth.items()
            if name in found.freeze
            and not satisfies(found.freeze[name], version)
            and self.releases.has_wheel_of(name, version)
        }

        first = self.ask(old, failing) if old else found
        turned = [check for check in failing if passes(first, check)]

        def any_passes(names: Sequence[str]) -> bool:
            asked = self.ask({name: old[name] for name in names}, turned)
            return any(passes(asked, check) for check in turned)

        needed = reduce_likeliest_first(list(old), any_passes) if turned else None
        if needed is None:
            return []
        build = self.ask({name: old[name] for name in needed}, turned)
        moved = [name for name in build.differs_from(found) if name in old and name not in needed]
        return [Suspect(name=name, version=found.freeze[name]) for name in (*needed, *moved)]

    def ask(
        self, versions: Mapping[str, str], failing: Sequence[str], *, builds: bool = False
    ) -> Found:
        """Ask the row with some distributions, or build dependencies, at other versions."""
        lines = [requirement(*item) for item in versions.items()]
        planner = self.amend(lines=() if builds else lines, constraints=lines if builds else ())
        named = [f"{name} {version}" for name, version in versions.items()]
        what = f"as of {timestamp(self.moment)} with {first_of(named)}"
        return self.prober.ask(partial(planner.at, self.moment), failing, what)

    def candidates(self, suspect: Suspect, freeze: Freeze) -> list[Version]:
        """Return the releases below what is installed that may stand in its place, in order.

        A wheel of them can be installed, so that nothing of old has to be built. They are in the
        range of whatever requires them.
        """
        asked = "" if suspect.builds else self._asked(suspect.name, freeze)
        installed = Version(suspect.version)
        found = self.releases.offered(suspect.name, asked, self.moment)
        return sorted(
            item.version
            for item in found
            if item.version < installed and self.releases.has_wheel(item)
        )

    def next_after(self, name: str, version: Version, refused: Collection[Version]) -> str | None:
        """Return the next release of a distribution that can be installed, wanted or not."""
        # Not by a specifier: `>1.0` has no 1.0.post1 (PEP 440).
        found = self.releases.offered(name, "", self.moment)
        later = (it for it in found[::-1] if it.version > version and it.version not in refused)
        return next((str(it.version) for it in later if self.releases.has_wheel(it)), None)

    def _asked(self, name: str, freeze: Freeze) -> str:
        """Return the range in which all that is installed wants a distribution."""
        self.releases.fetch_metadata(freeze)
        asked = SpecifierSet(self.pins.get(name, ""))
        for other, version in freeze.items():
            for required, wanted in self.releases.requires(other, version):
                asked &= wanted.specifier if required == name else SpecifierSet()
        return str(asked)

    def of_birth(self, name: str, versions: Sequence[Version]) -> int:
        """Return the place of the newest of some releases that was there when the row was born."""
        there = [
            place
            for place, version in enumerate(versions)
            if self.born is not None
            and (uploaded := self.releases.uploaded(name, str(version))) is not None
            and uploaded <= self.born
        ]
        return there[-1] if there else 0


@dataclass(kw_only=True)
class _Hunt:
    """One suspect, at one release after the other; `check` is the one that turned first."""

    search: ReleaseSearch
    suspect: Suspect
    found: Found
    failing: tuple[str, ...]
    check: str = ""
    _versions: list[Version] = field(default_factory=list)
    _known: dict[int, Found] = field(default_factory=dict)
    _low: int = 0

    def begin(self) -> Outcome | None:
        """Ask the row with the suspect's release of the row's birth; None where it tells nothing.

        Of a row that never worked, the series before that is asked too: it may have, with that.
        """
        self._versions = self.search.candidates(self.suspect, self.found.freeze)
        if not self._versions:
            return None
        birth = self.search.of_birth(self.suspect.name, self._versions)
        begins = self._from(birth)
        earlier = end_of_series_before(self._versions, birth)
        if begins != "fails" or earlier is None:
            return begins
        return self._from(earlier)

    def _from(self, place: int) -> Outcome | None:
        """Ask a release, or a later one if it cannot be installed, and begin there."""
        last = len(self._versions)
        while place < last:
            found = self._at(place)
            if not self._is_in_the_way(found, self.failing):
                self._low = place
                return self._best(found)
            place += max((last - place) // 2, 1)
        return None

    def narrow(self) -> Turn | None:
        """Return the two releases next to each other between which the check turns.

        None if it is not this release alone, but what it takes along.
        """
        wanted = self._fares(self._known[self._low])
        low, high, untold = self._low, len(self._versions), set[int]()
        while (place := next_place(self._versions, low, high, untold)) is not None:
            found = self._at(place)
            if self._is_in_the_way(found, [self.check]):
                untold.add(place)
                continue
            fares = self._fares(found)
            if fares == "passes":
                wanted = fares  # the release to begin with was too old to pass
            low, high = (place, high) if fares == wanted else (low, place)
        return self._turn(low, high, wanted)

    def _fares(self, found: Found) -> Outcome:
        return outcome(found, self.found, self.check)

    def _turn(self, low: int, high: int, wanted: Outcome) -> Turn | None:
        good = self._known[low]
        bad = self._known.get(high, self.found)
        if not self._alone(good, bad, high, wanted):
            return None
        at = str(self._versions[high]) if high < len(self._versions) else self.suspect.version
        uploaded = self.search.releases.uploaded(self.suspect.name, at)
        refused = [self._versions[place] for place, it in self._known.items() if it.refusal]
        beyond = self.search.next_after(self.suspect.name, self._versions[low], refused)
        return Turn(
            culprit=Culprit(
                name=self.suspect.name,
                before=str(self._versions[low]),
                after=at,
                uploaded=timestamp(uploaded) if uploaded else None,
                builds=self.suspect.builds,
                below=beyond if beyond != at and not self.suspect.builds else None,
            ),
            checks=tuple(c for c in self.failing if outcome(good, self.found, c) == wanted),
            passes=wanted == "passes",
            good=good,
            bad=bad,
        )

    def _is_in_the_way(self, found: Found, checks: Sequence[str]) -> bool:
        return tells_nothing(found, checks, self.found, self.search.fixed)

    def _alone(self, good: Found, bad: Found, high: int, wanted: Outcome) -> bool:
        """Tell whether the check still fails with all else of the good side: it is this release.

        Where no such set can be installed beside the pins, what else moves had to, for its sake.
        """
        if self.suspect.builds or good.refusal or bad.refusal:
            return True
        own = self.suspect.name
        others = {
            name: version
            for name in good.differs_from(bad)
            if name != own and (version := good.freeze.get(name)) is not None
        }
        if not others:
            return True
        at = str(self._versions[high]) if high < len(self._versions) else self.suspect.version
        found = self.search.ask({own: at, **others}, self.failing)
        if found.refusal is not None or self._is_in_the_way(found, [self.check]):
            return True
        return outcome(found, self.found, self.check) != wanted

    def _at(self, place: int) -> Found:
        if place not in self._known:
            versions = {self.suspect.name: str(self._versions[place])}
            builds = bool(self.suspect.builds)
            self._known[place] = self.search.ask(versions, self.failing, builds=builds)
        return self._known[place]

    def _best(self, found: Found) -> Outcome:
        """Return the best outcome of the failing checks, and keep which one that is of."""
        outcomes = {check: outcome(found, self.found, check) for check in self.failing}
        for wanted in BEST_FIRST:
            for check, seen in outcomes.items():
                if seen == wanted:
                    self.check = check
                    return wanted
        return "fails"
