"""Our own overhead, and how near a warm run is to the least that it could take."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.measuring import Contender, Measurement, measure
from benchmarks.stand import Stand

__all__ = ["floor", "own"]

_FLOOR_GOAL = 1.5


def own(stand: Stand, say: Callable[[str], None]) -> list[Measurement]:
    """Measure what a warm verify spends outside installers and suite; the goal is 1 s."""

    def seconds() -> float:
        stand.verify()
        return float(stand.latest_json("run.json")["own_seconds"])

    one = [
        Contender(name="verify less installers and suite", figure=seconds),
        Contender(name="what is allowed", figure=lambda: 1.0),
    ]
    return [measure("own overhead", one, rounds=stand.rounds, goal=1.0, say=say)]


def floor(stand: Stand, say: Callable[[str], None]) -> list[Measurement]:
    """Measure a warm verify against its warm stage installs plus its slowest single check."""
    stand.verify()

    def least() -> float:
        stages = sum(float(stage["seconds"]) for stage in stand.latest_json("stages.json"))
        checks = stand.latest_json("verdict.json")["checks"]
        suite = [float(item["seconds"]) for item in checks if item["kind"] in ("import", "smoke")]
        return stages + max(suite, default=0.0)

    contenders = [
        Contender(name="verify", figure=stand.verify),
        Contender(name="its stages and slowest check", figure=least),
    ]
    return [
        measure("verify by its floor", contenders, rounds=stand.rounds, goal=_FLOOR_GOAL, say=say)
    ]
