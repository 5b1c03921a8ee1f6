"""No verdict on the network: pages and metadata files that are none, with real uv and pip."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from support.index import Fault, Index
from support.matrices import PYTHON, row_stage
from support.wheels import Release
from support.workbench import RELEASES, Bench

from stackproof.errors import CannotJudgeError
from stackproof.evidence.records import StageRecord
from stackproof.index.client import IndexClient
from stackproof.installers.pages import doubts
from stackproof.installers.resolver import Refused, Resolver, Wanted

#: `parent` has an older release that wants no `child`; an installer falls back on it.
FAMILY = (
    Release("parent", "1.0"),
    Release("parent", "2.0", requires=["child>=1,!=1.2"]),
    Release("child", "0.5"),
    Release("child", "1.0"),
)

LONG_AGO = datetime(2025, 6, 1, tzinfo=timezone.utc)

pytestmark = [pytest.mark.fault(name) for name in ("A2", "B1", "9")]


@pytest.fixture
def index() -> Iterator[Index]:
    with Index(*FAMILY) as served:
        yield served


def build(bench: Bench, requirement: str, installer: str) -> StageRecord:
    """Install one requirement as a stage."""
    plan = bench.plan(row_stage("last", requirement), installer=installer)
    (record,) = bench.last_stage(plan).stages()
    return record


@pytest.mark.parametrize("installer", ["uv", "pip"])
@pytest.mark.parametrize(
    ("fault", "requirement"),
    [
        (Fault.GARBAGE, "parent>=1"),
        (Fault.EMPTY, "parent==2.0"),
        (Fault.GARBAGE, "child==1.0"),
    ],
)
def test_a_page_that_is_none_proves_nothing(
    bench: Bench, index: Index, installer: str, fault: Fault, requirement: str
) -> None:
    index.fail(fault, "child", place="page")
    record = build(bench, requirement, installer)
    assert record.failure == "index"
    assert f"{index.url} does not answer as a package index (its page of child" in record.message


@pytest.mark.parametrize(
    ("installer", "fault", "requirement"),
    [
        ("uv", Fault.GARBAGE, "parent>=1"),
        ("uv", Fault.EMPTY, "child>=0.5"),
        ("uv", Fault.LOOP, "child==1.0"),
        ("uv", Fault.GARBAGE, "child==1.0"),
        ("pip", Fault.GARBAGE, "child==1.0"),
    ],
)
def test_metadata_that_is_none_proves_nothing(
    bench: Bench, index: Index, installer: str, fault: Fault, requirement: str
) -> None:
    index.fail(fault, "child", place="metadata")
    assert build(bench, requirement, installer).failure in ("index", "unknown")


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_page_that_was_none_for_a_moment_is_asked_for_again(
    bench: Bench, index: Index, installer: str
) -> None:
    index.fail(Fault.GARBAGE, "child", place="page", times=1)
    record = build(bench, "child==1.0", installer)
    assert (record.failure, record.tries) == (None, 2)
    assert record.drift.added == {"child": (None, "1.0")}


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_what_was_installed_by_a_page_of_a_moment_proves_nothing(
    bench: Bench, index: Index, installer: str
) -> None:
    index.fail(Fault.GARBAGE, "child", place="page", times=1)
    record = build(bench, "parent>=1", installer)
    assert (record.failure, record.exit, record.tries) == ("index", 0, 1)
    assert "found no such version of child" in record.message


def test_a_row_is_not_judged_by_a_page_that_is_none(bench: Bench, index: Index) -> None:
    index.add(*RELEASES)
    index.fail(Fault.GARBAGE, "gamma", place="page")
    verdict, _ = bench.verify(bench.plan())
    assert verdict.verdict == "unjudged"
    assert "its page of gamma lists no file" in (verdict.trouble or "")


@pytest.mark.parametrize("requirement", ["parent", "parent==2.0", "child==1.0"])
def test_no_resolution_rests_on_a_page_that_is_none(
    tmp_path: Path, bench: Bench, index: Index, requirement: str
) -> None:
    wanted = Wanted(requirements=(requirement,), python=PYTHON, preferences={}, as_of=LONG_AGO)
    with IndexClient(tmp_path / "cache") as client:
        resolver = Resolver(client=client, index=index.url, environ=bench.environ)
        index.fail(Fault.GARBAGE, "child", place="page")
        with pytest.raises(CannotJudgeError, match="its page of child lists no file"):
            resolver.resolve(wanted)
        index.mend()
        index.fail(Fault.EMPTY, "child", place="page", times=1)
        answer = resolver.resolve(wanted)
    assert not isinstance(answer, Refused)
    assert answer["child"].version == "1.0"


def test_metadata_that_is_none_is_no_answer_of_a_resolution(
    tmp_path: Path, bench: Bench, index: Index
) -> None:
    index.fail(Fault.GARBAGE, "child", place="metadata")
    wanted = Wanted(requirements=("child==1.0",), python=PYTHON, preferences={})
    with IndexClient(tmp_path / "cache") as client:
        resolver = Resolver(client=client, index=index.url, environ=bench.environ)
        with pytest.raises(CannotJudgeError):
            resolver.resolve(wanted)


def test_what_is_no_page_is_not_kept(tmp_path: Path, index: Index) -> None:
    with IndexClient(tmp_path / "cache") as client:
        index.fail(Fault.GARBAGE, "child", place="page", times=1)
        with pytest.raises(CannotJudgeError, match="its page of child lists no file"):
            client.project(index.url, "child")
        found = client.project(index.url, "child")
    assert found is not None
    assert [str(version) for version in found.releases()] == ["0.5", "1.0"]


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("*", ""),
        (">=1.0, <1.0+", ">=1.0, <1.0+"),
        (">=1, <1.5 | >=1.5+", ">=1, <1.5 | >=1.5+"),
    ],
)
def test_uv_says_which_range_it_found_nothing_in(text: str, ranges: str) -> None:
    said = (
        "DEBUG Searching for a compatible version of alpha (<=1.0)\n"
        "DEBUG Selecting: alpha==1.0 [compatible] (alpha-1.0-py3-none-any.whl)\n"
        f"DEBUG Searching for a compatible version of gamma ({text})\n"
        "DEBUG No compatible version found for: gamma\n"
        "DEBUG Searching for a compatible version of py (>=1)\n"
        "DEBUG No compatible version found for: Python\n"
    )
    found = doubts(said)
    assert found.ranges == {("gamma", ranges)}
    assert found.releases == frozenset()
