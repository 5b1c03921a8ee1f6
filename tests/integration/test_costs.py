"""What checks take: measured by a run, kept by the history, and told of where it is more."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.checkout import Checkout
from support.histories import ENTRY, made_up
from support.index import Index
from support.matrices import pin, stage
from support.wheels import Release
from support.workbench import TINY, Bench, toml

from stackproof.errors import StackproofError
from stackproof.evidence.costs import Cost
from stackproof.evidence.history.entry import HistoryEntry
from stackproof.evidence.history.file import add_missing, read_history
from stackproof.evidence.history.slower import OverBudget, Slower, takes_more
from stackproof.evidence.reports import InReports
from stackproof.evidence.verdict import Verdict
from stackproof.matrix.load import parse_matrix

EXTRA = "\n".join([pin("extra", area="third"), stage("three", "extra", step="Install extra.")])

#: Takes memory of its own, and the time of a process that it starts and does not wait for.
HEAVY = """
import subprocess, sys
held = bytearray(300_000_000)
busy = "import time\\nwhile time.process_time() < 1: pass"
subprocess.Popen([sys.executable, "-S", "-c", busy]).wait()
"""

BUDGET = """
[[budgets]]
check = "import:extra"
seconds = 0.5
memory = 200
"""


def costs(verdict: Verdict) -> dict[str, tuple[float | None, int | None]]:
    return {check.id: (check.processor_seconds, check.peak_memory) for check in verdict.checks}


def test_a_run_measures_what_its_checks_and_stages_take(bench: Bench, index: Index) -> None:
    index.add(Release("extra", "1.0", modules={"extra.py": HEAVY}))
    verdict, evidence = bench.verify(bench.plan(text=TINY + EXTRA + BUDGET))
    assert verdict.verdict == "ok"
    took = costs(verdict)
    seconds, memory = took["import:extra"]
    # What it started counts too, but not what other checks took.
    assert seconds is not None
    assert memory is not None
    assert 1 < seconds < 10
    assert 300_000_000 < memory < 900_000_000
    light, little = took["import:alpha"]
    assert light is not None
    assert little is not None
    assert (0 < light < seconds, 0 < little < 300_000_000) == (True, True)
    # In both orders one after the other, in fresh processes.
    assert (took["import:*"][0] or 0) > 2
    assert all(value is not None for value in took["smoke:sum"])
    assert all(value is not None for value in took["stage:three"])
    # Of what is no process of its own nothing is told.
    assert took["version:extra"] == took["pip-check:*"] == (None, None)
    (entry,) = read_history(bench.root / "reports" / InReports.HISTORY)
    assert entry.costs["import:extra"].peak_memory == memory
    assert {"version:extra", "pip-check:*"}.isdisjoint(entry.costs)
    assert entry.machine is not None
    assert entry.machine.endswith("processors")
    assert evidence.run.machine == entry.machine
    assert entry.over_budget == {"import:extra": Cost(seconds=0.5, peak_memory=200_000_000)}


def test_what_fails_has_no_figures_to_compare_with(bench: Bench, index: Index) -> None:
    index.add(Release("extra", "1.0", modules={"extra.py": "raise ImportError('no')\n"}))
    bench.verify(bench.plan(text=TINY + EXTRA))
    (entry,) = read_history(bench.root / "reports" / InReports.HISTORY)
    assert "import:extra" not in entry.costs
    assert "import:alpha" in entry.costs


# --- out of the spread -----------------------------------------------------------------------

BEFORE = (4.0, 4.2, 3.9, 4.1, 4.0)


def runs(*seconds: float, **changes: object) -> list[HistoryEntry]:
    """Return runs of the row on one machine, in each of which an import took so many seconds."""
    return [
        made_up(
            number,
            machine="a machine",
            costs={"import:alpha": Cost(seconds=took, processor_seconds=1.0, peak_memory=10)},
            **changes,
        )
        for number, took in enumerate(seconds, start=1)
    ]


def told(history: Sequence[HistoryEntry]) -> list[Slower]:
    return list(takes_more(history, "tiny", "plain").slower)


def test_what_leaves_the_spread_of_five_runs_twice_is_named() -> None:
    (found,) = told(runs(*BEFORE, 8.0, 9.0))
    assert (found.check, found.measure, found.runs) == ("import:alpha", "seconds", 5)
    assert (found.now, found.before, found.lowest, found.highest) == (9.0, 8.0, 3.9, 4.2)
    # One run says nothing: the machine may have been busy.
    assert told(runs(*BEFORE, 9.0)) == told(runs(*BEFORE, 9.0, 4.0)) == []
    assert told(runs(*BEFORE, 9.0, 4.0, 9.0)) == told(runs(*BEFORE, 5.2, 9.0)) == []
    # Four runs are no spread, let alone one.
    assert told(runs(*BEFORE[1:], 9.0, 9.0)) == []
    assert told(runs(4.0, 9.0, 9.0)) == []


def test_two_runs_on_two_classes_of_machine_say_nothing() -> None:
    *earlier, last, newest = runs(*BEFORE, 9.0, 9.0)
    elsewhere = last.model_copy(update={"machine": "another"})
    assert told([*earlier, elsewhere, newest]) == []
    unlike = last.model_copy(update={"costs": {}})
    assert told([*earlier, unlike, newest]) == []


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (BEFORE, 5.2),  # by no more than a quarter, or a second
        ((0.1, 0.1, 0.1, 0.1, 0.1), 1.0),  # tenfold, and nobody would notice
        ((2.0, 8.0, 3.0, 2.0, 4.0), 13.0),  # as far again as they lie apart themselves
        (BEFORE, 0.5),  # faster is no news
    ],
)
def test_what_lies_within_reach_of_the_spread_is_not(before: tuple[float, ...], now: float) -> None:
    assert told(runs(*before, now, now)) == []


def test_runs_of_other_machines_days_and_with_news_are_no_measure() -> None:
    others: list[dict[str, object]] = [
        {"machine": "another"},
        {"machine": None},
        {"as_of": "2025-01-01T00:00:00Z"},
        {"checks": {**ENTRY.checks, "smoke:sum": "new"}},
        {"row": "other"},
    ]
    for other in others:
        *five, last, newest = runs(*BEFORE, 9.0, 9.0)
        five[2] = five[2].model_copy(update=other)
        assert told([*five, last, newest]) == [], other
    unknown = [run.model_copy(update={"machine": None}) for run in runs(*BEFORE, 9.0, 9.0)]
    assert told(unknown) == []


def test_only_the_last_twelve_runs_count() -> None:
    (found,) = told(runs(1.0, *([4.0] * 9), 9.0, 9.0))
    assert (found.lowest, found.runs) == (1.0, 10)
    late = runs(*([4.0] * 12))
    early = late[0].model_copy(
        update={
            "run": "20250101T000000.000000Z",
            "started": late[0].started.replace(year=2025),
            "costs": {"import:alpha": Cost(seconds=100.0)},
        }
    )
    last, newest = (
        late[-1].model_copy(
            update={
                "run": f"{year}0101T000000.000000Z",
                "started": late[0].started.replace(year=year),
                "costs": {"import:alpha": Cost(seconds=9.0)},
            }
        )
        for year in (2027, 2028)
    )
    (found,) = told([early, *late, last, newest])
    assert (found.highest, found.runs) == (4.0, 12)


# --- over a budget ---------------------------------------------------------------------------


def over_budget(*history: HistoryEntry) -> tuple[OverBudget, ...]:
    return takes_more(history, "tiny", "plain").over_budget


def test_a_budget_is_told_of_from_the_second_run_on() -> None:
    limit = {"over_budget": {"import:alpha": Cost(seconds=3.0)}}
    first, second = runs(4.0, 5.0, **limit)
    assert over_budget(first) == over_budget() == ()
    over = OverBudget(check="import:alpha", measure="seconds", now=5.0, before=4.0, budget=3.0)
    assert over_budget(first, second) == (over,)
    within = first.model_copy(update={"over_budget": {}})
    assert over_budget(within, second) == ()
    elsewhere = first.model_copy(update={"machine": "another"})
    assert over_budget(elsewhere, second) == ()
    # Whatever else fails, and has from the beginning.
    broken = {"verdict": "broken", "checks": {**ENTRY.checks, "smoke:sum": "new"}}
    assert over_budget(*(run.model_copy(update=broken) for run in (first, second))) == (over,)


@pytest.mark.parametrize(
    ("budget", "problem"),
    [
        ('check = "import:alpa"\nseconds = 1', "there is no pin 'alpa'; did you mean 'alpha'?"),
        ('check = "version:alpha"\nseconds = 1', "there is no kind of check 'version'"),
        ('check = "import:alpha"', "is missing; say 'seconds', 'memory' or both"),
        ('check = "import:alpha"\nseconds = 0', "greater than 0"),
        ('check = "import:alpha"\nseconds = "5 s"', "number"),
    ],
)
def test_a_budget_of_nothing_is_an_error(budget: str, problem: str) -> None:
    with pytest.raises(StackproofError, match="budgets") as caught:
        parse_matrix(toml(f"{TINY}\n[[budgets]]\n{budget}\n"), file="tiny.toml")
    assert problem in str(caught.value)


# --- told ------------------------------------------------------------------------------------


def test_changes_names_them(bench: Bench) -> None:
    checkout = Checkout(bench)
    limit = {"over_budget": {"import:alpha": Cost(seconds=3.0)}}
    add_missing(bench.root / "reports" / InReports.HISTORY, runs(*BEFORE, 8.0, 9.0, **limit))
    code, lines = checkout.run("changes", "tiny/plain")
    assert code == 0
    shown = [line.strip() for line in lines]
    assert (
        "slower        import:alpha took 9.0 s, and 8.0 s in the run before; 3.9 s to 4.2 s in 5 "
        "runs as expected before these" in shown
    )
    assert (
        "over budget   import:alpha took 9.0 s, and 8.0 s in the run before; its budget is 3.0 s"
        in shown
    )


def test_changes_names_them_of_a_row_that_never_was_as_expected(bench: Bench) -> None:
    checkout = Checkout(bench)
    never: dict[str, object] = {
        "over_budget": {"import:alpha": Cost(seconds=3.0)},
        "verdict": "broken",
        "checks": {**ENTRY.checks, "smoke:sum": "new"},
    }
    add_missing(bench.root / "reports" / InReports.HISTORY, runs(8.0, 9.0, **never))
    _, lines = checkout.run("changes", "tiny/plain")
    assert [line.strip() for line in lines] == [
        "tiny/plain: no earlier run went as expected, so there is nothing to compare with",
        "over budget   import:alpha took 9.0 s, and 8.0 s in the run before; its budget is 3.0 s",
    ]
