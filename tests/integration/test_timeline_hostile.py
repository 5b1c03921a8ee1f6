"""Timelines on bad days: files that come late, indexes that fail, suites that end early, typos."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.faults import Fault
from support.index import Index
from support.phones import (
    BELLS,
    BOTH,
    CONTACTS,
    LAMPS,
    PHONE,
    WORKLOADS,
    Phone,
    because,
    broke,
    broke_by,
    day,
    found,
    moved,
    wants_new_numbers,
)
from support.wheels import Release
from support.workbench import Bench, toml, torn_once

from stackproof.base.times import timestamp
from stackproof.errors import CannotJudgeError, StackproofError
from stackproof.matrix.load import parse_matrix

#: A wheel that installers take in place of one for any Python 3.
CLOSER = f"py{sys.version_info.major}{sys.version_info.minor}-none-any"


@pytest.fixture
def phone(bench: Bench, index: Index, tmp_path: Path) -> Phone:
    return Phone(bench, index, tmp_path / "index-cache")


def test_a_file_that_came_later_under_the_same_version_is_named(phone: Phone) -> None:
    phone.index.add(
        Release("contacts", "2.1", uploaded=day(-3)),
        Release("contacts", "2.1", requires=["numbers>=3"], uploaded=day(60, 10), tags=CLOSER),
        Release("bells", "1.1", uploaded=day(20)),
    )
    timeline = phone.trace(CONTACTS)
    assert found(timeline, CONTACTS).breaks == (
        broke(
            60,
            61,
            moved("contacts", "2.1", "2.1", day(60, 10)),
            since=day(60, 10),
            reason=f"another file of {because('contacts', '2.1', day(60, 10))}",
        ),
    )


def test_of_two_that_break_it_alone_on_one_day_the_earlier_is_named(phone: Phone) -> None:
    phone.index.add(
        Release("contacts", "2.0.1", uploaded=day(60, 1)),
        wants_new_numbers("lamps", "1.1", day(60, 3)),
        wants_new_numbers("bells", "1.1", day(60, 9)),
    )
    timeline = phone.trace("pip-check:*", BELLS, LAMPS, samples=0)
    assert [item.breaks[0].since for item in timeline.checks] == [
        timestamp(day(60, hour)) for hour in (3, 9, 3)
    ]
    assert [item.breaks[0].culprits[0].name for item in timeline.checks] == [
        "lamps",
        "bells",
        "lamps",
    ]


def test_of_several_releases_of_one_day_the_one_that_broke_it_is_named(phone: Phone) -> None:
    phone.index.add(
        Release("contacts", "2.0.1", uploaded=day(60, 1)),
        wants_new_numbers("contacts", "2.1", day(60, 10)),
        wants_new_numbers("contacts", "2.1.1", day(60, 14)),
        wants_new_numbers("contacts", "2.1.2", day(60, 21)),
    )
    timeline = phone.trace(CONTACTS, samples=0)
    assert found(timeline, CONTACTS).breaks == (
        broke_by(60, 61, "contacts", ("2.0", "2.1"), day(60, 10)),
    )
    # Both ends, both sides of the day, the good side with the culprit, and a bisection of the day.
    assert timeline.builds == 2 + 2 + 1 + 2


def test_the_day_of_a_release_is_counted_in_utc_wherever_it_was_uploaded(phone: Phone) -> None:
    home = timezone(timedelta(hours=9))
    uploaded = day(60, 20).astimezone(home)  # the next day there
    phone.index.add(
        wants_new_numbers("contacts", "2.1", uploaded), Release("bells", "1.1", uploaded=day(90))
    )
    (item,) = found(phone.trace(CONTACTS), CONTACTS).breaks
    assert (item.good, item.bad, item.since) == (
        timestamp(day(60)),
        timestamp(day(61)),
        timestamp(day(60, 20)),
    )


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (
            "pip-check:contcats",
            (
                "nothing that the row installs as of either end can give 'pip-check:contcats'; "
                "did you mean 'contacts'?"
            ),
        ),
        ("import:fone", "the row has no check 'import:fone'; did you mean 'import:phone' or "),
    ],
)
def test_a_check_that_nobody_can_ask_is_no_check_that_works(
    phone: Phone, check: str, message: str
) -> None:
    with pytest.raises(StackproofError) as caught:
        phone.trace(check, samples=0)
    assert str(caught.value).startswith(message)


def test_a_workload_that_is_nowhere_is_named(phone: Phone) -> None:
    with pytest.raises(CannotJudgeError) as caught:
        phone.trace("smoke:botj", samples=0)
    assert "the suite has no check smoke:botj" in str(caught.value)


@pytest.mark.fault("index")
def test_an_index_without_upload_times_gives_no_answer(phone: Phone) -> None:
    phone.index.add(Release("lamps", "1.1", uploaded=None))
    for _ in range(2):  # what was found on the way counts for nothing later either
        with pytest.raises(CannotJudgeError) as caught:
            phone.trace(samples=0)
        assert "the package index does not say when files were uploaded" in str(caught.value)


@pytest.mark.fault("index")
def test_an_index_that_fails_half_way_gives_no_answer_and_loses_none(phone: Phone) -> None:
    phone.index.add(
        wants_new_numbers("contacts", "2.1", day(60, 10)),
        Release("contacts", "2.0.9", uploaded=day(30)),
    )
    phone.interrupt(CONTACTS, after=2)
    phone.index.fail(Fault.SERVER_ERROR, "lamps")
    with pytest.raises(CannotJudgeError) as caught:
        phone.trace(CONTACTS, samples=0)
    assert "the package index" in str(caught.value)
    phone.index.mend()
    timeline = phone.trace(CONTACTS, samples=0)
    assert found(timeline, CONTACTS).breaks[0].since == timestamp(day(60, 10))
    assert (timeline.builds, timeline.built) == (5, 3)


def test_a_probe_that_could_not_be_judged_is_no_answer_later(phone: Phone) -> None:
    never = WORKLOADS.replace("!=", "==")
    phone.bench.write("tests/stack/workloads/test_both.py", torn_once(phone.bench.root) + never)
    with pytest.raises(CannotJudgeError) as caught:
        phone.trace(samples=0)
    assert "not today" in str(caught.value)
    timeline = phone.trace(samples=0)
    assert [(item.id, item.state) for item in timeline.checks] == [(BOTH, "never-worked")]


def test_a_row_with_a_date_of_its_own_can_be_traced_past_it(phone: Phone) -> None:
    text = f"{PHONE}as-of = 2025-02-01T00:00:00Z\n"
    phone.matrix = parse_matrix(toml(text), file="phone.toml")
    phone.index.add(wants_new_numbers("contacts", "2.1", day(60, 10)))
    assert [item.state for item in phone.trace(samples=0).checks] == ["broke", "broke"]


def test_a_row_that_can_be_built_as_of_no_date_says_so(phone: Phone) -> None:
    text = PHONE.replace('version = "1.0"', 'version = "7.0"', 1)
    phone.matrix = parse_matrix(toml(text), file="phone.toml")
    timeline = phone.trace(samples=0)
    assert [(item.id, item.state) for item in timeline.checks] == [("stage:phone", "never-worked")]
    assert timeline.buildable_since is None


def test_a_row_that_is_older_than_all_releases_is_traced_from_the_first_day(
    phone: Phone,
) -> None:
    phone.index.add(wants_new_numbers("contacts", "2.1", day(60, 10)))
    phone.since = datetime(2019, 6, 1, tzinfo=timezone.utc)
    timeline = phone.trace(CONTACTS, samples=0)
    assert timeline.buildable_since == "2020-01-02T00:00:00Z"
    assert found(timeline, CONTACTS).breaks[0].since == timestamp(day(60, 10))


#: Fails in one way where only one of two came, and in another through what came later that day,
#: which speaks of the innocent one too.
TWO_WAYS = """\
import pytest


@pytest.mark.workload("both", needs=("phone",), seconds=0.1, timeout=60)
def test_both() -> None:
    from importlib.metadata import version

    if (version("bells"), version("lamps")) == ("2.0", "1.0"):
        pytest.fail("mismatch")
    if version("contacts") == "2.1":
        pytest.fail("unlike bells, the real one")
"""


@pytest.mark.parametrize(
    "others",
    [
        (),
        # As of the instant after the innocent one the row cannot be built.
        (
            Release("contacts", "2.0.5", uploaded=day(60, 1), form="broken-sdist"),
            Release("contacts", "2.0.6", uploaded=day(60, 8)),
        ),
    ],
)
def test_what_breaks_it_only_without_what_came_before_is_innocent(
    phone: Phone, others: tuple[Release, ...]
) -> None:
    phone.bench.write("tests/stack/workloads/test_both.py", TWO_WAYS)
    phone.index.add(
        Release("lamps", "2.0", uploaded=day(60, 1)),
        Release("bells", "2.0", uploaded=day(60, 2)),
        *others,
        Release("contacts", "2.1", uploaded=day(60, 9)),
    )
    timeline = phone.trace(BOTH, samples=0)
    (item,) = found(timeline, BOTH).breaks
    before = "2.0.6" if others else "2.0"
    assert (item.culprits, item.confirmed) == (
        (moved("contacts", before, "2.1", day(60, 9)),),
        True,
    )
    assert (item.good, item.bad) == (timestamp(day(60, 9)), timestamp(day(61)))


@pytest.mark.fault("2")
def test_a_failure_is_traced_though_a_workload_was_skipped_that_may_not_be(phone: Phone) -> None:
    skips = '\n\n@pytest.mark.workload("idle", needs=("phone",), seconds=0.1, timeout=60)\n'
    skips += 'def test_idle() -> None:\n    pytest.skip("no line today")\n'
    phone.bench.write("tests/stack/workloads/test_both.py", WORKLOADS + skips)
    phone.index.add(wants_new_numbers("contacts", "2.1", day(60, 10)))
    timeline = phone.trace(samples=0)
    assert found(timeline, CONTACTS).breaks[0].since == timestamp(day(60, 10))
