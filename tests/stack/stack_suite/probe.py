"""Import modules in one fresh process, and learn the versions they give themselves."""

from __future__ import annotations

import fcntl
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack_suite.isolation import run_isolated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# The share of the time limit after which the process prints where each of its threads stands.
_DUMP_SHARE = 0.9

_SCRIPT = """
import faulthandler, json, sys
faulthandler.dump_traceback_later(float(sys.argv[1]))
with open(sys.argv[2], "w", encoding="utf-8") as found:
    for name in sys.argv[3:]:
        __import__(name)
        version = getattr(sys.modules[name], "__version__", None)
        print(json.dumps(None if version is None else str(version)), file=found, flush=True)
"""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What came of importing modules: each one's `__version__`, and the failure that ended it."""

    versions: dict[str, str | None]
    failure: str | None


def probe_modules(modules: Sequence[str], *, folder: Path, limit: float) -> Probe:
    """Import the modules one after another in one fresh process.

    The folder remembers the result: who asks again, from whichever process, is told it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    memo = folder / "probe.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not memo.exists():
            found = _probe(modules, folder, limit)
            memo.write_text(json.dumps(vars(found)), encoding="utf-8")
    return Probe(**json.loads(memo.read_text(encoding="utf-8")))


def _probe(modules: Sequence[str], folder: Path, limit: float) -> Probe:
    found = folder / "found.jsonl"
    arguments = [str(limit * _DUMP_SHARE), str(found), *modules]
    command = [sys.executable, "-X", "faulthandler", "-c", _SCRIPT, *arguments]
    ending = run_isolated(command, sandbox=folder / "sandbox", limit=limit)
    lines = found.read_text(encoding="utf-8").splitlines() if found.exists() else []
    versions = dict(zip(modules, map(json.loads, lines), strict=False))
    if ending.exit == 0 and len(lines) == len(modules):
        return Probe(versions=versions, failure=None)
    culprit = modules[len(lines)] if len(lines) < len(modules) else "the end of the process"
    # A module that ends the process while it is imported keeps all the others from being imported.
    gone = f"ended the process (exit 0): {ending.last_line}" if ending.exit == 0 else None
    how = gone or ending.trouble or f"failed: {ending.last_line}"
    return Probe(versions=versions, failure=f"{culprit} {how}\n{ending.output}")
