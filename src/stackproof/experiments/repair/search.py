"""Search the pins of a last stage: those that repair a row, no pin too many, proved whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from stackproof.base.text import first_of
from stackproof.base.versions import is_version, narrow, requirement, satisfies
from stackproof.experiments.delta_debugging import drop_needless, reduce_to_minimum
from stackproof.experiments.found import Found
from stackproof.experiments.planner import Planner
from stackproof.experiments.prober import Prober
from stackproof.experiments.repair.consistent import Joint, without
from stackproof.experiments.repair.sources import Sources
from stackproof.experiments.tracebacks import traceback_packages
from stackproof.matrix.checks import CheckId
from stackproof.matrix.plan import Plan

__all__ = ["PinSearch", "Versions"]

Versions = dict[str, str]


@dataclass(kw_only=True)
class PinSearch:
    """Tries versions on a row as of a moment; `joint` is the resolution of all pins.

    Of `joint` those documented pins stay changed that have to be. `held` are the versions of the
    pins that the row has in their ranges: a narrower range holds such a pin at another one, and one
    more pin holds all else. What a build cannot have changed is answered as by `like`, which is the
    row at first, and then the last build in which all passed that can be repaired.
    """

    planner: Planner
    moment: datetime
    prober: Prober
    sources: Sources
    joint: Joint
    held: Mapping[str, str]
    like: Found
    _failed: dict[frozenset[str], tuple[str, ...]] = field(default_factory=dict)

    def search(self, versions: Versions, failing: Sequence[str]) -> tuple[Versions, Found]:
        """Return the versions that are needed, and what the whole suite says of them.

        What repairs one check may break another that passed before; that one is then wanted too.
        A documented pin that was changed for nothing gets its version back.
        """
        wanted = list(failing)
        while True:
            versions, broken = self._repair_the_rest(versions, wanted)
            versions = self._needed(versions, [check for check in wanted if check not in broken])
            whole = self.probe(versions, ())
            more = [check for check in whole.failed if check not in wanted]
            if more:
                wanted = [*wanted, *more]
                continue
            needless = self._needless_change(versions, whole)
            if needless is None:
                return versions, whole
            versions = self._put_back(needless, versions)

    def removals(self, versions: Versions, whole: Found) -> dict[str, tuple[str, ...]]:
        """Return the first checks that were seen to fail without each version alone.

        `whole` is what the suite says of all of them.
        """
        changed = [name for name in self.joint.changed if name not in versions]
        return {
            **{name: self._failed.get(frozenset(versions) - {name}, ()) for name in versions},
            **{name: self._as_documented(name, versions, whole) for name in changed},
        }

    def probe(self, versions: Versions, checks: Sequence[str], like: Found | None = None) -> Found:
        """Ask checks of the row with these versions in a last stage; see `Prober.ask`."""
        plan = self._plan(versions, self._changed)
        return self.prober.ask(plan, checks, _with(versions), like)

    def whole(self, versions: Versions, like: Found) -> Found:
        """Ask every check of the row with these versions; see `Prober.ask_whole` for `like`."""
        return self.prober.ask_whole(self._plan(versions, self._changed), _with(versions), like)

    def _needed(self, versions: Versions, repaired: Sequence[str]) -> Versions:
        """Return the versions without which some of what was repaired fails."""
        # What is no pin is more often needless; asked first, the others are then asked once.
        needed = drop_needless(
            sorted(versions, key=lambda name: name in self.joint.pins),
            lambda part: self._holds({name: versions[name] for name in part}, repaired),
        )
        return {name: versions[name] for name in needed}

    def _needless_change(self, versions: Versions, whole: Found) -> str | None:
        """Return a pin that was changed although nothing fails with the document's version."""
        # Where clashes of pins meet, what was done about one may undo another.
        documented = partial(self._as_documented, versions=versions, whole=whole)
        return next((name for name in self.joint.changed if not documented(name)), None)

    def _put_back(self, name: str, versions: Versions) -> Versions:
        """Give a pin the document's version again; return the versions of the others."""
        self.joint = replace(
            self.joint,
            pins={**self.joint.pins, name: self._documented[name]},
            changed=without(self.joint.changed, name),
        )
        return without(versions, name)

    def _as_documented(self, name: str, versions: Versions, whole: Found) -> tuple[str, ...]:
        """Return what fails if a pin that was changed stays at the document's version.

        That may be a check which the broken row never came to, so all are asked, if need be. What
        fails of the `whole` anyway does not count.
        """
        pins = {**self.joint.pins, name: self._documented[name]}
        plan = self._plan(without(versions, name), without(self._changed, name))
        failed: tuple[str, ...] = ()
        for checks in ([CheckId("pip-check")], []):
            found = self.prober.ask(plan, checks, f"with {name} as documented", whole)
            lost = _lost_pins(pins, found) if found.refusal is None else []
            counting = [check for check in found.failed if found.passes(check) is False]
            named = dict.fromkeys([*counting, *lost])
            failed = tuple(check for check in named if check not in whole.failed)
            if failed:
                break
        return failed

    def _repair_the_rest(
        self, versions: Versions, failing: Sequence[str]
    ) -> tuple[Versions, list[str]]:
        """Add versions for what these alone do not repair; return what stays broken too."""
        found = self.probe(versions, failing, self.like)
        still = [check for check in failing if found.passes(check) is not True]
        broken: list[str] = []
        while still:
            more = self._more(still[0], versions, found)
            if not more:
                broken.append(still.pop(0))
                continue
            versions = {**versions, **more}
            found = self.probe(versions, still, found)
            still = [check for check in still if found.passes(check) is not True]
        self.like = found
        return versions, broken

    def _more(self, check: str, versions: Versions, found: Found) -> Versions:
        """Return versions, all of them needed, that repair a check besides those there are.

        There are none if none do.
        """
        through = traceback_packages(found.evidence, check)
        for source in self.sources.of(check):
            others = {
                name: version
                for name, version in source.items()
                if self._is_free(name, version)
                and not satisfies(found.freeze.get(name, version), version)
            }
            likely = [name for name in through if name in others]
            repairs = partial(self._repairs, check, versions, others, found)
            needed = reduce_to_minimum(sorted(others), repairs, likely=likely)
            if needed is not None:
                return {name: others[name] for name in needed}
        return {}

    def _repairs(
        self, check: str, versions: Versions, others: Versions, like: Found, names: Sequence[str]
    ) -> bool:
        more = {name: others[name] for name in names}
        return self.probe({**versions, **more}, [check], like).passes(check) is True

    def _holds(self, versions: Versions, repaired: Sequence[str]) -> bool:
        """Tell whether all that was repaired passes with so few versions, cheap questions first.

        Where one of these fails, the answer is known and the costly ones are not asked.
        """
        cheap = [check for check in repaired if CheckId.parse(check).answered_by == "build"]
        rest = [check for check in repaired if check not in cheap]
        found = self.probe(versions, cheap or [self._last_stage])
        failed = [check for check in cheap if found.passes(check) is not True]
        lost = _lost_pins(self.joint.pins, found)
        failed += [name for name in lost if name not in failed]
        if not failed and rest:
            found = self.probe(versions, rest, self.like)
            failed = [check for check in rest if found.passes(check) is not True]
            self.like = self.like if failed else found
        self._failed[frozenset(versions)] = tuple(failed)
        return not failed

    @property
    def _last_stage(self) -> str:
        return CheckId("stage", self.planner.at(self.moment).stages[-1].name)

    @property
    def _changed(self) -> Versions:
        """The versions of the documented pins that had to change."""
        return {name: self.joint.pins[name] for name in self.joint.changed}

    @property
    def _documented(self) -> Versions:
        """What the row asks for of its pins."""
        return self.planner.at(self.moment).asked

    def narrowed(self, versions: Versions) -> Versions:
        """Return the ranges that hold pins at these versions, of those that lie in their ranges.

        Of another pin the version is installed once more: what moves it there is not its range.
        """
        return {
            name: narrow(self.joint.pins[name], version, than=self.held[name])
            for name, version in versions.items()
            if name in self.held
            and self._is_free(name, version)
            and not satisfies(self.held[name], version)
        }

    def _is_free(self, name: str, version: str) -> bool:
        """Tell whether a distribution may have a version: what is pinned only in its range."""
        asked = self.joint.pins.get(name, "")
        return not is_version(asked) and satisfies(version, asked)

    def _plan(self, versions: Versions, changed: Versions) -> Callable[[Sequence[str]], Plan]:
        ranges = self.narrowed(versions)
        rest = sorted(name for name in versions if name not in ranges)
        extra = [requirement(name, versions[name]) for name in rest]
        return partial(self.planner.at, self.moment, versions={**changed, **ranges}, extra=extra)


def _with(versions: Versions) -> str:
    named = [f"{name} {version}" for name, version in versions.items()]
    return f"with {first_of(named) or 'no more pins'}"


def _lost_pins(pins: Mapping[str, str], found: Found) -> list[str]:
    """Return the version checks that fail by what is installed: no suite is needed to know."""
    return [
        CheckId("version", name)
        for name, version in pins.items()
        if not satisfies(found.freeze.get(name, ""), version)
    ]
