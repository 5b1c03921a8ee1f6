"""A trial of one pin, the baseline fresh, against a warm verify and the same by hand."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.by_hand import verify_by_hand
from benchmarks.measuring import Contender, Measurement, measure, timed
from benchmarks.stand import Stand

__all__ = ["one"]

_GOAL = 1.1
_JUDGED = (0, 1)


def one(
    stand: Stand, say: Callable[[str], None], request: str = "kafka-python==2.0.3"
) -> list[Measurement]:
    """Measure the trial `request`, which must resolve, in a row that was just verified."""
    stages = stand.stage_arguments
    name = request.partition("==")[0]
    edited = [
        [request if part.partition("==")[0] == name else part for part in stage] for stage in stages
    ]
    stand.verify()
    row = f"{stand.matrix}/{stand.row}"
    command = stand.nox("-s", "candidate", "--", request, "--row", row)

    def trial() -> float:
        return timed([command], env=stand.environ, cwd=stand.root, allowed=_JUDGED)

    contenders = [
        Contender(name="candidate", figure=trial),
        Contender(name="verify", figure=stand.verify),
        Contender(
            name="by hand with pip", figure=lambda: verify_by_hand(stand, edited, stand.environ)
        ),
    ]
    title = f"trial of {request}, warm"
    return [measure(title, contenders, rounds=stand.rounds, goal=_GOAL, say=say)]
