"""Searches on recorded cases: what they find, how many probes they take, what they never ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from math import ceil, log2

import pytest

from stackproof.experiments.bisection import Answer, Search, Transition
from stackproof.experiments.delta_debugging import (
    drop_needless,
    reduce_likeliest_first,
    reduce_to_minimum,
)

START = datetime(2025, 1, 1, tzinfo=timezone.utc)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


class Recorded:
    """A history of days: for each check, the days from which on its answer is another one.

    Every check passes on day 0 but those in `failing`. It is probe and guide at once.
    """

    def __init__(
        self,
        turns: Mapping[str, Sequence[int]],
        *,
        failing: Sequence[str] = (),
        unbuildable: Sequence[int] = (),
        cheap: Sequence[str] = (),
        likely: Mapping[str, Sequence[int]] | None = None,
        enough: Mapping[str, int] | None = None,
        state: Callable[[int], object] = lambda number: number,
    ) -> None:
        self.turns = turns
        self.failing = failing
        self.unbuildable = unbuildable
        self.cheap = cheap
        self.likely_days = likely or {}
        self.enough = enough or {}
        self.state = state
        self.probes: list[tuple[int, tuple[str, ...]]] = []

    def ask(self, moment: datetime, checks: Sequence[str]) -> Answer:
        """Answer from the record."""
        number = (moment - START).days
        self.probes.append((number, tuple(checks)))
        outcomes = {check: self._outcome(check, number) for check in checks}
        return Answer(outcomes=outcomes, state=self.state(number))

    def _outcome(self, check: str, number: int) -> bool | None:
        if number in self.unbuildable:
            return None
        turned = sum(number >= turn for turn in self.turns[check])
        return (turned % 2 == 0) is not (check in self.failing)

    def candidates(self, check: str, before: datetime, after: datetime) -> list[datetime]:
        """Return every day between, unless the record calls the turn narrow enough."""
        if (after - before).days <= self.enough.get(check, 1):
            return []
        return [day(number) for number in range((before - START).days + 1, (after - START).days)]

    def likely(self, check: str, before: datetime, after: datetime) -> list[datetime]:
        """Return the recorded days that lie between."""
        days = [day(number) for number in self.likely_days.get(check, ())]
        return [item for item in days if before < item < after]

    def is_cheap(self, check: str) -> bool:
        """Tell whether the record calls the check cheap."""
        return check in self.cheap

    def search(self, until: int, *samples: int) -> Search:
        """Search all checks from day 0 to a day, with probes of some days in between first."""
        search = Search(self, self)
        for number in (until, 0, *samples):
            search.ask(day(number), self.turns)
        search.narrow(list(self.turns))
        return search


def broke(number: int) -> Transition:
    return Transition(before=day(number - 1), after=day(number), passes=False)


def repaired(number: int) -> Transition:
    return Transition(before=day(number - 1), after=day(number), passes=True)


@pytest.mark.parametrize("number", [1, 2, 300, 511, 512])
def test_one_break_takes_a_logarithm_of_probes(number: int) -> None:
    record = Recorded({"a": [number]})
    assert record.search(512).transitions("a") == [broke(number)]
    assert len(record.probes) == 2 + log2(512)


def test_no_moment_is_probed_twice_for_the_same_check() -> None:
    record = Recorded({"a": [100], "b": [101], "c": [300]})
    record.search(512)
    pairs = [(number, check) for number, checks in record.probes for check in checks]
    assert len(pairs) == len(set(pairs))


def test_breaks_of_several_days_share_probes() -> None:
    record = Recorded({"a": [100], "b": [101], "c": [300]})
    search = record.search(512)
    assert [search.transitions(check) for check in "abc"] == [
        [broke(100)],
        [broke(101)],
        [broke(300)],
    ]
    # Nine for a; two more for b, which is near; eight for c, whose first is the first of a.
    assert len(record.probes) == 2 + 9 + 2 + 8
    assert len(record.probes) <= 2 + 3 * log2(512)


def test_checks_that_broke_together_take_the_probes_of_one() -> None:
    record = Recorded({check: [77] for check in "abcde"})
    search = record.search(512)
    assert all(search.transitions(check) == [broke(77)] for check in "abcde")
    assert len(record.probes) == 2 + 9


def test_only_checks_in_question_are_asked() -> None:
    record = Recorded({"a": [100], "b": [300], "c": []})
    record.search(512)
    days = {
        check: [number for number, checks in record.probes if check in checks] for check in "abc"
    }
    assert days["c"] == [512, 0]
    assert not [number for number in days["b"] if 0 < number < 256]
    assert not [number for number in days["a"] if 256 < number < 512]


def test_a_break_and_a_later_fix_and_a_second_break_are_all_found() -> None:
    record = Recorded({"a": [100, 200, 400]})
    search = record.search(512, 150, 300)
    assert search.transitions("a") == [broke(100), repaired(200), broke(400)]


def test_a_check_that_never_passed_costs_its_samples_alone() -> None:
    record = Recorded({"a": []}, failing=["a"])
    search = record.search(512, 128, 256, 384)
    assert search.transitions("a") == []
    assert set(search.outcomes("a").values()) == {False}
    assert search.asked("a") == [day(0), day(128), day(256), day(384), day(512)]
    assert len(record.probes) == 5


def test_what_could_not_be_built_is_passed_over() -> None:
    record = Recorded({"a": [300]}, unbuildable=[256, 257, 299])
    search = record.search(512)
    assert search.transitions("a") == [Transition(before=day(298), after=day(300), passes=False)]
    assert search.outcome("a", day(256)) is None
    assert len(record.probes) <= 2 + 9 + 3


@pytest.mark.parametrize(
    ("number", "probes"), [(30, 11), (59, 16), (60, 17), (128, 17), (190, 17), (191, 17), (230, 11)]
)
def test_a_long_time_that_could_not_be_built_costs_a_logarithm_an_edge(
    number: int, probes: int
) -> None:
    record = Recorded({"a": [number]}, unbuildable=range(60, 191))
    search = record.search(256)
    assert len(record.probes) == probes
    # Within that time nobody knows when it was.
    around = Transition(before=day(59), after=day(191), passes=False)
    assert search.transitions("a") == [around if 59 < number < 192 else broke(number)]


@pytest.mark.parametrize("number", [130, 200, 255])
def test_between_two_days_that_could_not_be_built_a_break_is_found(number: int) -> None:
    record = Recorded({"a": [number]}, unbuildable=[128, 256])
    assert record.search(512).transitions("a") == [broke(number)]
    assert len(record.probes) <= 2 + 3 * log2(512)


def test_likely_days_that_could_not_be_built_cost_a_logarithm_too() -> None:
    record = Recorded({"a": [200]}, unbuildable=range(60, 191), likely={"a": range(40, 210)})
    assert record.search(256).transitions("a") == [broke(200)]
    assert len(record.probes) == 13


def test_cheap_checks_are_searched_alone_and_the_others_try_their_sides() -> None:
    record = Recorded({"dear": [301], "cheap": [301]}, cheap=["cheap"])
    search = record.search(512)
    assert search.transitions("dear") == search.transitions("cheap") == [broke(301)]
    dear = [number for number, checks in record.probes if "dear" in checks]
    assert dear == [512, 0, 301, 300]
    assert [checks for _, checks in record.probes[2:]] == [("cheap",)] * 9 + [("dear",)] * 2


def test_a_wrong_side_costs_no_more_than_itself() -> None:
    record = Recorded({"dear": [40], "cheap": [301]}, cheap=["cheap"])
    search = record.search(512)
    assert search.transitions("dear") == [broke(40)]
    dear = [number for number, checks in record.probes if "dear" in checks]
    assert dear[:4] == [512, 0, 301, 300]
    assert len(dear) <= 4 + ceil(log2(300))


def test_what_a_failure_speaks_of_is_tried_first() -> None:
    record = Recorded({"a": [33]}, likely={"a": [32, 33]})
    assert record.search(512).transitions("a") == [broke(33)]
    assert [number for number, _ in record.probes] == [512, 0, 33, 32]


def test_a_turn_that_is_narrow_enough_is_left() -> None:
    record = Recorded({"a": [33]}, enough={"a": 64})
    assert record.search(512).transitions("a") == [
        Transition(before=day(0), after=day(64), passes=False)
    ]
    assert [number for number, _ in record.probes] == [512, 0, 256, 128, 64]


def test_equal_states_are_not_asked_again() -> None:
    record = Recorded({"a": [200], "b": [200]}, cheap=["a"], state=lambda number: number // 100)
    search = record.search(512)
    # Every day of the second hundred is known once one of them is.
    assert search.transitions("b") == [Transition(before=day(199), after=day(200), passes=False)]
    assert [number for number, checks in record.probes if "b" in checks] == [512, 0, 200, 199]
    assert search.outcome("b", day(128)) is True


# --- the smallest set ------------------------------------------------------------------------


class Sets:
    """A property of sets that holds for those which contain one of the given ones."""

    def __init__(self, *guilty: str) -> None:
        self.guilty = [set(item) for item in guilty]
        self.asked: list[str] = []

    def __call__(self, part: tuple[str, ...]) -> bool:
        """Tell whether the set has the property."""
        self.asked.append("".join(part))
        return any(item <= set(part) for item in self.guilty)


EIGHT = "abcdefgh"


@pytest.mark.parametrize(
    ("guilty", "probes"), [("a", 4), ("h", 7), ("ab", 5), ("ah", 17), ("cde", 20), (EIGHT, 27)]
)
def test_the_smallest_set_to_blame_is_found(guilty: str, probes: int) -> None:
    holds = Sets(guilty)
    assert reduce_to_minimum(EIGHT, holds) == tuple(guilty)
    assert len(holds.asked) == len(set(holds.asked)) == probes


def test_every_set_with_one_less_was_asked() -> None:
    holds = Sets("beh")
    assert reduce_to_minimum(EIGHT, holds) == ("b", "e", "h")
    assert {"be", "bh", "eh"} <= set(holds.asked)


def test_a_likely_one_that_is_to_blame_alone_takes_one_probe() -> None:
    holds = Sets("f")
    assert reduce_to_minimum(EIGHT, holds, likely=["f"]) == ("f",)
    assert holds.asked == ["f"]


def test_a_likely_one_that_is_not_to_blame_costs_one_probe() -> None:
    holds = Sets("a")
    assert reduce_to_minimum(EIGHT, holds, likely=["f"]) == ("a",)
    assert holds.asked[:2] == ["f", EIGHT]


def test_where_all_together_are_innocent_nothing_is_searched() -> None:
    holds = Sets("z")
    assert reduce_to_minimum(EIGHT, holds) is None
    assert holds.asked == [EIGHT]


def test_nothing_at_all_is_never_asked() -> None:
    holds = Sets("")
    assert reduce_to_minimum("", holds) is None
    assert reduce_to_minimum("a", holds) == ("a",)
    assert holds.asked == ["a"]


@pytest.mark.parametrize(
    ("guilty", "questions"), [("a", 2), ("b", 5), ("c", 5), ("d", 7), ("h", 5), ("bf", 16)]
)
def test_the_likeliest_are_found_by_few_questions(guilty: str, questions: int) -> None:
    holds = Sets(guilty)
    assert reduce_likeliest_first(EIGHT, holds) == tuple(guilty)
    assert len(holds.asked) <= questions
    assert len(holds.asked) == len(set(holds.asked))


@pytest.mark.parametrize("items", ["", "a", EIGHT])
def test_where_the_likeliest_are_innocent_with_all_others_nothing_is_searched(items: str) -> None:
    holds = Sets("z")
    assert reduce_likeliest_first(items, holds) is None
    assert holds.asked == ([items] if items else [])


def test_where_all_are_needed_each_is_left_out_once() -> None:
    holds = Sets(EIGHT)
    assert drop_needless(EIGHT, holds) == tuple(EIGHT)
    assert len(holds.asked) == 8


def test_what_is_not_needed_is_dropped() -> None:
    holds = Sets("bdh")
    assert drop_needless(EIGHT, holds) == ("b", "d", "h")
    assert {"dh", "bh", "bd"} <= set(holds.asked)
    assert len(holds.asked) == len(set(holds.asked)) == 10


@pytest.mark.parametrize(("guilty", "left"), [("a", ("a",)), ("", ())])
def test_the_last_one_is_left_out_too(guilty: str, left: tuple[str, ...]) -> None:
    holds = Sets(guilty)
    assert drop_needless("a", holds) == left
    assert holds.asked == [""]


def test_one_that_can_stand_in_for_another_is_kept_once() -> None:
    holds = Sets("ab", "ac")
    assert drop_needless("abc", holds) == ("a", "c")
    assert holds.asked == ["bc", "ac", "a", "c"]


@pytest.mark.fault("6")
def test_a_check_that_answers_both_ways_for_one_state_is_noticed() -> None:
    recorded = Recorded({"coin": [5], "steady": []}, state=lambda _: "the same")
    search = Search(recorded, recorded)
    search.ask(day(0), ["coin", "steady"])
    search.ask(day(9), ["coin", "steady"])
    assert search.unsteady == {"coin"}
