"""What a user does without us: pip's commands, tox or nox, then one serial pytest."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from uv import find_uv_bin

from benchmarks.measuring import timed
from benchmarks.stand import Stand
from stackproof.errors import StackproofError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.verdict import judge
from stackproof.run.servers import running
from stackproof.run.suite_tools import TOOLS

__all__ = ["Stages", "Way", "install_by_hand", "new_environment", "verify_by_hand"]

Stages = Sequence[Sequence[str]]
Way = Literal["pip", "tox", "tox-uv", "nox"]
#: pytest ends with 1 if a check fails, which is no failure of a measurement.
_JUDGED = (0, 1)
#: How many checks an error names.
_SHOWN = 3
_QUIET = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"

_TOX = """\
[tox]
no_package = true
env_list = stack

[testenv:stack]
runner = {runner}
base_python = python{python}
pass_env = *
set_env = {quiet} = 1
allowlist_externals = {uv}
commands =
{commands}
"""

_NOX = """\
import nox


@nox.session(python={python!r})
def stack(session):
    for stage in {stages!r}:
        session.install(*stage)
    session.run(*{suite!r}, env={{{quiet!r}: "1"}}, success_codes=[0, 1])
"""


def verify_by_hand(
    stand: Stand,
    way: Way,
    stages: Stages,
    env: Mapping[str, str],
    *,
    advice: Sequence[str] = (),
    home: Path | None = None,
) -> float:
    """Install the stages in a new environment and run the suite serially; return the seconds.

    `advice` are further options of pip, such as those that documents recommend for speed. Raises
    StackproofError if the suite did not answer as in our own newest run, which lies in `home` or,
    if None, in the row's.
    """
    begin = time.monotonic()
    ours = Evidence((home or stand.home) / "latest")
    # Our suite keeps byte code whatever the machine says; without it, an environment that uv made
    # would compile the stack from source in each check.
    env = {name: value for name, value in env.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with stand.scratch() as folder, _servers(stand, folder, env):
        ours.plan.write(folder / "plan.json")
        if way == "pip":
            install_by_hand(stand, [*stages, TOOLS], folder / "venv", env, advice=advice)
            commands = [[folder / "venv" / "bin" / "python", *_suite(stand, folder)]]
        elif way == "nox":
            commands = [_with_nox(stand, folder, stages)]
        else:
            commands = [_with_tox(stand, folder, stages, way)]
        quiet = {**env, _QUIET: "1", "TMPDIR": str(folder)}
        timed(commands, env=quiet, cwd=folder, allowed=_JUDGED)
        _require_answers(ours, Evidence(folder))
    return time.monotonic() - begin


def new_environment(stand: Stand, venv: Path, env: Mapping[str, str]) -> None:
    """Make an environment as the document does: by venv, with the newest pip."""
    upgrade = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--upgrade", "pip"]
    make = [f"python{stand.plan.python}", "-m", "venv", venv]
    timed([make, upgrade], env=env, cwd=venv.parent)


def install_by_hand(
    stand: Stand,
    stages: Stages,
    venv: Path,
    env: Mapping[str, str],
    *,
    advice: Sequence[str] = (),
) -> None:
    """Install the stages with pip in a new environment at `venv`."""
    new_environment(stand, venv, env)
    pip = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", *advice]
    timed([[*pip, *stage] for stage in stages], env=env, cwd=venv.parent)


def _with_tox(stand: Stand, folder: Path, stages: Stages, way: Way) -> list[object]:
    """Write a tox.ini and return the command that runs it."""
    pip = (
        [find_uv_bin(), "pip", "install"] if way == "tox-uv" else ["python", "-m", "pip", "install"]
    )
    installs: list[list[object]] = [[*pip, *stage] for stage in [*stages, TOOLS]]
    commands = [*installs, ["python", *_suite(stand, folder)]]
    text = _TOX.format(
        runner="uv-venv-runner" if way == "tox-uv" else "virtualenv",
        python=stand.plan.python,
        quiet=_QUIET,
        uv=find_uv_bin(),
        commands="\n".join(f"    {shlex.join(map(str, command))}" for command in commands),
    )
    (folder / "tox.ini").write_text(text, encoding="utf-8")
    return [sys.executable, "-m", "tox", "-c", folder / "tox.ini"]


def _with_nox(stand: Stand, folder: Path, stages: Stages) -> list[object]:
    """Write a noxfile of plain `session.install` and return the command that runs it."""
    text = _NOX.format(
        python=stand.plan.python,
        stages=[list(stage) for stage in [*stages, TOOLS]],
        suite=["python", *map(str, _suite(stand, folder))],
        quiet=_QUIET,
    )
    (folder / "noxfile.py").write_text(text, encoding="utf-8")
    backend = ["--force-venv-backend", "virtualenv"]
    return [sys.executable, "-m", "nox", "-f", folder / "noxfile.py", *backend]


def _suite(stand: Stand, folder: Path) -> list[object]:
    """Return how Python runs the whole suite in one process."""
    tests = stand.root / "tests" / "stack"
    return [
        *("-m", "pytest", "-c", tests / "pytest.ini", tests),
        *("--plan", folder / "plan.json", "--servers", folder / "servers.json"),
        *("-p", "xdist", "-p", "pytest_reportlog.plugin", "-p", "no:cacheprovider", "-n", "0"),
        *("--report-log", folder / "checks.jsonl", "-q"),
        *("--left-out", folder / "left-out.json"),
    ]


@contextmanager
def _servers(stand: Stand, folder: Path, env: Mapping[str, str]) -> Iterator[None]:
    """Run the row's servers, and tell where they are in a file."""
    with running(stand.plan.servers, logs=folder / "servers", environ=env) as servers:
        known = {name: info.to_json() for name, info in servers.items()}
        (folder / "servers.json").write_text(json.dumps(known), encoding="utf-8")
        yield


def _require_answers(ours: Evidence, theirs: Evidence) -> None:
    """Raise if the suite by hand did not answer as in our own run, check by check.

    A failure that the matrix records may pass by hand. Any other tells of a run of ours that broke
    down, and how long that took is no figure.
    """
    wanted, found = (
        {check.id: check.outcome for check in run.suite.checks} for run in (ours, theirs)
    )
    odd = {name for name in wanted | found if wanted.get(name) != found.get(name)}
    known = {check.id for check in judge(ours).in_state("known")}
    odd -= {name for name in known if found.get(name) == "passed"}
    if odd or not found:
        shown = ", ".join(sorted(odd)[:_SHOWN]) + (" ..." if len(odd) > _SHOWN else "")
        raise StackproofError(f"the suite by hand answered otherwise than ours ({shown})")
