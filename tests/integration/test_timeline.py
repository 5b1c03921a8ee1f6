"""Timelines of made-up stacks, built for real: when each check broke, and through which release."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from math import log2
from pathlib import Path

import pytest
from rich.console import Console
from support.index import Index
from support.phones import (
    BELLS,
    BOTH,
    CONTACTS,
    LAMPS,
    NEVER,
    PHONE,
    SINCE,
    UNTIL,
    WORKLOADS,
    Phone,
    broke,
    broke_by,
    day,
    found,
    moved,
    replaces,
    wants_new_numbers,
)
from support.wheels import Release
from support.workbench import Bench, toml

from stackproof.base.times import timestamp
from stackproof.experiments.found import Found
from stackproof.experiments.timeline.record import Asked, Break, CheckHistory, State, Timeline
from stackproof.matrix.load import parse_matrix
from stackproof.report.timeline import print_timeline, timeline_markdown


@pytest.fixture
def phone(bench: Bench, index: Index, tmp_path: Path) -> Phone:
    return Phone(bench, index, tmp_path / "index-cache")


def test_one_break_is_found_and_named(phone: Phone) -> None:
    phone.index.add(
        wants_new_numbers("contacts", "2.1", day(60, 10)),
        Release("bells", "1.1", uploaded=day(20)),
        Release("bells", "1.2", uploaded=day(100)),
        Release("lamps", "1.2", uploaded=day(150)),
    )
    timeline = phone.trace()
    assert [(item.id, item.state) for item in timeline.checks] == [
        ("pip-check:*", "broke"),
        (CONTACTS, "broke"),
    ]
    guilty = broke_by(60, 61, "contacts", ("2.0", "2.1"), day(60, 10))
    told = [found(timeline, item.id) for item in timeline.checks]
    assert [(item.breaks, item.fixes) for item in told] == [((guilty,), ())] * 2
    assert timeline.buildable_since == timestamp(SINCE)
    assert timeline.notes == ()
    # Both ends, one sample, both sides of a day, and the good side with the culprit.
    assert (timeline.builds, timeline.built) == (6, 6)


def test_three_breaks_on_different_days_are_told_apart(phone: Phone) -> None:
    days = {"contacts": day(60, 10), "bells": day(120, 8), "lamps": day(200, 23)}
    phone.index.add(
        Release("bells", "2.0", uploaded=day(30)),
        *(wants_new_numbers(name, "3.0", uploaded) for name, uploaded in days.items()),
    )
    timeline = phone.trace(CONTACTS, BELLS, LAMPS, samples=0)
    before = {"contacts": "2.0", "bells": "2.0", "lamps": "1.0"}
    sides = {"contacts": (60, 61), "bells": (120, 121), "lamps": (200, 201)}
    assert [found(timeline, item.id).breaks for item in timeline.checks] == [
        (broke_by(*sides[name], name, (before[name], "3.0"), uploaded),)
        for name, uploaded in days.items()
    ]
    # Both ends, both sides of three days, and each good side with its culprit.
    assert timeline.builds == 2 + 6 + 3


def test_a_silent_break_among_releases_of_many_days_takes_a_logarithm_of_builds(
    phone: Phone,
) -> None:
    # What it says when it fails names nothing.
    told, silent = WORKLOADS.split("    import bells")[0], "    import bells as it"
    fails = "    if len(it.__version__) > 3:\n        raise AssertionError"
    phone.bench.write("tests/stack/workloads/test_both.py", f"{told}{silent}\n\n{fails}\n")
    phone.index.add(
        Release("bells", "1.0.1", uploaded=day(77, 5)),
        *(Release("contacts", f"2.{number}", uploaded=day(4 * number)) for number in range(1, 64)),
    )
    timeline = phone.trace(BOTH, samples=0)
    (item,) = found(timeline, BOTH).breaks
    assert (item.good, item.bad, item.since) == (
        timestamp(day(77)),
        timestamp(day(80)),
        timestamp(day(77, 5)),
    )
    # Both ends, a bisection of 64 days of releases, and the good side with the culprit.
    assert timeline.builds == 2 + log2(64) + 1


def test_what_a_check_is_about_is_looked_at_before_what_else_its_failure_names(
    phone: Phone,
) -> None:
    # The complaint names numbers too, whose releases come every four days.
    phone.index.add(
        wants_new_numbers("contacts", "2.1", day(61, 10)),
        *(Release("numbers", f"3.{number}", uploaded=day(4 * number)) for number in range(1, 64)),
    )
    timeline = phone.trace(CONTACTS, samples=0)
    (item,) = found(timeline, CONTACTS).breaks
    assert (item.good, item.bad) == (timestamp(day(61)), timestamp(day(62)))
    assert [culprit.name for culprit in item.culprits] == ["contacts"]
    # Both ends, both sides of the one day, and the good side with the culprit.
    assert timeline.builds == 2 + 2 + 1


RADIO = """
[[stages]]
name = "radio"
step = "Install the radio."
requirements = ["music==1.0"]
"""


def test_what_moves_a_thing_that_the_failure_names_is_tried_first(phone: Phone) -> None:
    phone.matrix = parse_matrix(toml(PHONE + RADIO), file="phone.toml")
    phone.index.add(
        Release("contacts", "2.5", requires=["numbers<3"]),
        Release("music", "1.0", requires=["antenna", "knob", "radio", "speaker"]),
        *(Release(name, "1.0") for name in ("antenna", "knob", "radio", "speaker")),
        *(Release(name, "1.1", uploaded=day(60, 9)) for name in ("antenna", "knob", "speaker")),
        Release("radio", "1.1", requires=["numbers>=3"], uploaded=day(60, 9)),
    )
    timeline = phone.trace(CONTACTS, samples=0)
    (item,) = found(timeline, CONTACTS).breaks
    assert item.confirmed
    assert [culprit.name for culprit in item.culprits] == ["radio"]
    assert timeline.builds == 2 + 1


def test_a_check_that_never_worked_says_when_it_was_asked(phone: Phone) -> None:
    phone.matrix = parse_matrix(toml(PHONE.replace("2.9", "2.7")), file="phone.toml")
    phone.index.add(Release("numbers", "2.7", modules={"numbers_.py": ""}))
    timeline = phone.trace(NEVER, samples=3)
    assert found(timeline, NEVER).state == "never-worked"
    assert found(timeline, NEVER).breaks == ()
    assert [(item.as_of, item.passed) for item in found(timeline, NEVER).asked] == [
        (timestamp(day(number)), False) for number in (0, 64, 128, 192, 256)
    ]
    assert timeline.builds == 5


def test_a_break_and_a_later_fix_are_both_told(phone: Phone) -> None:
    phone.index.add(
        wants_new_numbers("lamps", "1.1", day(60)), Release("lamps", "1.2", uploaded=day(150))
    )
    history = found(phone.trace(LAMPS), LAMPS)
    assert history.state == "changed-often"
    assert history.breaks == (broke_by(60, 61, "lamps", ("1.0", "1.1"), day(60)),)
    assert history.fixes == (
        broke(
            151,
            150,
            moved("lamps", "1.1", "1.2", day(150)),
            since=day(150),
            reason=replaces("lamps", "1.1", "1.2", day(150)),
        ),
    )


def test_what_fails_works_and_fails_again_is_not_forced_into_one_break(phone: Phone) -> None:
    phone.index.add(
        wants_new_numbers("lamps", "1.1", day(-5)),
        Release("lamps", "1.2", uploaded=day(60)),
        wants_new_numbers("lamps", "1.3", day(150)),
    )
    history = found(phone.trace(LAMPS), LAMPS)
    assert history.state == "changed-often"
    assert [item.since for item in history.fixes] == [timestamp(day(60))]
    assert [item.since for item in history.breaks] == [timestamp(day(150))]
    assert [item.passed for item in history.asked] == [False] * 2 + [True] * 3 + [False] * 2


def test_a_yanked_release_is_no_culprit_but_is_spoken_of(phone: Phone) -> None:
    lost = wants_new_numbers("contacts", "2.1", day(60))
    phone.index.add(
        replace(lost, yanked="lost all names"), wants_new_numbers("contacts", "2.2", day(140, 6))
    )
    timeline = phone.trace(CONTACTS, samples=0)
    assert found(timeline, CONTACTS).breaks == (
        broke_by(140, 141, "contacts", ("2.0", "2.2"), day(140, 6)),
    )
    assert timeline.notes == (
        (
            "contacts 2.1, uploaded 2025-03-02T00:00:00Z, was yanked since: installers pass over "
            "it as of any date, so what it did cannot be seen now"
        ),
    )


def test_two_releases_guilty_only_together_are_both_named(phone: Phone) -> None:
    phone.index.add(
        Release("bells", "2.0", uploaded=day(60, 9)),
        Release("contacts", "2.0.1", uploaded=day(60, 12)),
        Release("lamps", "2.0", uploaded=day(60, 15)),
    )
    history = found(phone.trace(BOTH, samples=0), BOTH)
    guilty = replaces("bells", "1.0", "2.0", day(60, 9))
    assert history.breaks == (
        broke(
            0,
            256,
            moved("bells", "1.0", "2.0", day(60, 9)),
            moved("lamps", "1.0", "2.0", day(60, 15)),
            since=day(60, 15),
            reason=f"{guilty}; and {replaces('lamps', '1.0', '2.0', day(60, 15))}",
        ),
    )


def test_of_two_guilty_ones_on_different_days_the_later_broke_it(phone: Phone) -> None:
    phone.index.add(
        Release("bells", "2.0", uploaded=day(60)), Release("lamps", "2.0", uploaded=day(90))
    )
    (item,) = found(phone.trace(BOTH, samples=0), BOTH).breaks
    assert item.culprits == (moved("lamps", "1.0", "2.0", day(90)),)
    assert (item.good, item.confirmed) == (timestamp(day(90)), True)


def test_a_row_that_cannot_be_built_at_first_is_traced_from_when_it_can(phone: Phone) -> None:
    text = PHONE.replace('version = "1.0"', 'version = "1.5"', 1)
    phone.matrix = parse_matrix(toml(text), file="phone.toml")
    phone.index.add(
        Release("phone", "1.5", requires=["contacts", "bells", "lamps"], uploaded=day(40, 7)),
        wants_new_numbers("contacts", "2.1", day(60, 10)),
    )
    timeline = phone.trace(CONTACTS, samples=0)
    assert timeline.buildable_since == timestamp(day(41))
    assert found(timeline, CONTACTS).breaks[0].since == timestamp(day(60, 10))
    first = Asked(as_of=timestamp(SINCE), passed=None, why="there is no phone 1.5")
    assert found(timeline, CONTACTS).asked[0] == first


def test_a_release_that_cannot_be_built_is_named(phone: Phone) -> None:
    phone.index.add(
        Release("contacts", "2.0.1", uploaded=day(30)),
        Release("contacts", "2.1", uploaded=day(60, 10), form="broken-sdist"),
    )
    timeline = phone.trace(samples=0)
    assert [(item.id, item.state) for item in timeline.checks] == [("stage:phone", "broke")]
    (item,) = timeline.checks[0].breaks
    assert (item.good, item.bad, item.confirmed) == (
        timestamp(day(60)),
        timestamp(day(61)),
        True,
    )
    assert item.culprits == (moved("contacts", "2.0.1", "2.1", day(60, 10)),)
    came = "contacts 2.1, uploaded 2025-03-02T10:00:00Z: "
    assert item.reason == f"{came}contacts 2.1 cannot be built"


def test_what_took_something_away_is_named(phone: Phone) -> None:
    phone.index.add(
        Release("cord", "1.0"),
        Release("lamps", "1.1", requires=["cord"], uploaded=day(-10)),
        Release("bells", "1.1", requires=["cord"], uploaded=day(-10)),
        Release("contacts", "2.0.1", uploaded=day(60)),
        Release("lamps", "1.2", uploaded=day(60)),
        Release("bells", "1.2", uploaded=day(60)),
    )
    phone.bench.write("tests/stack/workloads/test_both.py", WORKLOADS.replace("lamps", "cord"))
    (item,) = found(phone.trace(BOTH, samples=0), BOTH).breaks
    assert item.confirmed
    assert [culprit.name for culprit in item.culprits] == ["bells", "lamps"]


def test_a_release_that_a_later_stage_replaced_is_named_by_what_it_brought(phone: Phone) -> None:
    hold = (
        '[[stages]]\nname = "hold"\nstep = "Hold the bells."\nrequirements = ["clapper==1.0"]\n\n'
    )
    text = PHONE.replace("[[stages]]", f"{hold}[[stages]]", 1)
    phone.matrix = parse_matrix(toml(text), file="phone.toml")
    phone.index.add(
        Release("clapper", "1.0", requires=["wire<2"]),
        Release("wire", "1.0"),
        Release("wire", "2.0", uploaded=day(30)),
        Release("numbers", "3.1", requires=["wire>=2"], uploaded=day(60, 5)),
        Release("lamps", "1.1", uploaded=day(60, 9)),
    )
    (item,) = found(phone.trace("pip-check:clapper", samples=0), "pip-check:clapper").breaks
    assert item.confirmed
    assert item.culprits == (moved("numbers", "3.0", "3.1", day(60, 5)),)
    assert item.since == timestamp(day(60, 5))
    assert item.reason == (
        "numbers 3.1, uploaded 2025-03-02T05:00:00Z, requires wire>=2 and so moves wire from "
        "1.0 to 2.0, which is not what clapper 1.0 requires (wire<2)"
    )


def test_a_run_of_the_day_answers_for_the_later_end(phone: Phone) -> None:
    phone.index.add(wants_new_numbers("contacts", "2.1", day(60, 10)))
    plan = phone.row.at(UNTIL)
    verdict, evidence = phone.bench.verify(plan)
    phone.like = Found.of(evidence, verdict)
    timeline = phone.trace(samples=0)
    assert [item.id for item in timeline.checks] == ["pip-check:*", CONTACTS]
    assert "every check" not in phone.bench.output.getvalue()


def test_a_run_goes_on_where_another_was_interrupted_and_a_third_costs_nothing(
    phone: Phone,
) -> None:
    phone.index.add(
        wants_new_numbers("contacts", "2.1", day(60, 10)),
        Release("contacts", "2.0.9", uploaded=day(30)),
    )
    phone.interrupt(CONTACTS, after=2)
    second = phone.trace(CONTACTS, samples=0)
    assert found(second, CONTACTS).breaks[0].culprits == (
        moved("contacts", "2.0.9", "2.1", day(60, 10)),
    )
    assert (second.builds, second.built) == (5, 3)
    phone.bench.output.truncate(0)
    third = phone.trace(CONTACTS, samples=0)
    assert third == second.model_copy(update={"built": 0})
    assert "as of" not in phone.bench.output.getvalue()


def test_probes_of_another_index_answer_nothing(phone: Phone) -> None:
    assert phone.trace(CONTACTS, samples=0).built == 2
    assert phone.trace(CONTACTS, samples=0).built == 0
    phone.bench.environ["UV_EXTRA_INDEX_URL"] = phone.index.url
    assert phone.trace(CONTACTS, samples=0).built == 2


def timeline_of(*checks: CheckHistory) -> Timeline:
    return Timeline(
        matrix="phone",
        row="plain",
        since=timestamp(SINCE),
        until=timestamp(UNTIL),
        buildable_since=timestamp(SINCE),
        builds=5,
        built=2,
        checks=checks,
        notes=("lamps 1.1 was yanked",),
    )


def history(
    check: str, state: State, *breaks: Break, fixes: tuple[Break, ...] = ()
) -> CheckHistory:
    asked = (
        Asked(as_of=timestamp(SINCE), passed=False, why="no light"),
        Asked(as_of=timestamp(UNTIL), passed=None),
    )
    return CheckHistory(id=check, state=state, breaks=breaks, fixes=fixes, asked=asked)


def test_the_table_says_what_turned_when_and_why() -> None:
    lamps = moved("lamps", "1.0", "1.1", day(60))
    seen = broke(0, 128, lamps, since=day(60), reason="lamps 1.1 has no light")
    unseen = seen.model_copy(update={"confirmed": False, "since": None, "reason": "who knows"})
    mended = broke(256, 128, lamps, since=day(200), reason="lamps 1.2 has light")
    timeline = timeline_of(
        history("smoke:a", "broke", seen),
        history("smoke:b", "broke", unseen),
        history("smoke:c", "changed-often", seen, fixes=(mended,)),
        history("smoke:d", "never-worked"),
    )
    output = StringIO()
    print_timeline(timeline, Console(file=output, width=150))
    lines = [" ".join(line.split()) for line in output.getvalue().splitlines()]
    assert lines[4:] == [
        "│ smoke:a │ broke 2025-03-02T00:00:00Z │ lamps 1.1 has no light │",
        "│ smoke:b │ broke by 2025-05-09T00:00:00Z │ not confirmed: who knows (lamps 1.1) │",
        (
            "│ smoke:c │ broke 2025-03-02T00:00:00Z, fixed 2025-07-20T00:00:00Z "
            "│ lamps 1.1 has no light │"
        ),
        "│ │ │ lamps 1.2 has light │",
        (
            "│ smoke:d │ never worked when asked (2 times, from 2025-01-01T00:00:00Z to "
            "2025-09-14T00:00:00Z) │ as of 2025-01-01T00:00:00Z: no light │"
        ),
        lines[9],
        "lamps 1.1 was yanked",
        ("phone/plain can be installed as of 2025-01-01T00:00:00Z; 5 builds, 2 of them made now"),
    ]
    page = timeline_markdown(timeline)
    assert "| `smoke:a` | broke 2025-03-02T00:00:00Z | lamps 1.1 has no light |" in page
    assert "lamps 1.1 was yanked" in page
