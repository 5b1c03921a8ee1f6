"""Become the process of one workload: pytest with the tools hidden from the stack."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
import pytest_reportlog.plugin
from _pytest.assertion.rewrite import AssertionRewritingHook

if TYPE_CHECKING:
    from stack_suite.tools import Tools

SUITE = Path(__file__).parents[1]


class _Begin:
    """Hides the tools once pytest is loaded, and enters the work folder once it has read where.

    When the workload is imported, all that comes is the stack's, in its own words.
    """

    def __init__(self, tools: Tools, folder: str) -> None:
        self._tools = tools
        self._folder = folder

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_parse(self) -> None:
        """No file of the suite, nor anything that one imports, was read by now."""
        self._tools.hide()

    def pytest_collectstart(self) -> None:
        """Go to where the workload works: arguments relative to the suite were read by now."""
        os.chdir(self._folder)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """Have no module of the stack rewritten, nor one of the suite's stand in for it."""
        sys.meta_path[:] = [
            finder for finder in sys.meta_path if not isinstance(finder, AssertionRewritingHook)
        ]
        sys.modules.pop("conftest", None)
        # What workloads bring beside them is still found, if the stack has no such name.
        sys.path.sort(key=lambda place: place.startswith(str(SUITE)))


def run_workload(arguments: list[str], folder: str, tools: Tools) -> NoReturn:
    """Run pytest on a workload of the suite that works in `folder`; end with its exit code."""
    sys.path[0] = folder
    # As `python -m pytest` would have it. A child of multiprocessing imports no such module again.
    spec = importlib.util.find_spec("pytest.__main__")
    assert spec is not None
    main = importlib.util.module_from_spec(spec)
    main.__name__ = "__main__"
    sys.modules["__main__"] = main
    sys.argv[:] = [str(spec.origin), *arguments]
    # No path of the checkout may be an argument: what pytest reads `[` and `::` as, paths may hold.
    os.chdir(SUITE)
    sys.exit(pytest.main(arguments, plugins=[pytest_reportlog.plugin, _Begin(tools, folder)]))
