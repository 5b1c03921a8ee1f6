"""The parts of the page that are pure: excerpts, lanes, pairs, links."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackproof.experiments.timeline.record import Asked, Break, CheckHistory, State, Timeline
from stackproof.report.site.excerpt import Allowance, excerpt, first_line
from stackproof.report.site.links import Links
from stackproof.report.site.swimlanes import lane_views

# --- excerpts --------------------------------------------------------------------------------


def test_a_short_text_is_quoted_in_full() -> None:
    assert excerpt("one\n\n  two  \n") == "one\n  two"


def test_of_a_long_text_the_telling_lines_are_kept() -> None:
    lines = [f"line {number}" for number in range(30)]
    lines[7] = "gamma 2.0 depends on alpha>=2"
    lines[20] = "ImportError: no alpha"
    assert excerpt("\n".join(lines), lines=5).splitlines() == [
        *("line 0", "…", "gamma 2.0 depends on alpha>=2", "…", "ImportError: no alpha"),
        *("…", "line 28", "line 29"),
    ]


def test_of_many_telling_lines_the_last_are_kept() -> None:
    text = "\n".join(["begin", *(f"error {number}" for number in range(9)), "end"])
    assert excerpt(text, lines=4).splitlines() == ["begin", "…", "error 7", "error 8", "end"]


def test_a_long_line_is_cut_and_a_terminal_sees_nothing() -> None:
    assert excerpt("\x1b[1m" + "x" * 500) == "x" * 299 + "…"
    assert first_line("\n \x1b[1mfirst\x1b[0m\nsecond") == "first"
    assert first_line("") == ""


def test_an_allowance_that_is_used_up_still_gives_first_lines() -> None:
    allowance = Allowance(20)
    assert allowance.quote("one\ntwo") == "one\ntwo"
    assert allowance.quote("three\n" + "y" * 20) == "three"
    assert allowance.quote("four\nfive") == "four"


# --- links -----------------------------------------------------------------------------------


def test_a_link_is_relative_and_leads_to_what_is_there(tmp_path: Path) -> None:
    home = tmp_path / "reports"
    (home / "a+b==1 #").mkdir(parents=True)
    file = home / "a+b==1 #" / "x.log"
    file.write_text("", encoding="utf-8")
    (tmp_path / "secret").write_text("", encoding="utf-8")
    links = Links(home)
    assert links.to(file) == "a%2Bb%3D%3D1%20%23/x.log"
    assert links.to(home / "missing") is None
    assert links.to(home / ".." / "secret") is None


# --- lanes -----------------------------------------------------------------------------------


def timeline(state: State, *, breaks: tuple[Break, ...] = (), **more: object) -> Timeline:
    """Return a timeline of ten days with one check."""
    check = CheckHistory.model_validate(
        {"id": "c", "state": state, "breaks": breaks, "fixes": (), "asked": (), **more}
    )
    return Timeline(
        matrix="tiny",
        row="plain",
        since=day(1),
        until=day(11),
        buildable_since=None,
        builds=0,
        built=0,
        checks=(check,),
        notes=(),
    )


def day(number: int) -> str:
    """Return a day of March."""
    return f"2025-03-{number:02}T00:00:00Z"


def turn(good: int, bad: int) -> Break:
    """Return a turn between two days."""
    return Break(good=day(good), bad=day(bad), since=None, culprits=(), confirmed=False, reason="")


def spans(drawn: Timeline) -> list[tuple[float, float, str]]:
    """Return what is drawn of the only check."""
    (view,) = lane_views(drawn)
    return [(span.x, span.width, span.state) for span in view.spans]


@pytest.mark.parametrize(
    ("state", "drawn"), [("never-worked", "failing"), ("always-worked", "passing")]
)
def test_a_lane_without_turns_is_of_one_piece(state: State, drawn: str) -> None:
    assert spans(timeline(state)) == [(0, 600, drawn)]


def test_between_the_sides_of_a_break_nothing_is_known() -> None:
    assert spans(timeline("broke", breaks=(turn(4, 6),))) == [
        (0, 180, "passing"),
        (180, 120, "between"),
        (300, 300, "failing"),
    ]


def test_a_fix_and_what_could_not_be_built_are_drawn_too() -> None:
    asked = [Asked(as_of=day(1), passed=None), Asked(as_of=day(2), passed=None)]
    drawn = timeline("changed-often", breaks=(turn(3, 4),), fixes=(turn(9, 8),), asked=asked)
    assert spans(drawn) == [
        (0, 60, "unbuildable"),
        (60, 60, "between"),
        (120, 60, "between"),
        (180, 240, "failing"),
        (420, 60, "between"),
        (480, 120, "passing"),
    ]
