"""Import heavy compiled packages two by two, in both orders, with nothing between them.

Each brings runtimes of its own (C++, OpenMP, protobuf, Arrow), and what comes between two of them
may hide that they do not bear each other. A process imports the first and forks a child for each
second one, so that the first is imported once. A fork has none of its parent's threads, and may
hang or fail for want of them: what fails in one is asked again in a process of its own, and that
alone counts.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from stack_suite.isolation import run_isolated
from stack_suite.plan import normal
from stack_suite.probe import probe_modules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from stack_suite.costs import Cost
    from stack_suite.plan import Pin
    from stack_suite.probe import Probe

#: Others come with these: torchvision and torchaudio import torch first, pandas imports pyarrow,
#: and all of them numpy.
_HEAVY = {
    "pyarrow": "pyarrow",
    "scikit-learn": "sklearn",
    "tensorflow": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "torch": "torch",
}
#: C alone, so they come second: first, each would cost one more import of all that are heavy.
_SECOND = {"psycopg2": "psycopg2", "psycopg2-binary": "psycopg2"}
#: The share of the time limit after which a child is given up, and its pair asked in a new process.
_CHILD_SHARE = 0.25

_SCRIPT = """
import os, signal, sys
from builtins import open
limit, answers, first, *others = sys.argv[1:]
__import__(first)
for other in others:
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(int(limit))
            __import__(other)
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(child, 0)[1] == 0:
        with open(answers, "a", encoding="utf-8") as well:
            well.write(other + "\\n")
os._exit(0)
"""


def failure_of_pairs(
    pins: Iterable[Pin], *, folder: Path, limit: float
) -> tuple[str | None, list[Cost]]:
    """Import each two heavy ones of some pins; return what failed, if anything, and the costs.

    A failure is a line for each module that fails after another one, which two, and the output.
    """
    names = [normal(pin.name) for pin in pins]
    heavy = [_HEAVY[name] for name in names if name in _HEAVY]
    light = [_SECOND[name] for name in names if name in _SECOND]
    costs: list[Cost] = []
    lines: list[str] = []
    found: list[str] = []
    outputs: list[str] = []
    end = time.monotonic() + limit
    for first in heavy:
        seconds = [name for name in (*heavy, *light) if name != first]
        suspects = _suspects(first, seconds, folder, limit, costs) if seconds else []
        for second, line, output in _confirmed(first, suspects, folder, limit, end):
            lines.append(line)
            found.append(f"{second} fails after {first}, of these two alone, and not without it")
            outputs.append(output)
    if not lines:
        return None, costs
    said = ["\n".join(lines), "\n".join(["imported two by two", *found]), *outputs]
    return "\n\n".join(said), costs


def _suspects(
    first: str, seconds: Sequence[str], folder: Path, limit: float, costs: list[Cost]
) -> list[str]:
    """Return which modules could not be imported in a fork of a process that has the first."""
    well = folder / f"import-pairs-of-{first}.txt"
    arguments = [str(max(1, int(limit * _CHILD_SHARE))), str(well), first, *seconds]
    ending = run_isolated(
        [sys.executable, "-c", _SCRIPT, *arguments],
        sandbox=well.with_suffix(""),
        limit=limit,
    )
    costs.append(ending.cost)
    went_well = well.read_text(encoding="utf-8").splitlines() if well.exists() else []
    return [module for module in seconds if module not in went_well]


def _confirmed(
    first: str, suspects: Sequence[str], folder: Path, limit: float, end: float
) -> Iterator[tuple[str, str, str]]:
    """Yield each module that fails after the first in a new process too, what it says, the output.

    What fails alone as well is the failure of its own import.
    """
    for second in suspects:
        alone = (_probe([module], folder, limit) for module in (first, second))
        if time.monotonic() >= end or any(probe.failure for probe in alone):
            continue
        both = _probe([first, second], folder, limit)
        own, _, output = (both.failure or "").partition("\n\n")
        for line in own.splitlines():
            if line.startswith(f"{second} "):
                yield second, line, output


def _probe(modules: Sequence[str], folder: Path, limit: float) -> Probe:
    """Import modules in a process of its own, as all that ask for the same do, and remember."""
    return probe_modules(modules, folder=folder / f"import-{'-'.join(modules)}", limit=limit)
