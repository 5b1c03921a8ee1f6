"""The test tools: pytest and what it requires, in a folder outside every environment under test.

A stack must not find what the suite brings: it would stand in for what the stack lacks. Nor need
the tools go with what the stack pins. They are kept in the user's cache, one folder for each
interpreter, whole or not at all, and made anew now and then, so that a run finds them ready.
"""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from shutil import rmtree

from filelock import FileLock
from platformdirs import user_cache_path

from stackproof.base.json_text import fingerprint
from stackproof.base.process import run
from stackproof.errors import CannotJudgeError
from stackproof.evidence.records import Freeze
from stackproof.installers.environment import Environment, distributions
from stackproof.installers.failures import classify, explain

__all__ = ["TOOLS", "SuiteTools", "suite_tools"]

#: What the suite needs besides the stack.
TOOLS = ("pytest>=8.3,<9", "pytest-xdist>=3.6,<4", "pytest-reportlog>=0.4,<2")

_FRESH = timedelta(days=30)
#: The newest, and the one before it: another run may still be using that.
_KEPT = 2
_LIMIT_SECONDS = 600
_TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class SuiteTools:
    """The test tools that lie in `home`."""

    home: Path

    @property
    def folder(self) -> Path:
        """The folder that Python has to search."""
        return self.home / "tools"

    @property
    def byte_code(self) -> Path:
        """The folder for the byte code of the tools."""
        return self.home / "byte-code"

    @property
    def freeze(self) -> Freeze:
        """Which tools there are."""
        return dict(sorted((name, version) for _, name, version in distributions(self.folder)))


def suite_tools(
    environment: Environment,
    *,
    log: Path,
    environ: Mapping[str, str],
    tick: Callable[[], None] = lambda: None,
    wanted: Sequence[str] = TOOLS,
    otherwise: Callable[[], Path],
) -> SuiteTools:
    """Return the test tools for the environment's Python, from its installer where need be.

    What the installer prints goes to `log`. Where the user's cache cannot be written to, they go to
    the folder that `otherwise` makes. Raises CannotJudgeError if they cannot be had, and says why.
    """
    platform = [environment.implementation, environment.version, sysconfig.get_platform()]
    store = user_cache_path("stackproof") / "suite-tools" / fingerprint([*platform, *wanted])[:32]
    try:
        store.mkdir(parents=True, exist_ok=True)
        writable = os.access(store, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        store = otherwise()
    found = _newest(store)
    if found is not None and _age(found) < _FRESH:
        return SuiteTools(found)
    with FileLock(store / ".lock"):
        found = _newest(store)
        if found is not None and _age(found) < _FRESH:
            return SuiteTools(found)
        try:
            return _fetch(environment, store, log=log, environ=environ, tick=tick, wanted=wanted)
        except CannotJudgeError:
            if found is None:
                raise
            return SuiteTools(found)  # old, and as good as any other day


def _newest(store: Path) -> Path | None:
    return max(store.glob("2*Z"), default=None)


def _age(home: Path) -> timedelta:
    made = datetime.strptime(home.name, _TIME).replace(tzinfo=timezone.utc)
    return datetime.now(timezone.utc) - made


def _fetch(
    environment: Environment,
    store: Path,
    *,
    log: Path,
    environ: Mapping[str, str],
    tick: Callable[[], None],
    wanted: Sequence[str],
) -> SuiteTools:
    """Install the tools aside, and put them on the store when they are whole."""
    aside = store / "aside"
    rmtree(aside, ignore_errors=True)  # of a run that was killed
    made = SuiteTools(aside)
    made.byte_code.mkdir(parents=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = environment.install_command(
        [*wanted, "--target", str(made.folder)], debug_log=log.with_suffix(".debug")
    )
    finished = run(command, log=log, limit=_LIMIT_SECONDS, env=environ, tick=tick)
    if not finished.succeeded:
        words = log.read_text(encoding="utf-8", errors="replace")
        why = explain(classify(words, finished) or "unknown", words, finished)
        raise CannotJudgeError(
            f"the test tools ({', '.join(wanted)}) could not be had; see {log.name}: {why}"
        )
    home = store / datetime.now(timezone.utc).strftime(_TIME)
    aside.rename(home)
    for old in sorted(store.glob("2*Z"))[:-_KEPT]:
        rmtree(old, ignore_errors=True)
    return SuiteTools(home)
