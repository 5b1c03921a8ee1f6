"""Checks `import:NAME` and `import:*`: every module imports, alone and all together."""

from __future__ import annotations

from functools import partial
from importlib.metadata import PackageNotFoundError
from typing import TYPE_CHECKING, NoReturn

import pytest
from stack_suite.costs import Cost, cost_properties
from stack_suite.fork_client import UntoldError
from stack_suite.modules import modules_of
from stack_suite.orders import failure_in_order
from stack_suite.owners import shadowed
from stack_suite.pairs import failure_of_pairs
from stack_suite.probe import END, probe_modules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stack_suite.plan import Pin, Plan

KIND = "import"
#: What one typically takes.
SECONDS = 2.0


def test_import(
    pin: Pin, plan: Plan, run_folder: Path, record_property: Callable[[str, object], None]
) -> None:
    """Import each module of the pin, from a file of its own, in a fresh process of its own."""
    modules = _installed(pin)
    record_property("modules", modules)
    files: dict[str, str | None] = {}
    costs = []
    for module in modules:
        folder = run_folder / f"import-{module}"
        probe = probe_modules([module], folder=folder, limit=plan.import_seconds)
        if probe.failure:
            pytest.fail(f"import {probe.failure}", pytrace=False)
        files |= probe.files
        costs.append(probe.cost)
    _record_cost(costs, record_property)
    if lost := list(shadowed(pin, files)):
        pytest.fail("\n".join(lost), pytrace=False)


def test_import_together(
    plan: Plan,
    run_folder: Path,
    record_property: Callable[[str, object], None],
    request: pytest.FixtureRequest,
) -> None:
    """Import all modules in one fresh process, in documented order, and in another in reverse.

    So of any two each one comes first once: compiled modules that crash do so in one order alone.
    What comes between two heavy ones may hide that, so these are imported two by two as well. All
    is asked whatever fails, since an expected failure must not hide another one; nor what could not
    be told, which is an error beside the failure.
    """
    modules = [module for pin in plan.pins for module in _installed(pin)]
    record_property("modules", modules)
    limit = plan.import_seconds
    failures: list[str] = []
    costs: list[Cost] = []
    for order, names in {"documented": modules, "reverse": modules[::-1]}.items():
        failure, cost = failure_in_order(names, order, folder=run_folder, limit=limit)
        failures += [failure] if failure else []
        costs.append(cost)
    whole = any(END in failure.partition("\n\n")[0] for failure in failures)
    try:
        pairs = failure_of_pairs(plan.pins, folder=run_folder, limit=limit, whole=whole)
    except UntoldError as error:
        untold: str | None = str(error)
    else:
        failures += [pairs.failure] if pairs.failure else []
        costs += pairs.costs
        untold = pairs.untold
    if untold and failures:
        request.addfinalizer(partial(_leave_untold, untold))
    elif untold:
        _leave_untold(untold)
    if failures:
        pytest.fail(_joined(failures), pytrace=False)
    _record_cost(costs, record_property)


def _leave_untold(words: str) -> NoReturn:
    raise UntoldError(words)


def _joined(failures: list[str]) -> str:
    """Put the lines of all failures, one a module, before the first empty line: each is judged."""
    parts = [failure.partition("\n\n") for failure in failures]
    lines = dict.fromkeys(line for own, _, _ in parts for line in own.splitlines())
    return "\n\n".join(["\n".join(lines), *(rest for _, _, rest in parts)])


def _record_cost(costs: list[Cost], record_property: Callable[[str, object], None]) -> None:
    """Tell what a check took that passes; one of no module started no process."""
    for name, value in cost_properties(costs) if costs else ():
        record_property(name, value)


def _installed(pin: Pin) -> list[str]:
    try:
        return list(modules_of(pin))
    except PackageNotFoundError:
        pytest.fail(f"{pin.name} is not installed, so it has no module to import", pytrace=False)
