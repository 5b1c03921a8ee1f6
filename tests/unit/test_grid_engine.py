"""In which order cells are judged, what is not resolved, and how that is held to account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stackproof.metadata.grid.engine import Engine
from stackproof.metadata.grid.journal import Journal
from stackproof.metadata.grid.record import Cell, State, Versions

WANTED: list[Versions] = [(one, other) for one in ("1", "2", "3") for other in ("1", "2")]


@dataclass
class _Resolver:
    """Answers from a list, and notes what it was asked."""

    states: Mapping[Versions, State]
    asked: list[Versions] = field(default_factory=list)

    def judge(self, versions: Versions) -> Cell:
        self.asked.append(versions)
        state = self.states.get(versions, "compatible")
        return Cell(versions=versions, state=state, reason="a 1 says so", how="resolution")


@dataclass
class _Metadata:
    """Calls some cells conflicts."""

    conflicts: Sequence[Versions] = ()

    def judge(self, versions: Versions) -> Cell | None:
        if versions not in self.conflicts:
            return None
        return Cell(versions=versions, state="conflict", reason="metadata", how="metadata")


def _engine(
    resolver: _Resolver,
    conflicts: Sequence[Versions] = (),
) -> tuple[Engine, list[Cell]]:
    kept: list[Cell] = []
    engine = Engine(
        metadata=_Metadata(conflicts),
        resolution=resolver,
        workers=1,
        keep=kept.append,
    )
    return engine, kept


def test_cells_come_in_order_and_each_is_kept() -> None:
    resolver = _Resolver({("2", "1"): "conflict"})
    engine, kept = _engine(resolver)
    cells, sampling = engine.run(WANTED, {})
    assert [cell.versions for cell in cells] == WANTED
    assert [cell.state for cell in cells].count("conflict") == 1
    assert sorted(cell.versions for cell in kept) == WANTED
    assert resolver.asked == WANTED
    assert sampling.unresolved == 0


def test_what_is_known_is_not_judged_again() -> None:
    resolver = _Resolver({})
    engine, kept = _engine(resolver)
    known = {
        ("1", "1"): Cell(versions=("1", "1"), state="conflict", reason="r", how="resolution"),
    }
    cells, _ = engine.run(WANTED, known)
    assert cells[0].state == "conflict"
    assert ("1", "1") not in resolver.asked
    assert len(kept) == 5


def test_a_sample_that_agrees_leaves_the_rest_unresolved() -> None:
    wanted: list[Versions] = [(str(one), "1") for one in range(40)]
    resolver = _Resolver(dict.fromkeys(wanted, "conflict"))
    engine, _ = _engine(resolver, conflicts=wanted)
    cells, sampling = engine.run(wanted, {})
    assert (sampling.unresolved, sampling.checked, sampling.disagreed) == (40, 5, ())
    assert len(resolver.asked) == 5
    assert {cell.how for cell in cells} == {"metadata"}


def test_a_sample_that_disagrees_has_everything_resolved() -> None:
    resolver = _Resolver({("2", "1"): "conflict"})
    engine, _ = _engine(resolver, conflicts=WANTED)
    cells, sampling = engine.run(WANTED, {})
    assert len(sampling.disagreed) in (2, 3)
    assert {cell.how for cell in cells} == {"resolution"}
    assert [cell.state for cell in cells].count("conflict") == 1


def test_a_sample_that_cannot_be_resolved_proves_nothing() -> None:
    resolver = _Resolver(dict.fromkeys(WANTED, "unknown"))
    engine, _ = _engine(resolver, conflicts=WANTED)
    cells, sampling = engine.run(WANTED, {})
    assert (sampling.checked, sampling.disagreed) == (0, ())
    assert {cell.state for cell in cells} == {"conflict"}


def test_an_interrupt_stops_what_is_under_way_and_keeps_what_was_judged() -> None:
    resolver = _Resolver({})
    engine, kept = _engine(resolver)

    def interrupt() -> None:
        if len(kept) >= 2:
            raise KeyboardInterrupt

    engine.tick = interrupt
    with pytest.raises(KeyboardInterrupt):
        engine.run(WANTED, {})
    assert engine.stop.is_set()
    assert [cell.versions for cell in kept] == WANTED[:2]


def _cell(state: State = "conflict") -> Cell:
    return Cell(versions=("1", "1"), state=state, reason="r", how="resolution")


def test_a_journal_gives_back_the_cells_of_its_question(tmp_path: Path) -> None:
    file = tmp_path / "reports" / "cells.jsonl"
    Journal(file, "q", lasting=True).keep(_cell())
    with file.open("a", encoding="utf-8") as cut:
        cut.write('{"question": "q", "ti')
    assert Journal(file, "q", lasting=True).read() == {("1", "1"): _cell()}
    assert Journal(file, "other", lasting=True).read() == {}
    Journal(file, "q", lasting=True).close()
    assert Journal(file, "q", lasting=True).read() == {}


def test_a_journal_forgets_what_is_unknown_and_without_a_date_what_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cells.jsonl"
    Journal(file, "unknown", lasting=True).keep(_cell("unknown"))
    assert Journal(file, "unknown", lasting=True).read() == {}
    monkeypatch.setattr("stackproof.metadata.grid.journal.time.time", lambda: 1000.0)
    Journal(file, "q", lasting=False).keep(_cell())
    monkeypatch.setattr("stackproof.metadata.grid.journal.time.time", lambda: 1000.0 + 25 * 3600)
    assert Journal(file, "q", lasting=False).read() == {}
    assert Journal(file, "q", lasting=True).read() == {("1", "1"): _cell()}
