"""What is known of one build: what it holds, and what was answered there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path

from packaging.utils import canonicalize_name

from stackproof.evidence.folder import Evidence
from stackproof.evidence.loaded import InstalledNames, LoadedFile
from stackproof.evidence.overwritten import Overwritten
from stackproof.evidence.records import Built, Freeze, StageRecord
from stackproof.evidence.reports import InRun
from stackproof.evidence.verdict import Check, Verdict
from stackproof.experiments.reach import Reach
from stackproof.installers.failures import cause
from stackproof.matrix.checks import ALL, CheckId
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["Found"]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is known of one build: what it holds, and the checks that were asked of it.

    `as_of` is the cut-off that it was planned with, None where there was none.
    `held` maps every distribution to the versions that it had after one stage or another, in order.
    `built` is what was built from source, with its build dependencies, also where that failed.
    `refusal` is what the installer said of a stage that could not be installed, or None;
    `complaints` names the distributions that `pip check` complained of. `whole` says whether every
    check of the row was asked; `unsteady` are checks that answered both ways for these very
    distributions.
    """

    as_of: datetime | None
    freeze: Freeze
    held: Mapping[str, tuple[str, ...]]
    built: tuple[Built, ...]
    refusal: str | None
    complaints: AbstractSet[str]
    overwritten: Overwritten | None
    checks: Mapping[str, Check]
    whole: bool
    evidence: tuple[Path, ...]
    unsteady: AbstractSet[str] = frozenset()

    @classmethod
    def of(cls, evidence: Evidence, verdict: Verdict) -> Found:
        """Return what a run that was judged found."""
        plan, stages = evidence.plan, evidence.stages
        refused = next((stage for stage in stages if stage.failure), None)
        complained = evidence.pip_check
        return cls(
            as_of=plan.as_of,
            freeze=evidence.freeze,
            held=_held(stages),
            built=evidence.built,
            refusal=None if refused is None else refused.message,
            complaints=frozenset(complained.complaints) if complained else frozenset(),
            overwritten=evidence.overwritten,
            checks={check.id: check for check in verdict.checks},
            whole=not plan.only,
            evidence=(evidence.folder,),
        )

    @property
    def failed(self) -> tuple[str, ...]:
        """The checks that failed, whatever follows from that."""
        return tuple(item.id for item in self.checks.values() if item.outcome == "failed")

    @cached_property
    def modules(self) -> Mapping[str, str]:
        """The distribution of each top-level module, both spelt as distributions are.

        One that several have something in is of none of them.
        """
        files = chain.from_iterable(map(_top_modules, self.evidence))
        owners: dict[str, set[str]] = defaultdict(set)
        for module, name in chain(files, _imported_modules(self.checks.values())):
            owners[str(canonicalize_name(module))].add(name)
        return {module: next(iter(names)) for module, names in owners.items() if len(names) == 1}

    def said(self, check: str) -> str:
        """Return what a check said, "" where it was not asked."""
        known = self.checks.get(check)
        return known.message if known is not None else ""

    def passes(self, check: str) -> bool | None:
        """Return whether a check passes, or None where it could not be asked, or luck answers.

        What cannot be installed has no answer but for the stage that failed. Every build answers
        for its stages, for `pip check`, and for files that distributions wrote over each other.
        Raises KeyError for a check that was not asked yet.
        """
        known = self.checks.get(check)
        if known is not None and self.luck(check):
            return None
        if known is not None:
            return None if known.outcome == "skipped" else known.outcome == "passed"
        if self.refusal is not None:
            return None
        asked = CheckId.parse(check)
        if asked.kind in ("stage", "build"):
            return True
        if asked.kind == "pip-check":
            subject = asked.subject
            return not self.complaints if subject == ALL else subject not in self.complaints
        if asked.kind == "overwrite" and self.overwritten is not None:
            return asked.subject not in self.overwritten.subjects
        raise KeyError(check)

    def luck(self, check: str) -> Reason | None:
        """Say why nothing follows from the answer to a check, or return None where it counts."""
        if check in self.unsteady:
            return reason("both-ways")
        if self.overwritten is not None and self.overwritten.obscures(check):
            return self.overwritten.about(self.freeze).then(reason("loads-by-luck"))
        return None

    def why_not(self, check: str) -> str:
        """Say in one line what stood in the way of a check, "" where it passes."""
        known = self.checks.get(check)
        if luck := self.luck(check):
            return in_words(luck)
        if known is not None and known.outcome == "passed":
            return ""
        if self.refusal is not None:
            return in_words(cause(self.refusal))
        said = known.message if known is not None else ""
        return next(iter(said.splitlines()), "")

    @cached_property
    def building(self) -> Mapping[str, tuple[str, ...]]:
        """The versions of each build dependency that something was built with, in order."""
        pairs = sorted({pair for item in self.built for pair in item.requires.items()})
        names = dict.fromkeys(name for name, _ in pairs)
        return {name: tuple(at for other, at in pairs if other == name) for name in names}

    def built_with(self, name: str) -> tuple[str, ...]:
        """Return the distributions that were built with a build dependency."""
        return tuple(dict.fromkeys(item.name for item in self.built if name in item.requires))

    def versions(self, name: str) -> tuple[str, ...]:
        """Return the versions of a distribution that were installed, or built with."""
        return (*self.held.get(name, ()), *self.building.get(name, ()))

    def differs_from(self, other: Found) -> list[str]:
        """Return the distributions that did not have the same versions in another build.

        That may be as a build dependency, if the same distributions were built in both.
        """
        names = self.held.keys() | other.held.keys()
        found = {name for name in names if self.held.get(name) != other.held.get(name)}
        return sorted(found | self._built_otherwise(other))

    def _built_otherwise(self, other: Found) -> set[str]:
        """Return the build dependencies of which another build had other versions."""
        theirs = {item.name: item.requires for item in other.built}
        both = [(item.requires, theirs[item.name]) for item in self.built if item.name in theirs]
        return {
            name
            for left, right in both
            for name in left.keys() | right.keys()
            if left.get(name) != right.get(name)
        }

    def version(self, name: str, other: Found) -> str | None:
        """Return the last version of a distribution that it did not have in another build.

        Where there is none, it is the version that it has, or None if it has none.
        """
        for own, theirs in ((self.held, other.held), (self.building, other.building)):
            new = [at for at in own.get(name, ()) if at not in theirs.get(name, ())]
            if new:
                return new[-1]
        return self.freeze.get(name) or next(iter(self.building.get(name, ())), None)

    def answers(self, check: str) -> bool:
        """Tell whether `passes` has an answer to a check."""
        try:
            self.passes(check)
        except KeyError:
            return False
        return True

    def unreached(self, freeze: Freeze, names: InstalledNames) -> dict[str, Check]:
        """Return what checks answered here that nothing reaches where `freeze` is installed.

        `names` are those of what is installed then. What answered both ways answers nothing.
        """
        found: dict[str, Check] = {}
        for folder in reversed(self.evidence):
            found |= _reach(folder).unreached(freeze, names)
        return {check: found[check] for check in found if check not in self.unsteady}

    def with_unreached(self, like: Found) -> Found:
        """Return it with what it was not asked, and could not answer otherwise than `like`.

        The evidence of that is the other's.
        """
        loaded = [Evidence(folder).loaded for folder in self.evidence]
        names = next((file.installed for file in loaded if file is not None), None)
        if names is None:
            return self
        unreached = like.unreached(self.freeze, names)
        return replace(
            self,
            checks={**unreached, **self.checks},
            evidence=(*self.evidence, *(one for one in like.evidence if one not in self.evidence)),
        )

    def and_also(self, other: Found) -> Found:
        """Return what both know together; `self` is the newer."""
        return replace(
            self,
            # A run that answers for a build stands before it, and may be of another time.
            as_of=other.as_of,
            checks={**other.checks, **self.checks},
            whole=self.whole or other.whole,
            evidence=(*self.evidence, *other.evidence),
            unsteady=self.unsteady | other.unsteady | set(_contradicted(self, other)),
        )


@lru_cache(maxsize=64)
def _reach(folder: Path) -> Reach:
    """Return what can reach the checks of a run, which takes long to read and never changes."""
    return Reach(Evidence(folder))


def _contradicted(one: Found, other: Found) -> Iterator[str]:
    """Yield the checks that passed in one build and failed in another of the same distributions.

    What was built from source may differ between two builds, and then so may an answer.
    """
    if one.held == other.held and one.built == other.built == ():
        for check in one.checks.keys() & other.checks.keys():
            if {one.checks[check].outcome, other.checks[check].outcome} == {"passed", "failed"}:
                yield check


def _held(stages: Sequence[StageRecord]) -> dict[str, tuple[str, ...]]:
    """Return the versions that each distribution had, by what the stages changed."""
    held: dict[str, tuple[str, ...]] = {}
    for stage in stages:
        drift = stage.drift
        for changes in (drift.added, drift.upgraded, drift.downgraded):
            for name, (_, version) in changes.items():
                held[name] = (*held.get(name, ()), version or "")
    return held


def _top_modules(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the top-level modules of each distribution, as a run that listened found them."""
    loaded = LoadedFile.load_or_none(folder / InRun.LOADED)
    yield from loaded.installed.by_module() if loaded else ()


def _imported_modules(checks: Iterable[Check]) -> Iterator[tuple[str, str]]:
    """Yield the top-level modules that import checks name, each with its distribution."""
    for check in checks:
        asked = CheckId.parse(check.id)
        if asked.kind == "import" and asked.subject != ALL:
            for module in check.modules or ():
                yield module.partition(".")[0], str(canonicalize_name(asked.subject))
