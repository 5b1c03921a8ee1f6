"""Judge all cells: by metadata where that settles them, else by resolution, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from stackproof.base.json_text import fingerprint
from stackproof.metadata.grid.record import Cell, Sampling, State, Versions

__all__ = ["Engine"]

#: Of the cells judged by metadata, one in so many is resolved all the same.
_ONE_IN = 8
_LEAST = 3
_POLL_SECONDS = 0.1


class _Settles(Protocol):
    def judge(self, versions: Versions) -> Cell | None: ...


class _Resolves(Protocol):
    def judge(self, versions: Versions) -> Cell: ...


@dataclass(kw_only=True)
class Engine:
    """Judges cells with so many `workers`; each is handed to `keep` as it is judged.

    `stop` is set if the work is interrupted, so that resolutions under way can end; `tick` is
    called some ten times a second.
    """

    metadata: _Settles
    resolution: _Resolves
    workers: int
    keep: Callable[[Cell], None]
    stop: Event = field(default_factory=Event)
    tick: Callable[[], None] = lambda: None

    def run(
        self, wanted: Sequence[Versions], known: Mapping[Versions, Cell]
    ) -> tuple[list[Cell], Sampling]:
        """Return all cells in the order of `wanted`, and what sampling found.

        Where a sample disagrees, no judgement by metadata is believed: every such cell is resolved.
        """
        found = {cell: known[cell] for cell in wanted if cell in known}

        def take(cell: Cell) -> None:
            found[cell.versions] = cell
            self.keep(cell)

        self._settle([cell for cell in wanted if cell not in found], take)
        self._resolve([cell for cell in wanted if cell not in found], take)
        sampling = self._sample(found)
        if sampling.disagreed:
            self._resolve([cell for cell in wanted if _by_metadata(found[cell])], take)
        return [found[cell] for cell in wanted], sampling

    def _settle(self, wanted: Sequence[Versions], take: Callable[[Cell], None]) -> None:
        """Judge by metadata what it settles; reading it takes the network, hence many at once."""
        with ThreadPoolExecutor(max(self.workers, 8)) as pool:
            for cell in pool.map(self.metadata.judge, wanted):
                if cell is not None:
                    take(cell)
                self.tick()

    def _resolve(self, wanted: Sequence[Versions], take: Callable[[Cell], None]) -> None:
        pending, running = list(wanted), set[Future[Cell]]()
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                while pending or running:
                    while pending and len(running) < self.workers:
                        running.add(pool.submit(self.resolution.judge, pending.pop(0)))
                    done, running = wait(running, _POLL_SECONDS, FIRST_COMPLETED)
                    for future in done:
                        take(future.result())
                    self.tick()
            except BaseException:
                # Above all Ctrl-C: the resolutions under way must not be waited for.
                self.stop.set()
                raise

    def _sample(self, found: Mapping[Versions, Cell]) -> Sampling:
        """Resolve some of the cells judged by metadata, always the same; keep none of it."""
        unresolved = [cell for cell in found.values() if _by_metadata(cell)]
        count = max(_LEAST, -(-len(unresolved) // _ONE_IN))
        chosen = sorted(unresolved, key=lambda cell: fingerprint(cell.versions))[:count]
        again: dict[Versions, State] = {}
        self._resolve(
            [cell.versions for cell in chosen],
            lambda cell: again.update({cell.versions: cell.state}),
        )
        checked = [cell for cell in chosen if again[cell.versions] != "unknown"]
        return Sampling(
            unresolved=len(unresolved),
            checked=len(checked),
            disagreed=tuple(
                cell.versions for cell in checked if again[cell.versions] != cell.state
            ),
        )


def _by_metadata(cell: Cell) -> bool:
    """Tell whether a cell was judged, but not by resolving it."""
    return cell.how == "metadata" and cell.state != "unknown"
