"""A made-up index, and the grids that are asked of it."""

from __future__ import annotations

__all__ = ["PYTHON", "RELEASES", "Board", "rows"]

import sys
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from stackproof.index.client import IndexClient
from stackproof.installers.interpreters import find_target
from stackproof.installers.resolver import Resolver
from stackproof.matrix.platforms import PLATFORMS
from stackproof.metadata.grid.axes import parse_axis
from stackproof.metadata.grid.making import GridContext, Question, ask_axes, make_grid
from stackproof.metadata.grid.record import Grid
from stackproof.report.grid import mark
from support.index import Index
from support.sandbox import hermetic_environ
from support.wheels import FOREIGN, Release

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

#: Hosts and guests that share `shared`; what each of them is for stands in the tests.
RELEASES = (
    Release("shared", "1.0"),
    Release("shared", "1.5"),
    Release("shared", "2.0"),
    Release("middle", "1.0", requires=["shared<2"]),
    Release("middle", "1.1", requires=["shared<1.5"]),
    Release("host", "1.0", requires=["shared<2"]),
    Release("host", "1.1", requires=["shared<2"]),
    Release("host", "2.0", requires=["shared>=2"]),
    Release("host", "2.1", requires=["shared>=2"]),
    Release("guest", "1.0", requires=["shared"]),
    Release("guest", "1.1", requires=["shared>=2"]),
    Release("guest", "1.2", requires=["middle==1.0"]),
    Release("guest", "1.3", requires=["middle>=1.0"]),
    Release("source", "1.0", form="sdist"),
    Release("mute", "1.0", form="mute-sdist"),
    Release("future", "1.0", requires_python=">=3.99"),
    Release("elsewhere", "1.0", tags=FOREIGN),
    Release("guest", "2.0", requires=["source"]),
    Release("guest", "2.1", requires=["mute"]),
    Release("guest", "2.2", requires=["future"]),
    Release("guest", "2.3", requires=["elsewhere"]),
    Release("guest", "2.4", requires=["host<2"]),
    Release("guest", "2.5", requires=["nowhere>=3"]),
    Release("guest", "3.0", requires_python=">=3.99"),
    Release("guest", "3.1", tags=FOREIGN),
)


@dataclass(kw_only=True)
class Board:
    """Where grids of `index` are made; everything is kept under `root`."""

    root: Path
    index: Index
    limit: float = 30
    workers: int = 2
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of the resolver."""
        fast = {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "2"}
        return hermetic_environ(self.root / "home", self.index.url) | fast | self.settings

    @property
    def journal(self) -> Path:
        """Where cells of an unfinished grid are kept."""
        return self.root / "grid.partial.jsonl"

    def make(
        self,
        first: str,
        second: str,
        *,
        as_of: datetime | None = None,
        held: tuple[str, ...] = (),
        builds: bool = True,
        platform: str | None = None,
        against: Path | None = None,
        **options: Any,  # noqa: ANN401 - whatever make_grid takes
    ) -> Grid:
        """Make the grid of two axes, as the command line has them."""
        with IndexClient(self.root / "cache", seconds=(1, 1)) as client:
            requests = [parse_axis(first), parse_axis(second)]
            axes = ask_axes(requests, client, self.index.url, as_of=as_of, first=False)
            target = find_target(PYTHON, self.environ)
            question = Question(
                axes=(axes[0], axes[1]),
                target=replace(target, platform=PLATFORMS[platform] if platform else None),
                as_of=as_of,
                held=held,
                builds=builds,
            )
            resolver = Resolver(
                client=client,
                index=self.index.url,
                environ=self.environ,
                limit=self.limit,
            )
            context = GridContext(
                client=client, resolver=resolver, workers=self.workers, journal=self.journal
            )
            return make_grid(question, context, against=against, **options)


def rows(grid: Grid) -> dict[str, str]:
    """Return the marks of each row in one text, a dot for what goes together."""
    first, second = grid.axes
    cells = grid.by_versions()
    return {
        one: "".join(mark(cells[one, other]) or "." for other in second.versions)
        for one in first.versions
    }
