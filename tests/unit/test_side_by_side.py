"""Several things at a time: in order, no more than are allowed, and all of them stopped."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone
from io import StringIO
from pathlib import Path

import pytest
from packaging.version import Version
from rich.console import Console

from stackproof.base.locking import among_others
from stackproof.base.progress import Progress
from stackproof.base.side_by_side import OneAtATime, side_by_side
from stackproof.experiments.frontier.highest import Reached
from stackproof.experiments.frontier.steps import Step, not_below
from stackproof.index.choice import Release
from stackproof.reasons.common import quoted


class Counting:
    """Work that counts how much of it goes on at a time."""

    def __init__(self) -> None:
        self.most = self.now = 0
        self._lock = threading.Lock()

    def __call__(self, seconds: float) -> float:
        """Take some seconds; return them."""
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(seconds)
        with self._lock:
            self.now -= 1
        return seconds


def test_answers_come_in_order_and_no_more_are_at_work_than_allowed() -> None:
    work, items = Counting(), [0.1, 0.01, 0.05, 0.02]
    assert list(side_by_side(work, items, at_once=2, stop=threading.Event())) == items
    assert work.most == 2


def test_one_at_a_time_begins_nothing_before_it_is_asked_for() -> None:
    begun: list[int] = []
    coming = side_by_side(begun.append, [1, 2], at_once=1, stop=threading.Event())
    next(coming)
    assert begun == [1]


def test_where_one_fails_the_others_are_told_to_stop_and_waited_for() -> None:
    stop, ended = threading.Event(), threading.Event()
    both = threading.Barrier(2)

    def work(item: int) -> None:
        both.wait(timeout=10)
        if item == 0:
            raise ValueError("no")
        assert stop.wait(10)
        ended.set()

    with pytest.raises(ValueError, match="no"):
        list(side_by_side(work, [0, 1], at_once=2, stop=stop))
    assert ended.is_set()


def test_whoever_comes_second_finds_what_the_first_made() -> None:
    making, made = OneAtATime(), list[str]()

    def work(thing: str) -> None:
        with making(thing):
            if thing not in made:
                time.sleep(0.02)
                made.append(thing)

    list(side_by_side(work, ["a", "a", "b", "a"], at_once=4, stop=threading.Event()))
    assert sorted(made) == ["a", "b"]


def test_only_who_finds_nobody_in_a_folder_tidies_up(tmp_path: Path) -> None:
    tidied: list[Path] = []
    with among_others(tmp_path, tidied.append), among_others(tmp_path, tidied.append):
        assert tidied == [tmp_path]
    with among_others(tmp_path, tidied.append):
        assert tidied == [tmp_path, tmp_path]


def test_who_tells_of_its_progress_in_a_thread_hears_that_it_is_to_end() -> None:
    stop, heard = threading.Event(), list[str]()
    progress = Progress(Console(file=StringIO()), Progress(Console(file=StringIO()), stop=stop))

    def work() -> None:
        try:
            while True:
                progress.tick()
                time.sleep(0.005)
        except KeyboardInterrupt:
            heard.append("the end")

    thread = threading.Thread(target=work)
    thread.start()
    stop.set()
    thread.join(timeout=10)
    assert heard == ["the end"]
    progress.tick()  # a signal reaches the main thread by itself


def test_a_terminal_has_one_moving_line_for_all_parts() -> None:
    output = StringIO()
    console = Console(file=output, force_terminal=True, width=120)
    progress = Progress(console)
    begun = threading.Barrier(2)

    def work(name: str) -> None:
        with progress.part(name):
            begun.wait(timeout=10)
            progress.tick()

    list(side_by_side(work, ["one", "two"], at_once=2, stop=threading.Event()))
    lines = [line.split()[0] for line in output.getvalue().splitlines() if line.endswith(" s")]
    assert {line[-3:] for line in lines} == {"one", "two"}


def _step(version: str) -> Step:
    uploaded = datetime(2025, 5, 1, tzinfo=timezone.utc)
    release = Release(version=Version(version), uploaded=uploaded, completed=uploaded, yanked=False)
    return Step(name="vision", release=release, companions={})


@pytest.fixture
def searched() -> Reached[Step]:
    """Return what a search found that did not know yet what another pin's trial proves."""
    return Reached(
        resolvable=_step("3"),
        passing=_step("1"),
        failed=((_step("3"), quoted("seized")), (_step("2"), quoted("blind"))),
        unjudged=((_step("1.5"), quoted("no index")),),
    )


def test_a_search_counts_as_far_as_it_would_have_gone(searched: Reached[Step]) -> None:
    assert not_below(None, searched) == searched
    assert not_below(_step("2.5"), searched) == Reached(
        resolvable=_step("3"), failed=((_step("3"), quoted("seized")),)
    )
    assert not_below(_step("1"), searched) == searched
