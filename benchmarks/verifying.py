"""`verify` of a row, cold and warm, against the document's own commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.by_hand import verify_by_hand
from benchmarks.measuring import Contender, Measurement, measure, timed
from benchmarks.stand import Stand
from stackproof.errors import StackproofError

__all__ = ["cold", "warm"]

_COLD_GOAL = 0.4
_WARM_GOAL = 0.15
#: What documents advise for speed, where pip still has it.
_ADVICE = ("--use-feature=fast-deps",)


def cold(stand: Stand, say: Callable[[str], None]) -> list[Measurement]:
    """Measure with empty caches, each time anew."""
    stages = stand.stage_arguments

    def ours() -> float:
        with stand.cold() as env:
            return stand.verify(env=env)

    def theirs(*advice: str) -> float:
        with stand.cold() as env:
            return verify_by_hand(stand, stages, env, advice=advice)

    contenders = [
        Contender(name="verify", figure=ours),
        Contender(name="pip commands, serial suite", figure=theirs),
    ]
    if _pip_knows(stand, _ADVICE):
        advised = Contender(name="the same with fast-deps", figure=lambda: theirs(*_ADVICE))
        contenders.append(advised)
    return [
        measure("verify, cold caches", contenders, rounds=stand.rounds, goal=_COLD_GOAL, say=say)
    ]


def warm(stand: Stand, say: Callable[[str], None]) -> list[Measurement]:
    """Measure with the caches that earlier runs left, from scratch all the same."""
    stages = stand.stage_arguments
    stand.verify()
    contenders = [
        Contender(name="verify", figure=stand.verify),
        Contender(
            name="pip commands, serial suite",
            figure=lambda: verify_by_hand(stand, stages, stand.environ),
        ),
    ]
    return [
        measure("verify, warm caches", contenders, rounds=stand.rounds, goal=_WARM_GOAL, say=say)
    ]


def _pip_knows(stand: Stand, advice: Sequence[str]) -> bool:
    """Tell whether the pip of a new environment still takes the advice."""
    with stand.scratch() as folder:
        venv = folder / "venv"
        timed([[f"python{stand.plan.python}", "-m", "venv", venv]], env=stand.environ, cwd=folder)
        ask = [[venv / "bin" / "python", "-m", "pip", "list", *advice]]
        try:
            timed(ask, env=stand.environ, cwd=folder)
        except StackproofError:
            return False
        return True
