"""Trace the checks of a row through time: ask both ends, samples between, then every turn."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from stackproof.base.side_by_side import side_by_side
from stackproof.base.text import nearest
from stackproof.base.times import full_hour_after, timestamp
from stackproof.errors import CannotJudgeError, StackproofError
from stackproof.experiments.bisection import Answer, Search, Transition
from stackproof.experiments.facts import Facts
from stackproof.experiments.found import Found
from stackproof.experiments.planner import Planner
from stackproof.experiments.prober import Prober
from stackproof.experiments.timeline.culprits import Attribution, Case
from stackproof.experiments.timeline.differences import Differences
from stackproof.experiments.timeline.guiding import ReleaseGuide, midnight
from stackproof.experiments.timeline.record import Asked, Break, CheckHistory, State, Timeline
from stackproof.experiments.tracebacks import traceback_packages
from stackproof.index.history import Releases
from stackproof.matrix.checks import ALL, KINDS, CheckId
from stackproof.matrix.plan import Plan
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = ["NotOlderError", "Tracer"]

#: Stands for "every stage can be installed" among the questions of a search.
_BUILDS = "stage:*"
_YEAR = timedelta(days=365)


class NotOlderError(StackproofError):
    """A row that was born later than what is asked of it."""

    def __init__(self, why: Reason) -> None:
        super().__init__(in_words(why))
        self.why = why


@dataclass(kw_only=True)
class Tracer:
    """Traces one row; `samples` moments between both ends are asked whatever they answer there.

    `like` is what a recent run of the row found: it answers for the later end if nothing moved.
    """

    planner: Planner
    prober: Prober
    releases: Releases
    samples: int = 1
    like: Found | None = None
    builds: dict[datetime, Found] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    whys: list[Reason] = field(default_factory=list)
    differences: Differences = field(init=False)

    def __post_init__(self) -> None:
        """Compare the builds of this row, whichever they will be."""
        build = self.builds.__getitem__
        self.differences = Differences(build=build, releases=self.releases)

    def birth(self, until: datetime) -> datetime:
        """Return the full hour after a row's youngest pin was uploaded: further back is no row.

        Where the index tells of no upload it is a midnight of the year before. A note says which.
        Raises NotOlderError if the row is not older than `until`.
        """
        born = self.releases.born(self.planner.at(until).dated)
        if born is None:
            since = midnight(until - _YEAR)
            self.whys.append(reason("no-upload-told", when=timestamp(since)))
            return since
        hour = full_hour_after(born)
        if hour >= until:
            why = reason("not-older", born=timestamp(born), until=timestamp(until))
            raise NotOlderError(why)
        self.whys.append(reason("asked-to-birth", when=timestamp(born)))
        return hour

    def trace(self, since: datetime, until: datetime, checks: Sequence[str] = ()) -> Timeline:
        """Return the history of the checks, or of all that fail as of `until` if none is named.

        Raises CannotJudgeError where a probe cannot be judged, StackproofError for a check that the
        row does not have.
        """
        search = Search(self, ReleaseGuide(differences=self.differences, words=self.words))
        wanted = self._wanted(until, checks)
        for moment in (until, since):
            search.ask(moment, [*wanted, _BUILDS])
        self._require_held(wanted)
        start = self._first_build(search, since, until)
        moments = [start, *self._between(start, until)]
        self._probe_side_by_side(search, moments, wanted)
        for moment in moments:
            search.ask(moment, wanted)
        # A check over all others comes last: it then finds the turns of those that it sums up.
        search.narrow(sorted(wanted, key=lambda check: check.endswith(":*")))
        histories = self._histories(search, wanted)
        born = self.releases.born(self.planner.at(until).dated)
        installed = [moment for moment, found in self.builds.items() if found.refusal is None]
        return Timeline(
            matrix=self.planner.name,
            row=self.planner.row,
            since=timestamp(since),
            until=timestamp(until),
            born=timestamp(born) if born else None,
            buildable_since=timestamp(min(installed)) if installed else None,
            builds=self.prober.builds,
            built=self.prober.built,
            checks=tuple(histories),
            notes=tuple(map(in_words, self.whys)),
            whys=tuple(self.whys),
        )

    def ask(self, moment: datetime, checks: Sequence[str]) -> Answer:
        """Probe the row as of a moment, as a search wants it."""
        asked = [check for check in checks if check != _BUILDS]
        found = self._probe(moment, asked or [_a_stage(self.planner.at(moment))])
        outcomes: dict[str, bool | None] = {check: found.passes(check) for check in asked}
        if _BUILDS in checks:
            outcomes[_BUILDS] = found.refusal is None
        return Answer(outcomes=outcomes, state=self._state(moment, found))

    def _state(self, moment: datetime, found: Found) -> Hashable:
        """Return what two moments share if the very same files were installed, built alike."""
        if found.refusal is not None:
            return moment
        built = tuple((item.name, *item.requires.items()) for item in found.built)
        return self.releases.counted(found.freeze, moment), built

    def _probe(self, moment: datetime, checks: Sequence[str]) -> Found:
        found = self._found(moment, checks)
        self._keep(moment, found)
        return found

    def _probe_side_by_side(
        self, search: Search, moments: Sequence[datetime], checks: Sequence[str]
    ) -> None:
        """Have moments that nothing more has to be known for asked as many at a time as may be.

        Whoever asks for their answers then finds them.
        """
        machines = self.prober.runner.machines
        unknown = {moment: search.open_at(moment, checks) for moment in moments}
        for _ in side_by_side(
            lambda moment: self._found(moment, unknown[moment]),
            [moment for moment in unknown if unknown[moment]],
            at_once=machines.at_once,
            stop=machines.stop,
        ):
            pass

    def _found(self, moment: datetime, checks: Sequence[str]) -> Found:
        what = f"as of {timestamp(moment)}"
        return self.prober.ask(partial(self.planner.at, moment), checks, what)

    def _keep(self, moment: datetime, found: Found) -> None:
        self.builds[moment] = found
        for check in found.checks.values():
            if check.outcome == "failed":
                words = " ".join([check.message, *traceback_packages(found.evidence, check.id)])
                self.words.setdefault(check.id, words)

    def _wanted(self, until: datetime, checks: Sequence[str]) -> list[str]:
        """Return the checks to trace; without names, every check is asked which of them fail."""
        if checks:
            self._require(checks, until)
            return list(dict.fromkeys(checks))
        what = f"as of {timestamp(until)}"
        found = self.prober.ask_whole(partial(self.planner.at, until), what, self.like)
        self._keep(until, found)
        return list(found.failed)

    def _require(self, checks: Sequence[str], until: datetime) -> None:
        """Raise StackproofError for a check that no run of the row can have."""
        known = self.planner.at(until).checks
        for check in checks:
            kind = KINDS.get(CheckId.parse(check).kind)
            is_found_by_running = kind is not None and kind.subject in (
                "workload",
                "distribution",
                "command",
            )
            if check not in known and not is_found_by_running:
                raise StackproofError(f"the row has no check {check!r}; {nearest(check, known)}")

    def _require_held(self, checks: Sequence[str]) -> None:
        """Raise StackproofError for a complaint of what neither end holds: nobody can make it."""
        held = {name for found in self.builds.values() for name in found.held}
        for check in checks:
            subject = CheckId.parse(check).subject
            names_distribution = KINDS[CheckId.parse(check).kind].subject == "distribution"
            if names_distribution and subject != ALL and subject not in held:
                raise StackproofError(
                    f"nothing that the row installs as of either end can give {check!r}; "
                    f"{nearest(subject, held)}"
                )

    def _first_build(self, search: Search, since: datetime, until: datetime) -> datetime:
        """Return the earliest moment from `since` on as of which the row can be installed."""
        if search.outcome(_BUILDS, since) or not search.outcome(_BUILDS, until):
            return since
        search.narrow([_BUILDS])
        return search.transitions(_BUILDS)[-1].after

    def _between(self, since: datetime, until: datetime) -> list[datetime]:
        """Return midnights that part the time between both ends evenly."""
        step = (until - since) / (self.samples + 1)
        found = (midnight(since + number * step) for number in range(1, self.samples + 1))
        return [moment for moment in dict.fromkeys(found) if since < moment < until]

    def _histories(self, search: Search, checks: Sequence[str]) -> list[CheckHistory]:
        attribution = Attribution(
            planner=self.planner,
            prober=self.prober,
            differences=self.differences,
            facts=Facts(self.releases, self.planner.at(max(self.builds)).versions),
            words=self.words,
            ask=search.ask,
        )
        return [self._history(search, attribution, check, checks) for check in checks]

    def _history(
        self, search: Search, attribution: Attribution, check: str, checks: Sequence[str]
    ) -> CheckHistory:
        explained: dict[bool, list[Break]] = {False: [], True: []}
        state = self._standing(search, check)
        for turn in search.transitions(check) if state != "undecided" else ():
            together = _together(search, check, turn, checks)
            found = attribution.explain(Case(check=check, turn=turn, together=together))
            explained[turn.passes].append(found)
            notes = attribution.yanked(min(self.builds), turn, found.culprits)
            self.whys += (note for note in notes if note not in self.whys)
        return CheckHistory(
            id=check,
            state=state,
            breaks=tuple(explained[False]),
            fixes=tuple(explained[True]),
            asked=tuple(
                Asked(
                    as_of=timestamp(moment),
                    passed=search.outcome(check, moment),
                    why=self.builds[moment].why_not(check),
                )
                for moment in search.asked(check)
            ),
        )

    def _standing(self, search: Search, check: str) -> State:
        known = list(search.outcomes(check).values())
        lucky = any(self.builds[moment].luck(check) for moment in search.asked(check))
        if check in search.unsteady or (lucky and not known):
            return "undecided"
        if not known:
            raise CannotJudgeError(
                f"{check} could not be asked as of any date: the row was not built"
            )
        if len(search.transitions(check)) > 1 or (known[-1] and not known[0]):
            return "changed-often"
        if known[0]:
            return "always-worked" if known[-1] else "broke"
        return "never-worked"


def _together(
    search: Search, check: str, turn: Transition, checks: Sequence[str]
) -> tuple[str, ...]:
    """Return the other checks that turned between the same two moments."""
    return tuple(other for other in checks if other != check and turn in search.transitions(other))


def _a_stage(plan: Plan) -> str:
    return CheckId("stage", plan.stages[-1].name)
