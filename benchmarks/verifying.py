"""`verify` of a row, cold and warm, against what a user would do otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from benchmarks.by_hand import Way, new_environment, verify_by_hand
from benchmarks.measuring import Contender, Measurement, timed
from benchmarks.stand import Stand
from stackproof.errors import StackproofError

__all__ = ["cold", "warm"]

_COLD_GOAL = 0.4
_WARM_GOAL = 0.15
#: What users would do otherwise; `fast-deps` is what documents advise for speed.
_WAYS: Mapping[str, tuple[Way, Sequence[str]]] = {
    "pip": ("pip", ()),
    "pip with fast-deps": ("pip", ("--use-feature=fast-deps",)),
    "tox": ("tox", ()),
    "tox-uv": ("tox-uv", ()),
    "nox": ("nox", ()),
}
_Caches = Callable[[], AbstractContextManager[Mapping[str, str]]]


def cold(stand: Stand) -> list[Measurement]:
    """Measure with empty caches, each time anew."""
    return [_compare(stand, "verify, cold caches", stand.cold, _COLD_GOAL)]


def warm(stand: Stand) -> list[Measurement]:
    """Measure with the caches that earlier runs left, from scratch all the same."""

    def caches() -> AbstractContextManager[Mapping[str, str]]:
        return nullcontext(stand.environ)

    return [_compare(stand, "verify, warm caches", caches, _WARM_GOAL)]


def _compare(stand: Stand, name: str, caches: _Caches, goal: float) -> Measurement:
    def ours() -> float:
        with caches() as env:
            return stand.verify(env=env)

    others = [_contender(stand, name, caches) for name in _WAYS if stand.wants(name)]
    known = [other for other in others if other is not None]
    return stand.compare(name, Contender(name="verify", figure=ours), *known, goal=goal)


def _contender(stand: Stand, name: str, caches: _Caches) -> Contender | None:
    """Return one of `_WAYS`, or None where its advice is none any more.

    What it is told is learnt here, before the clock runs.
    """
    way, advice = _WAYS[name]
    if advice and not _pip_knows(stand, advice):
        return None
    stages = stand.stage_arguments("uv" if way == "tox-uv" else "pip")

    def figure() -> float:
        with caches() as env:
            return verify_by_hand(stand, way, stages, env, advice=advice)

    return Contender(name=name, figure=figure)


def _pip_knows(stand: Stand, advice: Sequence[str]) -> bool:
    """Tell whether the newest pip still takes the advice."""
    with stand.scratch() as folder:
        venv = folder / "venv"
        new_environment(stand, venv, stand.environ)
        ask = [[venv / "bin" / "python", "-m", "pip", "list", *advice]]
        try:
            timed(ask, env=stand.environ, cwd=folder)
        except StackproofError:
            return False
        return True
