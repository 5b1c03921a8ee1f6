"""Import modules in an order, in one process, and say which of them fails after which other one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stack_suite.fork_client import UntoldError
from stack_suite.probe import Probe, probe_modules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stack_suite.costs import Cost


def failure_in_order(
    modules: Sequence[str], order: str, *, folder: Path, limit: float
) -> tuple[str | None, Cost]:
    """Import modules one after another; return what failed, if anything, and what they took.

    A failure is a line for each module, the order, and the output. A module that fails only after
    another one is said to, if that is seen within `limit` seconds.
    """
    probe = probe_modules(modules, folder=folder / f"import-{order}-order", limit=limit)
    if probe.failure is None:
        return None, probe.cost
    lines, _, output = probe.failure.partition("\n\n")
    try:
        found = list(_pairs(modules, probe, folder, limit))
    except UntoldError:
        found = []  # that all together fails is known, whatever keeps two alone from being asked
    pairs = "".join(f"\n{pair}" for pair in found)
    return f"{lines}\n\nimported in {order} order{pairs}\n\n{output}", probe.cost


def _pairs(modules: Sequence[str], probe: Probe, folder: Path, limit: float) -> Iterator[str]:
    end = time.monotonic() + limit
    said = _lines(probe)
    for module in probe.failed:
        if module not in modules or time.monotonic() >= end:
            continue
        if _alone(module, folder, limit).failure is not None:
            continue
        for before in modules[: modules.index(module)]:
            left = end - time.monotonic()
            if left <= 0:
                return
            both = probe_modules(
                [before, module], folder=folder / f"import-{before}-{module}", limit=left
            )
            # In the same words: what was ended for want of time says something else.
            if said.intersection(line for line in _lines(both) if line.startswith(f"{module} ")):
                yield f"{module} fails after {before}, of these two alone, and not without it"
                break


def _lines(probe: Probe) -> set[str]:
    """Return the line of each module that failed."""
    return {*(probe.failure or "").partition("\n\n")[0].splitlines()}


def _alone(module: str, folder: Path, limit: float) -> Probe:
    """Import a module in a process of its own, as the check of its pin does, and remembers."""
    return probe_modules([module], folder=folder / f"import-{module}", limit=limit)
