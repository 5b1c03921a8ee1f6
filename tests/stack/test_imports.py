"""Checks `import:NAME` and `import:*`: every module imports, alone and all together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stack_suite.probe import probe_modules

if TYPE_CHECKING:
    from pathlib import Path

    from stack_suite.plan import Pin, Plan


def test_import(pin: Pin, plan: Plan, run_folder: Path) -> None:
    """Import each module of the pin in a fresh process of its own."""
    for module in pin.imports:
        folder = run_folder / f"import-{module}"
        probe = probe_modules([module], folder=folder, limit=plan.import_seconds)
        if probe.failure:
            pytest.fail(f"import {probe.failure}", pytrace=False)


def test_import_together(plan: Plan, run_folder: Path) -> None:
    """Import all modules in one fresh process, in documented order."""
    folder, limit = run_folder / "import-together", plan.import_seconds
    probe = probe_modules(plan.modules, folder=folder, limit=limit)
    if probe.failure:
        pytest.fail(probe.failure, pytrace=False)
