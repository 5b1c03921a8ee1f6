"""What becomes of a cell: real resolutions against a made-up index, good and bad."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from support.grid_bench import RELEASES, Board, rows
from support.index import Fault, Index, Offers
from support.wheels import Release

from stackproof.errors import CannotJudgeError
from stackproof.metadata.grid.record import Cell, Demand, Grid
from stackproof.report.grid import summary


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    with Index(*RELEASES) as index:
        yield Board(root=tmp_path, index=index)


def _only(grid: Grid) -> Cell:
    (cell,) = grid.cells
    return cell


def test_a_grid_has_a_cell_for_each_two_versions(board: Board) -> None:
    found = board.make("host=1.0,2.0", "guest=1.0,1.1,1.2,1.3")
    assert rows(found) == {"1.0": ".x..", "2.0": "..xx"}
    assert (found.count("compatible"), found.count("conflict"), found.count("unknown")) == (5, 3, 0)
    assert found.exit_code == 0


def test_a_conflict_of_two_requirements_needs_no_resolution(board: Board) -> None:
    cell = _only(board.make("host=1.0", "guest=1.1"))
    assert (cell.state, cell.how) == ("conflict", "metadata")
    assert cell.reason == "host 1.0 requires shared<2 and guest 1.1 requires shared>=2"
    assert cell.demands == (
        Demand(by="host 1.0", on="shared", range="<2"),
        Demand(by="guest 1.1", on="shared", range=">=2"),
    )


def test_what_is_pinned_exactly_counts_as_well(board: Board) -> None:
    cell = _only(board.make("host=2.0", "guest=1.2"))
    assert (cell.state, cell.how) == ("conflict", "metadata")
    assert cell.reason == (
        "host 2.0 requires shared>=2 and middle 1.0 (which guest 1.2 requires) requires shared<2"
    )


def test_a_requirement_of_the_other_side_itself_is_a_conflict(board: Board) -> None:
    cell = _only(board.make("host=2.0", "guest=2.4"))
    assert cell.reason == "the cell has host==2.0 and guest 2.4 requires host<2"


def test_a_conflict_of_all_versions_of_something_takes_the_resolver(board: Board) -> None:
    cell = _only(board.make("host=2.0", "guest=1.3"))
    assert (cell.state, cell.how) == ("conflict", "resolution")
    assert [(demand.on, demand.through) for demand in cell.demands] == [
        ("shared", "guest 1.3"),
        ("shared", None),
    ]
    assert cell.reason == (
        "middle (which guest 1.3 requires) requires shared<2 and host 2.0 requires shared>=2"
    )


def test_a_requirement_that_nothing_meets_is_a_conflict(board: Board) -> None:
    cell = _only(board.make("host=1.0", "guest=2.5"))
    assert (cell.state, cell.how) == ("conflict", "resolution")


def test_a_source_distribution_is_built_to_know_what_it_requires(board: Board) -> None:
    assert _only(board.make("host=1.0", "guest=2.0")).state == "compatible"


def test_without_builds_a_source_distribution_is_not_known(board: Board) -> None:
    found = board.make("host=1.0", "guest=1.0,2.0", builds=False)
    assert rows(found) == {"1.0": ".?"}
    assert found.cells[1].reason == "source has no wheel, and its metadata would need a build"
    assert found.notes == (
        "nothing is built: where only a build could tell, the cell is not known",
    )


def test_without_builds_a_conflict_is_still_one(board: Board) -> None:
    board.index.add(Release("guest", "2.6", requires=["source", "shared>=2"]))
    assert rows(board.make("host=1.0", "guest=2.6", builds=False)) == {"1.0": "x"}


@pytest.mark.parametrize(
    ("guest", "reason"),
    [
        ("2.1", "the metadata of mute 1.0 needs a build, and the build failed"),
        ("2.2", "future 1.0 requires Python>=3.99"),
        ("2.3", "elsewhere has no file that fits"),
        ("3.0", "guest 3.0 has no file for Python "),
        ("3.1", "guest 3.1 has no file for Python "),
    ],
)
def test_what_is_not_known_is_no_conflict(board: Board, guest: str, reason: str) -> None:
    found = board.make("host=1.0,2.0", f"guest={guest}")
    assert [cell.state for cell in found.cells] == ["unknown", "unknown"]
    assert found.cells[0].reason.startswith(reason)
    assert found.exit_code == 2


def test_a_failed_build_is_not_remembered_and_a_proof_is(board: Board) -> None:
    as_of = datetime(2025, 1, 1, tzinfo=timezone.utc)
    kept = board.root / "cache" / "answers" / "resolution"
    assert _only(board.make("host=1.0", "guest=2.1", as_of=as_of)).state == "unknown"
    assert list(kept.glob("*.json")) == []
    assert _only(board.make("host=1.0", "guest=2.5", as_of=as_of)).state == "conflict"
    assert len(list(kept.glob("*.json"))) == 1


def test_an_index_that_fails_for_something_makes_its_cells_unknown(board: Board) -> None:
    board.index.fail(Fault.SERVER_ERROR, "middle")
    found = board.make("host=1.0", "guest=1.0,1.3")
    assert rows(found) == {"1.0": ".?"}
    assert "the resolution of host==1.0, guest==1.3 failed" in found.cells[1].reason


def test_a_cell_ends_at_its_time_limit(board: Board) -> None:
    board.index.fail(Fault.HANG, "middle")
    board.limit = 0.7
    found = board.make("host=1.0", "guest=1.0,1.3")
    assert found.cells[1].state == "unknown"
    assert "did not end within its time limit" in found.cells[1].reason


def test_an_index_that_fails_for_an_axis_ends_the_grid(board: Board) -> None:
    board.index.fail(Fault.SERVER_ERROR)
    with pytest.raises(CannotJudgeError, match="answered 500"):
        board.make("host=1.0", "guest=1.0")


def test_what_is_held_counts_in_every_cell(board: Board) -> None:
    found = board.make("host=1.0,2.0", "guest=1.0", held=("shared<2",))
    assert rows(found) == {"1.0": ".", "2.0": "x"}
    assert found.by_versions()["2.0", "1.0"].reason == (
        "host 2.0 requires shared>=2 and what is held has shared<2"
    )
    deep = board.make("host=2.0", "guest=1.0", held=("middle==1.0",))
    assert _only(deep).reason == "host 2.0 requires shared>=2 and middle 1.0 requires shared<2"


def test_a_grid_can_be_made_as_of_a_date(board: Board) -> None:
    late = datetime(2025, 6, 1, tzinfo=timezone.utc)
    board.index.add(Release("middle", "2.0", uploaded=late))
    assert rows(board.make("host=2.0", "guest=1.3")) == {"2.0": "."}
    before = board.make("host=2.0", "guest=1.3", as_of=datetime(2025, 1, 1, tzinfo=timezone.utc))
    assert rows(before) == {"2.0": "x"}


def test_a_date_needs_upload_times(tmp_path: Path) -> None:
    with Index(*RELEASES, offers=Offers(upload_times=False)) as index:
        board = Board(root=tmp_path, index=index)
        with pytest.raises(CannotJudgeError, match="does not say when files of host were upload"):
            board.make("host=1.0", "guest=1.0", as_of=datetime(2025, 1, 1, tzinfo=timezone.utc))


def test_an_interrupted_grid_goes_on_where_it_stopped(board: Board) -> None:
    as_of = datetime(2025, 1, 1, tzinfo=timezone.utc)

    def interrupt(judged: int) -> None:
        if judged >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        board.make("host=1.0,2.0", "guest=1.0,1.1,1.2,1.3", as_of=as_of, tick=interrupt)
    kept = len(board.journal.read_text(encoding="utf-8").splitlines())
    assert 3 <= kept < 8
    found = board.make("host=1.0,2.0", "guest=1.0,1.1,1.2,1.3", as_of=as_of)
    assert found.notes == (f"{kept} cells were judged by an earlier run that was interrupted",)
    assert rows(found) == {"1.0": ".x..", "2.0": "..xx"}
    assert not board.journal.exists()


def test_another_question_takes_nothing_from_an_interrupted_one(board: Board) -> None:
    def interrupt(judged: int) -> None:
        if judged:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        board.make("host=1.0", "guest=1.1", tick=interrupt)
    found = board.make("host=1.0", "guest=1.1", held=("shared<3",))
    assert found.notes == ()
    assert board.make("host=1.0", "guest=1.1").notes == (
        "1 cells were judged by an earlier run that was interrupted",
    )
    assert not board.journal.exists()


def test_a_conflict_over_the_version_itself_implies_nothing(board: Board) -> None:
    board.workers = 1
    board.index.add(
        Release("between", "1.0", requires=["host>=1.1"]),
        Release("between", "2.0", requires=["shared>=2"]),
        Release("guest", "2.7", requires=["between"]),
    )
    found = board.make("host=1.0,1.1", "guest=2.7")
    assert rows(found) == {"1.0": "x", "1.1": "."}
    assert [cell.how for cell in found.cells] == ["resolution", "resolution"]
    assert found.sampling.disagreed == ()


def test_a_conflict_over_an_extra_that_is_held_implies_nothing(board: Board) -> None:
    board.workers = 1
    board.index.add(
        Release("host", "4.0", extras={"more": ["middle"]}),
        Release("host", "4.1", extras={"more": ["shared"]}),
        Release("guest", "2.8", requires=["shared>=2"]),
    )
    found = board.make("host=4.0,4.1", "guest=2.8", held=("host[more]>=4",))
    assert rows(found) == {"4.0": "x", "4.1": "."}
    assert found.sampling.disagreed == ()


def test_what_a_resolver_chose_instead_proves_nothing(board: Board) -> None:
    override = board.root / "override.txt"
    override.write_text("host==1.1\n", encoding="utf-8")
    board.settings["UV_OVERRIDE"] = str(override)
    cell = _only(board.make("host=1.0", "guest=1.0"))
    assert cell.state == "unknown"
    assert cell.reason == "the resolver chose other versions than the two that were asked for"


def test_a_release_for_another_python_is_named_where_a_conflict_leaves_it_out(
    board: Board,
) -> None:
    board.index.add(
        Release("newer", "1.0", requires=["shared<2"]),
        Release("newer", "2.0", requires_python=">=3.99"),
        Release("guest", "2.9", requires=["newer"]),
    )
    assert _only(board.make("host=2.0", "guest=2.9")).reason == (
        "newer (which guest 2.9 requires) requires shared<2 and host 2.0 requires shared>=2 "
        "(newer 2.0 requires Python>=3.99)"
    )


def test_a_requirement_under_a_marker_keeps_its_range(board: Board) -> None:
    board.index.add(
        # The newest of them: older releases of uv name that in place of the range.
        Release("marked", "1.0", requires=["shared<=1.5; os_name != 'none'"]),
        Release("guest", "2.10", requires=["marked; os_name != 'none'"]),
    )
    assert _only(board.make("host=2.0", "guest=2.10")).reason == (
        "marked (which guest 2.10 requires) requires shared<=1.5 and host 2.0 requires shared>=2"
    )


def test_a_name_that_the_index_does_not_know_is_said(board: Board) -> None:
    assert _only(board.make("host=1.0", "guest=2.5")).reason == (
        "there is no nowhere in the index and guest 2.5 requires nowhere>=3"
    )
    held = board.make("host=1.0", "guest=1.0", held=("nonesuch<3",))
    assert _only(held).reason == "there is no nonesuch in the index"


def test_a_cell_may_be_asked_of_another_platform(tmp_path: Path) -> None:
    releases = (
        Release("host", "1.0", requires=["shared<2; sys_platform == 'win32'"]),
        Release("host", "2.0", tags="py3-none-macosx_11_0_arm64"),
        Release("guest", "1.0", requires=["shared>=2"]),
        Release("shared", "1.0"),
        Release("shared", "2.0"),
    )
    with Index(*releases) as index:
        board = Board(root=tmp_path, index=index)
        windows = board.make("host=1.0,2.0", "guest=1.0", platform="x86_64-pc-windows-msvc")
        mac = board.make("host=1.0,2.0", "guest=1.0", platform="aarch64-apple-darwin")
    assert (rows(windows), rows(mac)) == ({"1.0": "x", "2.0": "?"}, {"1.0": ".", "2.0": "."})
    assert mac.platform == "aarch64-apple-darwin"
    assert "on aarch64-apple-darwin: " in summary(mac)
