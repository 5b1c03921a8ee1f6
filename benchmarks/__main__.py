"""Measure this checkout against another one, in turn: python -m benchmarks [NAME ...].

The other one is a clone at some commit, whose sessions work. A goal is the most that our median may
be of its. Wall time says what a user waits; processor time, of all processes that ended, says the
same on a machine that does other work.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from statistics import median

from stackproof.base.json_text import to_json
from stackproof.base.records import write_atomically

__all__ = ["GOALS", "Figure", "main", "page", "timed"]

#: By the name on the command line, in this order: the most that ours may be of the other's.
GOALS: Mapping[str, float] = {"list": 0.8, "audit": 0.75, "small": 0.9, "verify": 1.05, "own": 0.85}
#: What a session says that judged and found something unexpected, which is no broken measurement.
_JUDGED = "aborted: exit 1"
_WORDS = 15
_PIN = """
[[pins]]
name = "{name}"
version = "{version}"
imports = ["{name}"]
area = "small"
role = "one of two"
"""
_SMALL = """\
format = 1
title = "Two small pins"
document = "none"
python = "{python}"
{pins}
[[stages]]
name = "all"
step = "Install both."
pins = ["six", "idna"]

[rows.all]
summary = "Both."
"""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What one measurement took, in seconds of wall time and of processor time."""

    wall: float
    processor: float


class BrokenError(Exception):
    """What was to be measured did not do its work."""


def timed(command: Sequence[str], folder: Path) -> Figure:
    """Run a command in a folder; return what it took.

    Raises BrokenError with its last words if it failed: what broke down on its way is no figure.
    """
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    ended = subprocess.run(
        list(command),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    said = ended.stdout.decode(errors="replace")
    if ended.returncode and _JUDGED not in said:
        words = "\n".join(said.splitlines()[-_WORDS:])
        raise BrokenError(f"{' '.join(command)} ended with {ended.returncode}\n{words}")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Figure(wall=wall, processor=processor)


def _nox(checkout: Path, *arguments: str) -> Figure:
    return timed([sys.executable, "-m", "nox", *arguments], checkout)


def _verify(checkout: Path, row: str) -> Figure:
    return _nox(checkout, "-s", f"verify({row})")


def _own(checkout: Path, row: str) -> Figure:
    """Return what a warm verify spends outside installers and suite, from nox's start.

    What nox takes to make the environment is within it; to remove the one before is not. Processor
    time cannot be told apart, and is that of the whole.
    """
    shutil.rmtree(checkout / ".nox" / f"verify-{row.replace('/', '-')}", ignore_errors=True)
    whole = _verify(checkout, row)
    run = json.loads((checkout / "reports" / row / "latest" / "run.json").read_bytes())
    return Figure(wall=whole.wall - run["seconds"] + run["own_seconds"], processor=whole.processor)


@contextmanager
def _with_small_stack(checkout: Path) -> Iterator[Path]:
    """Yield a checkout like another one, whose one matrix has two small pins."""
    with tempfile.TemporaryDirectory(prefix="stackproof-bench-") as scratch:
        folder = Path(scratch)
        for name in ("noxfile.py", "pyproject.toml", "src", "tests"):
            (folder / name).symlink_to(checkout / name)
        pins = {"six": "1.16.0", "idna": "3.7"}
        text = "".join(_PIN.format(name=name, version=version) for name, version in pins.items())
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        (folder / "matrices").mkdir()
        (folder / "matrices" / "small.toml").write_text(_SMALL.format(python=python, pins=text))
        yield folder


@contextmanager
def _ways(checkout: Path, row: str) -> Iterator[Mapping[str, Callable[[], Figure]]]:
    """Yield how each measurement is made of a checkout."""
    with _with_small_stack(checkout) as small:
        yield {
            "list": partial(_nox, checkout, "-l"),
            "audit": partial(_nox, checkout, "-s", "audit"),
            "small": partial(_verify, small, "small/all"),
            "verify": partial(_verify, checkout, row),
            "own": partial(_own, checkout, row),
        }


def main(arguments: list[str], root: Path) -> int:
    """Measure what is named, or all; write `reports/bench.json` and `bench.md`; return 0.

    Returns 2 if something did not do its work; what was measured before is written all the same.
    """
    parser = argparse.ArgumentParser(prog="nox -s bench --", allow_abbrev=False)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(GOALS))
    parser.add_argument("--before", type=Path, required=True, metavar="CHECKOUT")
    parser.add_argument("--row", default="mlops/verified", metavar="MATRIX/ROW")
    parser.add_argument("--rounds", type=int, default=3, metavar="NUMBER")
    given = parser.parse_args(arguments)
    for name in set(given.names) - GOALS.keys():
        parser.error(f"there is no measurement {name!r}; there are {', '.join(GOALS)}")
    found: dict[str, tuple[list[Figure], list[Figure]]] = {}
    try:
        with _ways(root, given.row) as ours, _ways(given.before.resolve(), given.row) as theirs:
            for name in given.names or GOALS:
                found[name] = _in_turn(ours[name], theirs[name], given.rounds)
    except BrokenError as error:
        print(f"exit 2, could not be measured: {error}", file=sys.stderr)  # noqa: T201
        return 2
    finally:
        data = {
            name: [[vars(item) for item in side] for side in its] for name, its in found.items()
        }
        write_atomically(root / "reports" / "bench.json", to_json(data))
        write_atomically(root / "reports" / "bench.md", page(found))
    print(page(found))  # noqa: T201
    return 0


def _in_turn(
    ours: Callable[[], Figure], theirs: Callable[[], Figure], rounds: int
) -> tuple[list[Figure], list[Figure]]:
    """Measure both in turn, so that a busy moment strikes both; the first round warms caches."""
    pairs = [(ours(), theirs()) for _ in range(rounds + 1)][1:]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def page(found: Mapping[str, tuple[Sequence[Figure], Sequence[Figure]]]) -> str:
    """Return the table of what was measured, in Markdown."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    lines = [
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC, {machine}. Medians, in turn.",
        "",
        "| measurement | ours | before | ratio | goal | processor: ours | before | ratio |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, (ours, theirs) in found.items():
        wall = [median(item.wall for item in side) for side in (ours, theirs)]
        cpu = [median(item.processor for item in side) for side in (ours, theirs)]
        ratio = wall[0] / wall[1]
        goal = f"{GOALS[name]} {'met' if ratio <= GOALS[name] else 'missed'}"
        lines.append(
            f"| {name} | {wall[0]:.2f} s | {wall[1]:.2f} s | {ratio:.2f} | {goal} "
            f"| {cpu[0]:.2f} s | {cpu[1]:.2f} s | {cpu[0] / cpu[1]:.2f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
