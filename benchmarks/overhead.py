"""Our own overhead, and how near a warm run is to the least that it could take."""

from __future__ import annotations

from benchmarks.measuring import Contender, Measurement
from benchmarks.stand import Stand

__all__ = ["floor", "own"]

_FLOOR_GOAL = 1.5


def own(stand: Stand) -> list[Measurement]:
    """Measure what a warm verify spends outside installers and suite; the goal is 1 s.

    What nox takes to start and to make the environment is within it. What it takes to remove the
    one before is not: a new checkout has none.
    """

    def seconds() -> float:
        stand.forget_environment()
        whole = stand.verify()
        run = stand.newest.run
        return whole - run.seconds + run.own_seconds

    ours = Contender(name="verify less installers and suite", figure=seconds)
    allowed = Contender(name="what is allowed", figure=lambda: 1.0)
    return [stand.compare("own overhead", ours, allowed, goal=1.0)]


def floor(stand: Stand) -> list[Measurement]:
    """Measure a warm verify against its warm stage installs plus its slowest single check."""
    stand.verify()

    def least() -> float:
        stages = sum(stage.seconds for stage in stand.newest.stages)
        return stages + max(check.seconds for check in stand.newest.suite.checks)

    ours = Contender(name="verify", figure=stand.verify)
    theirs = Contender(name="its stages and slowest check", figure=least)
    return [stand.compare("verify by its floor", ours, theirs, goal=_FLOOR_GOAL)]
