"""Disk that environments of a row take, ours by hard links, against as many made by pip."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from uv import find_uv_bin

from benchmarks.by_hand import install_by_hand
from benchmarks.measuring import Figures, Measurement, now, timed
from benchmarks.stand import Stand

__all__ = ["kept", "used"]

#: How much more room the most environments may take than one.
_GOAL = 1.5
#: The share of the free room that a measurement may fill.
_SHARE = 0.8


def kept(stand: Stand) -> list[Measurement]:
    """Measure so many environments of one row at once, and the most of them against one."""
    at, counts = now(), stand.counts
    ours = dict(zip(counts, _ours(stand, counts), strict=True))
    theirs = dict(zip(counts, _theirs(stand, counts), strict=False))

    def measurement(name: str, first: Figures, *others: Figures, goal: float | None) -> Measurement:
        return Measurement(
            name=name,
            row=stand.name,
            at=at,
            unit="bytes",
            goal=goal,
            contenders=(first, *others),
        )

    found = []
    for count in counts:
        linked = Figures(name="uv, hard links, its cache included", figures=(ours[count],))
        pip = [Figures(name="pip", figures=(theirs[count],))] if count in theirs else []
        found.append(measurement(f"disk of {count} environments", linked, *pip, goal=None))
    most = Figures(name=f"{counts[-1]} environments", figures=(ours[counts[-1]],))
    one = Figures(name="1 environment", figures=(ours[1],))
    return [*found, measurement("disk by count", most, one, goal=_GOAL)]


def used(folder: Path) -> int:
    """Return the bytes on disk below a folder, what is linked twice counted once, as `du` does."""
    seen = {(at.st_dev, at.st_ino): at.st_blocks * 512 for at in map(Path.lstat, folder.rglob("*"))}
    return sum(seen.values())


def _ours(stand: Stand, counts: tuple[int, ...]) -> Iterator[float]:
    """Fill environments from one cache, which is the room of the first; yield bytes by count."""
    stages = stand.stage_arguments("uv")
    with stand.scratch() as folder:
        env = {**stand.environ, "UV_CACHE_DIR": str(folder / "cache"), "UV_LINK_MODE": "hardlink"}
        for before, count in pairwise((0, *counts)):
            for number in range(before, count):
                venv = folder / f"venv-{number}"
                make = [find_uv_bin(), "venv", "--quiet", "--python", stand.plan.python, venv]
                uv = [find_uv_bin(), "pip", "install", "--quiet", "--python", venv]
                timed([make, *([*uv, *stage] for stage in stages)], env=env, cwd=folder)
            yield _said(stand, folder, f"{count} by uv")


def _theirs(stand: Stand, counts: tuple[int, ...]) -> Iterator[float]:
    """Fill environments by pip, as far as the disk has room; yield bytes by count."""
    stages = stand.stage_arguments("pip")
    with stand.scratch() as folder:
        for before, count in pairwise((0, *counts)):
            room = _SHARE * shutil.disk_usage(folder).free
            if before and used(folder) / before * (count - before) > room:
                stand.say(f"disk of environments: there is no room for {count} by pip")
                return
            for number in range(before, count):
                install_by_hand(stand, stages, folder / f"venv-{number}", stand.environ)
            yield _said(stand, folder, f"{count} by pip")


def _said(stand: Stand, folder: Path, what: str) -> float:
    size = float(used(folder))
    stand.say(f"disk of environments: {what} {size / 1_000_000:.0f} MB")
    return size
