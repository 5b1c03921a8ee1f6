"""Checks `version:NAME`: what is installed, and what imports, is what was pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stack_suite.probe import probe_modules
from stack_suite.versions import same_release, satisfies

if TYPE_CHECKING:
    from pathlib import Path

    from stack_suite.plan import Pin, Plan

KIND = "version"
#: What one typically takes.
SECONDS = 0.1


def test_version(pin: Pin, plan: Plan, run_folder: Path) -> None:
    """Compare what is installed with what is asked for, and each module's `__version__` with it.

    Where any version will do, it must be there. A module that does not import has no version to
    compare: that is the import check's to say.
    """
    installed, asked = plan.installed(pin.name), pin.asked or "any version"
    if installed is None:
        pytest.fail(f"{pin.name} is not installed (pinned: {asked})", pytrace=False)
    if not satisfies(installed, pin.asked):
        pytest.fail(f"{pin.name} {installed} is installed, not {asked}", pytrace=False)
    for module in pin.imports:
        folder = run_folder / f"import-{module}"
        probe = probe_modules([module], folder=folder, limit=plan.import_seconds)
        own = probe.versions.get(module)
        if own is not None and not same_release(own, installed):
            pytest.fail(f"{module}.__version__ is {own}, not {installed}", pytrace=False)
