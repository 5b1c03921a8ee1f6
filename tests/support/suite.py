"""Modules of the suite, which runs where there is no stackproof, for tests beside it."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from support.workbench import ROOT

__all__ = ["suite_module"]


def suite_module(name: str) -> ModuleType:
    """Return a module of the suite that imports no other one of it."""
    file = ROOT / "tests" / "stack" / "stack_suite" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"suite_{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
