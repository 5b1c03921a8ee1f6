"""Disk that environments of a row take, ours by hard links, against as many made by pip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from uv import find_uv_bin

from benchmarks.by_hand import install_by_hand
from benchmarks.measuring import Contender, Measurement, measure, timed
from benchmarks.stand import Stand

__all__ = ["kept"]

_COUNTS = (1, 5, 20)
#: How much more room twenty environments may take than one.
_GOAL = 1.5


def kept(
    stand: Stand, say: Callable[[str], None], counts: Sequence[int] = _COUNTS
) -> list[Measurement]:
    """Measure so many environments of one row at once, and the most of them against one."""
    stages = stand.stage_arguments
    found: list[Measurement] = []
    for count in counts:
        contenders = [
            Contender(name="uv, hard links", figure=partial(_ours, stand, count)),
            Contender(name="pip", figure=partial(_theirs, stand, stages, count)),
        ]
        name = f"disk of {count} environments"
        found.append(measure(name, contenders, rounds=1, unit="bytes", say=say))
    most = found[-1].contenders[0].figures[0]
    one = [
        Contender(name=f"{counts[-1]} environments", figure=lambda: most),
        Contender(name="one", figure=lambda: found[0].contenders[0].figures[0]),
    ]
    return [*found, measure("disk by count", one, rounds=1, unit="bytes", goal=_GOAL)]


def used(folder: Path) -> int:
    """Return the bytes on disk below a folder, what is linked twice counted once, as `du` does."""
    seen = {(at.st_dev, at.st_ino): at.st_blocks * 512 for at in map(Path.lstat, folder.rglob("*"))}
    return sum(seen.values())


def _ours(stand: Stand, count: int) -> float:
    """Fill environments from one cache; the cache is the room of the first."""
    with stand.scratch() as folder:
        freeze = stand.home / "latest" / "freeze.txt"
        env = {**stand.environ, "UV_CACHE_DIR": str(folder / "cache"), "UV_LINK_MODE": "hardlink"}
        for number in range(count):
            venv = folder / f"venv-{number}"
            install = [find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--python"]
            make = [find_uv_bin(), "venv", "--quiet", "--python", stand.plan.python, venv]
            timed([make, [*install, venv, "-r", freeze]], env=env, cwd=folder)
        return float(used(folder))


def _theirs(stand: Stand, stages: Sequence[Sequence[str]], count: int) -> float:
    with stand.scratch() as folder:
        for number in range(count):
            install_by_hand(stand, stages, folder / f"venv-{number}", stand.environ)
        return float(used(folder))
