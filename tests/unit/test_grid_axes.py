"""What an axis may be asked to be, and which releases that means."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from stackproof.errors import StackproofError
from stackproof.index.releases import File, Project
from stackproof.metadata.grid.axes import choose_axis, parse_axis

NOW = datetime(2025, 8, 1, tzinfo=timezone.utc)


def _file(version: str, year: int | None = 2024, yanked: str | None = None) -> File:
    name = f"thing-{version}-py3-none-any.whl"
    uploaded = f"{year}-02-01T00:00:00+00:00" if year else None
    return File(
        filename=name,
        version=version,
        url=f"https://x/{name}",
        requires_python=None,
        yanked=yanked,
        uploaded=uploaded,
        has_metadata=True,
        sha256=None,
        metadata_sha256=None,
    )


THING = Project(
    "thing",
    (
        _file("1.0", 2019),
        _file("1.1.0", 2021),
        _file("1.1.1", 2023),
        _file("1.2.0", 2023),
        _file("1.2.1", 2024, "bad"),
        _file("1.3.0rc1"),
        _file("1.10.0"),
        _file("2.0.0", 2026),
    ),
)


def _chosen(text: str, *, first: bool = False, as_of: datetime | None = None) -> tuple[str, ...]:
    axis = choose_axis(parse_axis(text), THING, as_of=as_of, now=NOW, first=first)
    assert axis.name == "thing"
    return axis.versions


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ("thing=1.1,1.0", ("1.0", "1.1.0")),
        ("Thing=1.10", ("1.10.0",)),
        ("thing=1.3.0rc1", ("1.3.0rc1",)),
        ("thing>=1.1,<2", ("1.1.1", "1.2.0", "1.10.0")),
        ("thing==1.1.*", ("1.1.1",)),
        ("thing>1.1.0", ("1.1.1", "1.2.0", "1.10.0", "2.0.0")),
        ("thing", ("1.2.0", "1.10.0", "2.0.0")),
    ],
)
def test_an_axis_is_a_list_a_range_or_the_recent_minors(
    text: str, versions: tuple[str, ...]
) -> None:
    assert _chosen(text) == versions


def test_the_first_patch_of_each_minor_can_be_asked_for() -> None:
    assert _chosen("thing>=1.0,<2", first=True) == ("1.0", "1.1.0", "1.2.0", "1.10.0")


def test_a_cut_off_hides_what_came_after_it() -> None:
    assert _chosen("thing>=1.10", as_of=NOW) == ("1.10.0",)
    assert _chosen("thing", as_of=datetime(2023, 6, 1, tzinfo=timezone.utc)) == ("1.1.1", "1.2.0")


@pytest.mark.parametrize(
    "text",
    [
        "thing =1",
        "thing=",
        "thing=1,two",
        "thing[x]>=1",
        "thing>=one",
        "-e",
        "thing; 1",
        "",
        "a=1,",
    ],
)
def test_what_is_no_axis_is_refused(text: str) -> None:
    with pytest.raises(StackproofError, match="is no axis"):
        parse_axis(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "thing=1.4",
            "there is no release 1.4 of thing; the nearest are 1.1.0, 1.1.1, 1.2.0",
        ),
        (
            "thing=1.2.1",
            "release 1.2.1 of thing was yanked; the nearest are 1.1.0, 1.1.1, 1.2.0",
        ),
        ("thing>=3", "thing has no release >=3 that can be asked for"),
    ],
)
def test_a_release_that_cannot_be_had_is_refused(text: str, message: str) -> None:
    with pytest.raises(StackproofError) as caught:
        _chosen(text)
    assert str(caught.value) == message


def test_a_distribution_that_is_not_there_is_refused() -> None:
    with pytest.raises(StackproofError, match=r"the index has no release of 'thing'$"):
        choose_axis(parse_axis("thing"), None, as_of=None, now=NOW)
    with pytest.raises(StackproofError, match="no release of 'thing' as of 2010-01-01"):
        _chosen("thing", as_of=datetime(2010, 1, 1, tzinfo=timezone.utc))


def test_a_name_alone_needs_a_minor_of_late() -> None:
    old = Project("thing", (_file("1.0", 2019), _file("1.0.1", 2024)))
    with pytest.raises(StackproofError) as caught:
        choose_axis(parse_axis("thing"), old, as_of=None, now=NOW)
    assert str(caught.value) == (
        "no minor of thing began in the last three years; name versions or a range"
    )


def test_recent_minors_need_upload_times() -> None:
    silent = Project("thing", (_file("1.0", None),))
    with pytest.raises(StackproofError, match="does not say when releases came"):
        choose_axis(parse_axis("thing"), silent, as_of=None, now=NOW)
