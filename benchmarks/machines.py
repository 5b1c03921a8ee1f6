"""Simulate searches on many machines from the seconds of steps: python -m benchmarks.machines.

Nothing is built. A search is chains of steps, one a pin or a row: what is resolved takes a core of
the machine where the session runs, what is built takes a worker, and the steps of a chain follow
each other. What all chains lead to, the trials of everything together, comes last.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["FRONTIER", "MONTH", "Search", "Simulated", "page", "simulate"]

WORKERS = (1, 4, 16, 64)

#: Seconds of a build of mlops/verified on two quiet cores: a trial that passes, which asks every
#: check; one that fails, which as a rule ends sooner (both recorded); and a probe, which asks one
#: check (estimated).
_PASSES, _FAILS, _PROBE = 44.0, 37.5, 15.0
#: Of resolving one step, most of it asking the index, and of sending a plan out and its evidence
#: (0.6 MB) back; both are estimates.
_RESOLVES, _SENT = 1.5, 1.0

#: By pin, what docs/results/frontier-mlops-verified.md says was looked at: steps that cannot be
#: resolved, steps that fail (the first one by a trial, each other by a probe), and whether one
#: passes then. The newest patches of minor versions are counted from the public index, as of its
#: cut-off.
_PINS: Mapping[str, tuple[int, int, bool]] = {
    "kafka-python": (0, 0, True),
    "psycopg2-binary": (0, 0, True),
    "pydantic": (0, 0, True),
    "uvicorn": (0, 0, True),
    "scikit-learn": (0, 0, True),
    "fastapi": (40, 0, True),
    "torchvision": (0, 0, True),
    "torch": (0, 1, True),
    "grafana-client": (0, 0, True),
    "prometheus-client": (0, 0, True),
    "mlflow": (1, 18, True),
    "redis": (0, 8, True),
    "torchaudio": (1, 0, True),
    "apache-airflow-providers-celery": (13, 1, True),
    "apache-airflow-providers-redis": (4, 1, True),
    "numpy": (6, 0, True),
    "apache-airflow-providers-postgres": (6, 4, True),
    "sqlalchemy": (2, 0, True),
    "apache-airflow": (5, 0, False),
    "feast": (20, 7, False),
    "pandas": (2, 2, False),
}
#: Of everything together: the trial that passes, and those that find who has to stay behind.
_TOGETHER = 3
#: The two rows of mlops that run by default, by which a month of 50 rows is counted.
_ROWS = (77.0, 58.2)

#: A step is made by a core of the session's machine, or by a worker.
_HERE, _THERE = "here", "there"
_CORES = 2

Step = tuple[str, float]


@dataclass(frozen=True)
class Search:
    """Chains of steps that do not depend on each other, and what is built when all have ended."""

    name: str
    chains: Mapping[str, Sequence[Step]]
    after: float = 0.0


@dataclass(frozen=True)
class Simulated:
    """How long a search takes, and what keeps it from taking less."""

    seconds: float
    busy: float
    bound: str


def simulate(search: Search, workers: int) -> Simulated:
    """Return how long a search takes with so many workers, each chain begun in its turn."""
    free = {_HERE: [0.0] * _CORES, _THERE: [0.0] * workers}
    waiting = [(name, list(steps)) for name, steps in search.chains.items()]
    # Who asks: as many chains are under way as there are workers, as threads of a session are.
    under_way: list[tuple[float, int, list[Step]]] = []
    ended = built = 0.0
    for number, (_, steps) in enumerate(waiting[:workers]):
        heapq.heappush(under_way, (0.0, number, steps))
    coming = iter(enumerate(waiting[workers:], start=workers))
    while under_way:
        now, number, steps = heapq.heappop(under_way)
        if steps:
            where, seconds = steps.pop(0)
            begin = max(now, heapq.heappop(free[where]))
            heapq.heappush(free[where], begin + seconds)
            built += seconds if where == _THERE else 0.0
            heapq.heappush(under_way, (begin + seconds, number, steps))
            continue
        ended = max(ended, now)
        following = next(coming, None)
        if following is not None:
            heapq.heappush(under_way, (now, following[0], following[1][1]))
    return Simulated(
        seconds=ended + search.after,
        busy=built / (workers * ended),
        bound=_bound(search, workers, ended),
    )


def _bound(search: Search, workers: int, ended: float) -> str:
    """Return what bounds a search most: one chain, the workers, or what the session does itself."""
    longest = max(search.chains, key=lambda name: _seconds(search.chains[name]))
    floors = {
        f"{longest} alone": _seconds(search.chains[longest]),
        "workers": sum(_seconds(steps, _THERE) for steps in search.chains.values()) / workers,
        "resolving": sum(_seconds(steps, _HERE) for steps in search.chains.values()) / _CORES,
    }
    name = max(floors, key=lambda floor: floors[floor])
    return f"{name} ({floors[name] / ended:.0%})"


def _seconds(steps: Sequence[Step], where: str | None = None) -> float:
    return sum(seconds for place, seconds in steps if where in (None, place))


def _pin(refused: int, failing: int, passing: bool) -> list[Step]:  # noqa: FBT001 - one line of a table
    steps: list[Step] = [(_HERE, _RESOLVES)] * refused
    for number in range(failing):
        steps += [(_HERE, _RESOLVES), (_THERE, (_PROBE if number else _FAILS) + _SENT)]
    if passing:
        # Below a step that fails, what failed is asked first and alone.
        steps += [(_HERE, _RESOLVES), *([(_THERE, _PROBE + _SENT)] if failing else [])]
        steps += [(_THERE, _PASSES + _SENT)]
    return steps


#: The pins of mlops/verified, and 50 rows of such a kind.
FRONTIER = Search(
    "frontier of 21 pins",
    {name: _pin(*counted) for name, counted in _PINS.items()},
    after=_TOGETHER * (_PASSES + _SENT + _RESOLVES),
)
MONTH = Search(
    "month of 50 rows",
    {f"row {number}": [(_THERE, _ROWS[number % 2] + _SENT)] for number in range(50)},
)


def page(searches: Sequence[Search] = (FRONTIER, MONTH)) -> str:
    """Return a table of the searches on each number of workers."""
    lines = [
        "| search | workers | minutes | times as fast | workers busy | all together | bound by |",
        "|---|---|---|---|---|---|---|",
    ]
    for search in searches:
        one = simulate(search, 1).seconds
        for workers in WORKERS:
            found = simulate(search, workers)
            figures = [
                f"{found.seconds / 60:.1f}",
                f"{one / found.seconds:.1f}",
                f"{found.busy:.0%}",
                f"{search.after / 60:.1f}",
                found.bound,
            ]
            lines.append(f"| {search.name} | {workers} | {' | '.join(figures)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
