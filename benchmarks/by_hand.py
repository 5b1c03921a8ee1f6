"""What a user does without us: the document's pip commands, then one serial pytest."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measuring import timed
from benchmarks.stand import Stand
from stackproof.servers import running
from stackproof.suite import TOOLS

__all__ = ["install_by_hand", "serial_suite", "verify_by_hand"]

#: pytest ends with 1 if a check fails, which is no failure of a measurement.
_JUDGED = (0, 1)


def verify_by_hand(
    stand: Stand,
    stages: Sequence[Sequence[str]],
    env: Mapping[str, str],
    *,
    advice: Sequence[str] = (),
) -> float:
    """Install the stages in a new environment and run the suite; return the seconds.

    `advice` are further options of pip, such as those that documents recommend for speed.
    """
    begin = time.monotonic()
    with stand.scratch() as folder:
        install_by_hand(stand, stages, folder / "venv", env, advice=advice)
        serial_suite(stand, folder, env)
    return time.monotonic() - begin


def install_by_hand(
    stand: Stand,
    stages: Sequence[Sequence[str]],
    venv: Path,
    env: Mapping[str, str],
    *,
    advice: Sequence[str] = (),
) -> float:
    """Install the stages with pip in a new environment at `venv`; return the seconds."""
    pip = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", *advice]
    python = f"python{stand.plan.python}"
    commands = [[python, "-m", "venv", venv], *([*pip, *stage] for stage in stages)]
    return timed(commands, env=env, cwd=venv.parent)


def serial_suite(stand: Stand, folder: Path, env: Mapping[str, str]) -> float:
    """Run the whole suite in one process in the environment `folder/venv`; return the seconds."""
    begin = time.monotonic()
    python = folder / "venv" / "bin" / "python"
    stand.plan.write(folder / "plan.json")
    tests = stand.root / "tests" / "stack"
    quiet = {**env, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TMPDIR": str(folder)}
    timed([[python, "-m", "pip", "install", "--quiet", *TOOLS]], env=env, cwd=folder)
    with running(stand.plan.servers, logs=folder / "servers", environ=env) as servers:
        known = {name: info.to_json() for name, info in servers.items()}
        (folder / "servers.json").write_text(json.dumps(known), encoding="utf-8")
        command = [
            *(python, "-m", "pytest", "-c", tests / "pytest.ini", tests),
            *("--plan", folder / "plan.json", "--servers", folder / "servers.json"),
            *("-p", "xdist", "-p", "pytest_reportlog.plugin", "-p", "no:cacheprovider", "-n", "0"),
            *("--report-log", folder / "checks.jsonl", "-q"),
            *("--left-out", folder / "left-out.json"),
        ]
        timed([command], env=quiet, cwd=tests, allowed=_JUDGED)
    return time.monotonic() - begin
