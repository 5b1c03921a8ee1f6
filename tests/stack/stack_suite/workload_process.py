"""Become the process of one workload: pytest with the tools hidden from the stack.

Whatever a workload, or what it imports, does to the streams and open files of its process is as
good as in a script of its own: it has plain ones, which pytest neither reads nor writes.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import io
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit, setrlimit
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from _pytest.assertion.rewrite import AssertionRewritingHook

if TYPE_CHECKING:
    from stack_suite.fork_server import Job
    from stack_suite.tools import Tools

SUITE = Path(__file__).parents[1]
# The share of the time limit after which it prints where each of its threads stands.
_DUMP_SHARE = 0.9


class _Begin:
    """Hides the tools once pytest is loaded, and enters the work folder once it has read where.

    When the workload is imported, all that comes is the stack's, in its own words.
    """

    def __init__(self, tools: Tools, folder: str) -> None:
        self._tools = tools
        self._folder = folder
        self._stdout = sys.stdout

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_parse(self) -> None:
        """No file of the suite, nor anything that one imports, was read by now."""
        self._tools.hide()

    def pytest_collection(self) -> None:
        """Give the workload its standard output: what pytest says of it goes to another one.

        What pytest itself looks for among what is installed, it has by now.
        """
        sys.stdout = self._stdout
        _begin_to_tell()

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


class _File(io.TextIOBase):
    """A file that is open only while something is added to it: nobody can close it, or write it."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def write(self, text: str) -> int:
        """Add text; a workload may have left no room for an open file, and is to find none."""
        soft, hard = getrlimit(RLIMIT_NOFILE)
        setrlimit(RLIMIT_NOFILE, (hard, hard))
        try:
            with self._path.open("a", encoding="utf-8", errors="replace") as file:
                return file.write(text)
        finally:
            setrlimit(RLIMIT_NOFILE, (soft, hard))


class _Words(_File):
    """What pytest says besides: it is lost where the workload removed the folder of its output."""

    def write(self, text: str) -> int:
        """Add text if that can be."""
        with suppress(OSError):
            return super().write(text)
        return 0


class _Told:
    """Adds what comes of the workload to a file, a line of JSON each; `code` is how it ended."""

    def __init__(self) -> None:
        self.code: int | None = None
        self._asked = os.getpid()

    @staticmethod
    def pytest_addoption(parser: pytest.Parser) -> None:
        """Have the file named."""
        parser.addoption("--told", metavar="FILE.jsonl")

    def pytest_configure(self, config: pytest.Config) -> None:
        """Note the file."""
        self._config = config
        self._file = _File(config.getoption("told"))

    def pytest_sessionstart(self) -> None:
        """Tell that pytest has begun."""
        self._tell({"begun": True})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """End a child that the workload made and left to itself, as a script's: nobody asked it."""
        if os.getpid() != self._asked:
            error = call.excinfo.value if call.excinfo else SystemExit(0)
            code = error.code or 0 if isinstance(error, SystemExit) else 1
            os._exit(code if isinstance(code, int) else 1)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell a report."""
        hook = self._config.hook
        self._tell(hook.pytest_report_to_serializable(config=self._config, report=report))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Tell that pytest has ended, and how."""
        self._tell({"exitstatus": exitstatus})
        self.code = exitstatus

    def _tell(self, data: dict[str, Any]) -> None:
        self._file.write(json.dumps(data, default=str) + "\n")


def run_workload(job: Job, tools: Tools) -> NoReturn:
    """Run pytest on a workload of the suite; end with its exit code."""
    sys.path[0] = job.folder
    # As `python -m pytest` would have it. A child of multiprocessing imports no such module again.
    spec = importlib.util.find_spec("pytest.__main__")
    assert spec is not None
    main = importlib.util.module_from_spec(spec)
    main.__name__ = "__main__"
    sys.modules["__main__"] = main
    sys.argv[:] = [str(spec.origin), *job.arguments]
    _open_streams()
    _watch(time.monotonic() + job.limit * _DUMP_SHARE)
    # No path of the checkout may be an argument: what pytest reads `[` and `::` as, paths may hold.
    os.chdir(SUITE)
    told, begin = _Told(), _Begin(tools, job.folder)
    sys.stdout = _Words(job.output)
    try:
        sys.exit(pytest.main(job.arguments, plugins=[told, begin]))
    except OSError:
        if told.code is None:
            raise
        sys.exit(told.code)  # only what pytest had open could not be closed a second time


def _begin_to_tell() -> None:
    """Tell what this process loads from now on, as each that it starts does from its beginning.

    It was forked from one that was not asked to.
    """
    script = os.environ.get("STACKPROOF_WATCH")
    if script is not None:
        text = Path(script).read_text(encoding="utf-8")
        exec(compile(text, "stackproof", "exec"), {"__name__": "watch"})  # noqa: S102


def _watch(deadline: float) -> None:
    """Have each thread's place printed at a crash, and at the deadline."""

    def wait() -> None:
        faulthandler.dump_traceback_later(max(deadline - time.monotonic(), 0.001))

    faulthandler.enable()
    wait()
    # A child would wait at its end for the thread that waits, and which it has not.
    os.register_at_fork(before=faulthandler.cancel_dump_traceback_later, after_in_parent=wait)


def _open_streams() -> None:
    """Open what this process reads and prints as `python -u` does: a crash loses no word.

    Where the stack closes one, its number stays open, as with Python's own.
    """
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(
            io.FileIO(number, "w", closefd=False),
            encoding="utf-8",
            errors="replace",
            write_through=True,
        )
        for number in (1, 2)
    )
