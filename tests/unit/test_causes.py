"""What a diagnosis says of the causes that a timeline found."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from stackproof.experiments.culprit import Culprit
from stackproof.experiments.diagnose.causes import causes_of
from stackproof.experiments.found import Found
from stackproof.experiments.timeline.record import Asked, Break, CheckHistory, Timeline

GOOD, BAD, NOW = "2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z", "2025-06-01T00:00:00Z"
CHECK = "import:alpha"
GONE = "ModuleNotFoundError: No module named 'gone'"
LOST = "ModuleNotFoundError: No module named 'lost'"


@pytest.mark.parametrize("now", [GONE, LOST])
def test_a_cause_says_how_its_checks_failed_as_of_its_day(now: str) -> None:
    turn = Break(
        good=GOOD,
        bad=BAD,
        since=BAD,
        culprits=(Culprit(name="beta", before="1", after="2", uploaded=BAD),),
        confirmed=True,
        reason="beta 2 replaces 1",
    )
    asked = (
        Asked(as_of=GOOD, passed=True),
        Asked(as_of=BAD, passed=False, why=f"Failed: import alpha failed: {GONE}"),
        Asked(as_of=NOW, passed=False, why=f"Failed: import alpha failed: {now}"),
    )
    history = CheckHistory(id=CHECK, state="broke", breaks=(turn,), fixes=(), asked=asked)
    timeline = Timeline(
        matrix="m",
        row="r",
        since=GOOD,
        until=NOW,
        buildable_since=GOOD,
        builds=3,
        built=3,
        checks=(history,),
        notes=(),
    )
    message = f"Failed: import alpha failed: {now}\n\n{now}"
    found = cast("Found", SimpleNamespace(checks={CHECK: SimpleNamespace(message=message)}))
    ((cause, culprits),) = causes_of(timeline, found)
    assert culprits == turn.culprits
    assert GONE in cause.sentence
    assert LOST not in cause.sentence
