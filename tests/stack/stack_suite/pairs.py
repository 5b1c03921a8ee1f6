"""Import heavy compiled packages two by two, in both orders, with nothing between them.

Each brings runtimes of its own (C++, OpenMP, protobuf, Arrow), and what comes between two of them
may hide that they do not bear each other. A process imports the first and forks a child for each
second one, so that the first is imported once. A fork has none of its parent's threads, and may
hang or fail for want of them: what fails in one is asked again in a process of its own, and that
alone counts. What no time was left to ask again is not known, and is said to be so.

A child ends as a process does for libraries: what was to be called at its end is, and so are their
destructors. Python takes down its modules only where that is asked for, since it takes longest.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from stack_suite.isolation import run_isolated
from stack_suite.plan import normal
from stack_suite.probe import END, probe_modules

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
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

#: The seconds after which a child that does not end is given up likewise.
_END_SECONDS = 5

_SCRIPT = """
import os, signal, sys
from builtins import open
limit, end_limit, whole, answers, first, *others = sys.argv[1:]
__import__(first)
for other in others:
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(int(limit))
            __import__(other)
            signal.alarm(int(end_limit))
            if not whole:
                import atexit, ctypes
                atexit._run_exitfuncs()
                ctypes.CDLL(None).exit(0)
        except BaseException:
            os._exit(1)
        break
    if os.waitpid(child, 0)[1] == 0:
        with open(answers, "a", encoding="utf-8") as well:
            well.write(other + "\\n")
else:
    os._exit(0)
"""


class Pairs(NamedTuple):
    """What failed of pairs, what they cost, and which could not be asked; None where there is none.

    A failure is a line for each module that fails after another one, which two, and the output.
    """

    failure: str | None
    costs: list[Cost]
    untold: str | None


def failure_of_pairs(
    pins: Iterable[Pin], *, folder: Path, limit: float, whole: bool = False
) -> Pairs:
    """Import each two heavy ones of some pins, and end; the `whole` end if that is in question."""
    names = [normal(pin.name) for pin in pins]
    heavy = [_HEAVY[name] for name in names if name in _HEAVY]
    light = [_SECOND[name] for name in names if name in _SECOND]
    asked = _Asked(folder, limit)
    for first in heavy:
        seconds = [name for name in (*heavy, *light) if name != first]
        for second in asked.suspects(first, seconds, whole=whole) if seconds else []:
            asked.confirm(first, second)
    return Pairs(asked.failure, asked.costs, asked.untold)


class _Asked:
    """What was asked of pairs within a time limit, and what came of it."""

    def __init__(self, folder: Path, limit: float) -> None:
        self.folder = folder
        self.limit = limit
        self.end = time.monotonic() + limit
        self.costs: list[Cost] = []
        self.lines: dict[str, None] = {}
        self.found: list[str] = []
        self.outputs: list[str] = []
        self.left: list[str] = []

    @property
    def failure(self) -> str | None:
        """What failed, in the words of the suite, None where nothing did."""
        if not self.lines:
            return None
        said = ["\n".join(self.lines), "\n".join(["imported two by two", *self.found])]
        return "\n\n".join([*said, *self.outputs])

    @property
    def untold(self) -> str | None:
        """What failed in a fork, and could not be asked in a process of its own."""
        if not self.left:
            return None
        return (
            f"imported two by two, these failed in a fork, and within the limit of {self.limit:g} s"
            f" no process of their own could tell whether they do: {', '.join(self.left)}"
        )

    def suspects(self, first: str, seconds: Sequence[str], *, whole: bool) -> list[str]:
        """Return which modules do not go well in a fork of a process that has the first."""
        well = self.folder / f"import-pairs-of-{first}.txt"
        limits = [max(1, int(self.limit * _CHILD_SHARE)), _END_SECONDS]
        arguments = [*map(str, limits), "whole" if whole else "", str(well), first, *seconds]
        ending = run_isolated(
            [sys.executable, "-c", _SCRIPT, *arguments],
            sandbox=well.with_suffix(""),
            limit=self.limit,
        )
        self.costs.append(ending.cost)
        went_well = well.read_text(encoding="utf-8").splitlines() if well.exists() else []
        return [module for module in seconds if module not in went_well]

    def confirm(self, first: str, second: str) -> None:
        """Ask for a module after the first in a new process too, which may end badly with both.

        What fails alone as well is the failure of its own import.
        """
        alone = (self._probe(module) for module in (first, second))
        if time.monotonic() >= self.end:
            self.left.append(f"{second} after {first}")
            return
        if any(probe.failure for probe in alone):
            return
        both = self._probe(first, second)
        own, _, output = (both.failure or "").partition("\n\n")
        for line in own.splitlines():
            if line.startswith(f"{second} "):
                self.found.append(
                    f"{second} fails after {first}, of these two alone, and not without it"
                )
            elif line.startswith(f"{END} "):
                self.found.append(
                    f"{END} fails after {first} and {second}, of these two alone, and not with one"
                )
            else:  # the first one, which went well by itself
                self.left.append(f"{second} after {first}")
                continue
            self.lines[line] = None
            self.outputs.append(output)

    def _probe(self, *modules: str) -> Probe:
        """Import modules in a process of its own, as all that ask for the same do, and remember."""
        folder = self.folder / f"import-{'-'.join(modules)}"
        return probe_modules(modules, folder=folder, limit=self.limit)
