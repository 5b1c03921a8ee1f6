"""Probes: builds that ask a few checks, kept as evidence so that nothing is asked twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from stackproof.base.progress import Progress
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.overwritten import Overwritten
from stackproof.evidence.records import Built, Freeze, StageRecord
from stackproof.evidence.reports import InRun
from stackproof.evidence.verdict import Check, Verdict, judge
from stackproof.experiments.runner import Runner
from stackproof.index.constraints.published import constraints_in_use
from stackproof.installers.failures import cause
from stackproof.matrix.checks import ALL, CheckId
from stackproof.matrix.plan import Plan

__all__ = ["Found", "Prober"]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is known of one build: what it holds, and the checks that were asked of it.

    `held` maps every distribution to the versions that it had after one stage or another, in order.
    `built` is what was built from source, with its build dependencies, also where that failed.
    `refusal` is what the installer said of a stage that could not be installed, or None;
    `complaints` names the distributions that `pip check` complained of. `whole` says whether every
    check of the row was asked; `unsteady` are checks that answered both ways for these very
    distributions.
    """

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
        if asked.kind == "stage":
            return True
        if asked.kind == "pip-check":
            subject = asked.subject
            return not self.complaints if subject == ALL else subject not in self.complaints
        if asked.kind == "overwrite" and self.overwritten is not None:
            return asked.subject not in self.overwritten.subjects
        raise KeyError(check)

    def luck(self, check: str) -> str | None:
        """Say why nothing follows from the answer to a check, or return None where it counts."""
        if check in self.unsteady:
            return "answers both ways for the same set of distributions"
        if self.overwritten is not None and self.overwritten.obscures(check):
            return f"{self.overwritten.about(self.freeze)}; what it loads may differ by luck"
        return None

    def why_not(self, check: str) -> str:
        """Say in one line what stood in the way of a check, "" where it passes."""
        known = self.checks.get(check)
        if luck := self.luck(check):
            return luck
        if known is not None and known.outcome == "passed":
            return ""
        if self.refusal is not None:
            return cause(self.refusal)
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

    def and_also(self, other: Found) -> Found:
        """Return what both know together; `self` is the newer."""
        return Found(
            freeze=self.freeze,
            held=self.held,
            built=self.built,
            refusal=self.refusal,
            complaints=self.complaints,
            overwritten=self.overwritten,
            checks={**other.checks, **self.checks},
            whole=self.whole or other.whole,
            evidence=(*self.evidence, *other.evidence),
            unsteady=self.unsteady | other.unsteady | set(_contradicted(self, other)),
        )


@dataclass(kw_only=True)
class Prober:
    """Makes probes by `runner`, whose evidence goes to and is found again in `home`.

    `built` counts the environments that were made; `used` are the keys of all builds asked for.
    """

    runner: Runner
    home: Path
    progress: Progress
    built: int = 0
    used: set[str] = field(default_factory=set)
    _shelf: dict[str, Found] | None = None

    @property
    def builds(self) -> int:
        """How many environments the answers rest on: a plan may have been built more than once."""
        return sum(
            len(found.evidence) for key, found in (self._shelf or {}).items() if key in self.used
        )

    def ask(self, plan: Callable[[Sequence[str]], Plan], checks: Sequence[str], what: str) -> Found:
        """Return an answer to the checks, all of the row's where none is named.

        `plan` is given the checks to ask alone; `what` says in progress lines what is built.
        Raises CannotJudgeError if a probe could not be judged.
        """
        whole = plan(())
        key = whole.build_fingerprint
        self.used.add(key)
        known = self._known(whole).get(key)
        if known is not None and _is_enough(known, checks):
            return known
        asked = [check for check in checks if known is None or not known.answers(check)]
        narrowed = plan(asked) if asked else whole
        count = f"{len(asked)} check{'s' if len(asked) > 1 else ''}" if asked else "every check"
        self.built += 1
        with self.progress.part(f"{whole.matrix}/{whole.row}: {what}, {count}"):
            verdict, evidence = self.runner.run(narrowed, self.home)
        if not verdict.settled:
            raise CannotJudgeError(f"the probe {what}: {verdict.trouble or verdict.untold}")
        found = _found(evidence, verdict)
        self._known(whole)[key] = found.and_also(known) if known else found
        return self._known(whole)[key]

    def ask_whole(
        self, plan: Callable[[Sequence[str]], Plan], what: str, like: Evidence | None
    ) -> Found:
        """Return an answer to every check of the row.

        `like` is a run of the row at another time: where it held the same distributions, its suite
        answers for this build too, and only the build is made.
        """
        if like is None:
            return self.ask(plan, (), what)
        whole = plan(())
        found = self.ask(plan, [CheckId("stage", whole.stages[-1].name)], what)
        if found.whole or found.refusal is not None:
            return found
        if found.freeze != like.freeze:
            return self.ask(plan, (), what)
        known = self._known(whole)
        known[whole.build_fingerprint] = _found(like, judge(like)).and_also(found)
        return known[whole.build_fingerprint]

    def dates(
        self, check: str, plan: Callable[[datetime], Plan], until: datetime
    ) -> list[tuple[datetime, Found]]:
        """Return the dates as of which builds of a plan were asked a check, the newest first.

        They may be of this run or of another. What else was built, such as the trials of a search,
        is no date.
        """
        asked = [(key, found) for key, found in (self._shelf or {}).items() if found.answers(check)]
        dated = [(_as_of(found), key, found) for key, found in asked]
        found_at = {
            moment: found
            for moment, key, found in dated
            if moment <= until and plan(moment).build_fingerprint == key
        }
        return sorted(found_at.items(), reverse=True)

    def built_at(
        self, item: Built, plan: Callable[[datetime], Plan], until: datetime
    ) -> tuple[datetime, Built] | None:
        """Return the newest date as of which a release was built from source, and with what."""
        found = (
            (moment, made)
            for key, build in (self._shelf or {}).items()
            for moment in [_as_of(build)]
            for made in build.built
            if (made.name, made.version, made.failed) == (item.name, item.version, False)
            and moment <= until
            and plan(moment).build_fingerprint == key
        )
        return max(found, key=lambda pair: pair[0], default=None)

    def _known(self, plan: Plan) -> dict[str, Found]:
        if self._shelf is None:
            self._shelf = self._read(plan)
        return self._shelf

    def _read(self, plan: Plan) -> dict[str, Found]:
        """Read the probes of earlier runs with the same suite, constraint files and sources."""
        project = self.runner.project
        files = constraints_in_use(plan, snapshots=project.snapshots, environ=project.environ)
        shelf: dict[str, Found] = {}
        for evidence in Evidence.runs(self.home):
            try:
                run, verdict = evidence.run, _verdict(evidence)
                found = _found(evidence, verdict)
            except ValidationError:
                continue  # left by another version of stackproof, in a form that is no longer read
            used = {(file.name, file.sha256) for file in run.constraints}
            # What could not be judged is no answer, also where the run itself knew no trouble. Nor
            # is a run that took what was built whenever, as older releases of ours did.
            judged = verdict.settled and evidence.tells_of_builds
            same = run.suite == project.suite_fingerprint and used <= files
            if judged and same and self.runner.has_sources_of(run):
                key = evidence.plan.build_fingerprint
                shelf[key] = shelf[key].and_also(found) if key in shelf else found
        return shelf


def _contradicted(one: Found, other: Found) -> Iterator[str]:
    """Yield the checks that passed in one build and failed in another of the same distributions.

    What was built from source may differ between two builds, and then so may an answer.
    """
    if one.held == other.held and one.built == other.built == ():
        for check in one.checks.keys() & other.checks.keys():
            if {one.checks[check].outcome, other.checks[check].outcome} == {"passed", "failed"}:
                yield check


def _is_enough(known: Found, checks: Sequence[str]) -> bool:
    if known.refusal is not None:
        return True
    return all(map(known.answers, checks)) if checks else known.whole


def _verdict(evidence: Evidence) -> Verdict:
    text = (evidence.folder / InRun.VERDICT).read_bytes()
    return Verdict.model_validate_json(text)


def _found(evidence: Evidence, verdict: Verdict) -> Found:
    refused = next((stage for stage in evidence.stages if stage.failure), None)
    heard = evidence.pip_check
    return Found(
        freeze=evidence.freeze,
        held=_held(evidence.stages),
        built=evidence.built,
        refusal=None if refused is None else refused.message,
        complaints=frozenset(heard.complaints) if heard else frozenset(),
        overwritten=evidence.overwritten,
        checks={check.id: check for check in verdict.checks},
        whole=not evidence.plan.only,
        evidence=(evidence.folder,),
    )


def _as_of(found: Found) -> datetime:
    # A run that answers for a build stands before it in the evidence, and may be of another time.
    moment = Evidence(found.evidence[-1]).plan.as_of
    return moment or datetime.max.replace(tzinfo=timezone.utc)


def _held(stages: Sequence[StageRecord]) -> dict[str, tuple[str, ...]]:
    """Return the versions that each distribution had, by what the stages changed."""
    held: dict[str, tuple[str, ...]] = {}
    for stage in stages:
        drift = stage.drift
        for changes in (drift.added, drift.upgraded, drift.downgraded):
            for name, (_, version) in changes.items():
                held[name] = (*held.get(name, ()), version or "")
    return held
