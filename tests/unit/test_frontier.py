"""The searches of the frontier, on recorded answers, with what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from stackproof.base.progress import Progress
from stackproof.evidence.verdict import Check, State
from stackproof.experiments.frontier.explore import Explorer
from stackproof.experiments.frontier.highest import (
    Reached,
    UnjudgedError,
    drop_conflicting,
    search_highest,
)
from stackproof.reasons.common import quoted
from stackproof.reasons.reason import Reason
from stackproof.reasons.words import in_words


class Recorded:
    """Answers from a record; remembers the questions."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, step: str) -> Reason | None:
        """Return what is wrong with a step, or None."""
        self.asked.append(step)
        return quoted(self.answers[step]) if step in self.answers else None


def test_a_search_stops_at_the_first_step_that_passes() -> None:
    refusal, failure = Recorded({"5": "no wheel"}), Recorded({"4": "import fails"})
    assert search_highest(["5", "4", "3", "2"], refusal, failure) == Reached(
        resolvable="4",
        passing="3",
        failed=(("5", quoted("no wheel")), ("4", quoted("import fails"))),
    )
    assert refusal.asked == ["5", "4", "3"]
    # No trial is made of what cannot be resolved, nor below a step that passes.
    assert failure.asked == ["4", "3"]


def test_the_newest_may_pass_at_once() -> None:
    found = search_highest(["2", "1"], Recorded({}), Recorded({}))
    assert found == Reached(resolvable="2", passing="2")


def test_nothing_may_pass() -> None:
    found = search_highest(["2", "1"], Recorded({"1": "one", "2": "two"}), Recorded({}))
    assert found == Reached(failed=(("2", quoted("two")), ("1", quoted("one"))))
    assert search_highest([], Recorded({}), Recorded({})) == Reached()


def test_a_step_that_cannot_be_judged_neither_passes_nor_blocks() -> None:
    def failure(step: str) -> Reason | None:
        if step in ("5", "3"):
            raise UnjudgedError(quoted(f"{step} hangs"))
        return quoted("import fails") if step == "4" else None

    assert search_highest(["5", "4", "3", "2", "1"], Recorded({}), failure) == Reached(
        resolvable="5",
        passing="2",
        failed=(("4", quoted("import fails")),),
        unjudged=(("5", quoted("5 hangs")), ("3", quoted("3 hangs"))),
    )


class Sets:
    """Fails a set that holds any of the forbidden ones together; counts its trials."""

    def __init__(self, *forbidden: str) -> None:
        self.forbidden = forbidden
        self.trials = 0

    def __call__(self, some: Sequence[str]) -> Reason | None:
        """Return which forbidden set is among some, or None."""
        self.trials += 1
        return next((quoted(bad) for bad in self.forbidden if set(bad) <= set(some)), None)


def test_a_set_that_passes_takes_one_trial() -> None:
    failure = Sets()
    assert drop_conflicting("abcdefgh", failure) == (list("abcdefgh"), [])
    assert failure.trials == 1


def test_the_later_of_two_that_exclude_each_other_goes() -> None:
    failure = Sets("bf")
    assert drop_conflicting("abcdefgh", failure) == (list("abcdegh"), [("f", quoted("bf"))])
    # The whole, three halvings of eight, and the rest.
    assert failure.trials == 5


def test_several_go_one_after_another() -> None:
    failure = Sets("a", "gh", "ce")
    assert drop_conflicting("abcdefgh", failure) == (
        list("bcdfg"),
        [("a", quoted("a")), ("e", quoted("ce")), ("h", quoted("gh"))],
    )


def test_all_may_go() -> None:
    assert drop_conflicting("a", Sets("a")) == ([], [("a", quoted("a"))])
    assert drop_conflicting("", Sets()) == ([], [])


@pytest.mark.parametrize(("state", "said"), [("known", None), ("new", "smoke:sum: 3 is not 4")])
def test_a_check_that_fails_as_recorded_settles_no_step(state: State, said: str | None) -> None:
    failing = Check(
        id="smoke:sum",
        kind="smoke",
        subject="sum",
        outcome="failed",
        state=state,
        grade="real",
        message="3 is not 4",
        reason="an old story" if state == "known" else None,
        seconds=1,
    )
    answer = SimpleNamespace(checks={failing.id: failing})
    prober: Any = SimpleNamespace(ask=lambda plan, checks, what: answer)  # noqa: ARG005 - recorded
    planner: Any = SimpleNamespace(trial=lambda _: SimpleNamespace(requested=("lamp==1.1",)))
    unasked: Any = None
    explorer = Explorer(
        bench=unasked,
        prober=prober,
        planner=planner,
        catalogue=unasked,
        progress=Progress(Console(quiet=True)),
    )
    why = explorer.still_failing({"lamp": "1.1"}, ["smoke:sum"])
    assert (in_words(why) if why else None) == said
