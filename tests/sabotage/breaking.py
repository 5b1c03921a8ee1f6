"""An environment whose modules can be broken from outside, and the suite's verdict on that."""

from __future__ import annotations

__all__ = ["BreakingContext", "Outcome", "Workload", "declared"]

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from runpy import run_path
from tempfile import TemporaryDirectory
from textwrap import dedent

from filelock import FileLock
from platformdirs import user_cache_path
from uv import find_uv_bin

from stackproof.evidence.folder import Evidence
from stackproof.installers.environment import Environment
from stackproof.matrix.plan import Plan
from stackproof.run.build import Builder
from stackproof.run.reuse import Mark
from stackproof.run.suite_tools import suite_tools

_ROOT = Path(__file__).parents[2]
_SUITE = _ROOT / "tests" / "stack"
_LIMIT_SECONDS = 240
_HOOK = dedent(
    """
    import importlib.util, json, os, pathlib, sys, types

    def is_workload():
        # The breaks lie beside the plan of the process that runs a workload; whatever that starts
        # finds them in a variable.
        if "SABOTAGE" not in os.environ and "--plan" in sys.argv:
            plan = pathlib.Path(sys.argv[sys.argv.index("--plan") + 1])
            os.environ["SABOTAGE"] = (plan.parent / "breaks.json").read_text()
        return "SABOTAGE" in os.environ

    def begin():
        breaks = json.loads(os.environ["SABOTAGE"])
        for name in [name for name, code in breaks.items() if code is None]:
            sys.modules[name] = types.ModuleType(name)
            del breaks[name]
        return breaks

    class Breaker:
        # Known where the suite runs a workload, and in every process that the workload starts: not
        # yet at the start of this one, if a workload is going to be a fork of it.
        breaks = begin() if "SABOTAGE" in os.environ else None

        @classmethod
        def find_spec(cls, name, path=None, target=None):
            if cls.breaks is None and "STACKPROOF_ISOLATED" in os.environ and is_workload():
                cls.breaks = begin()
            if name not in (cls.breaks or ()):
                return None
            code = cls.breaks.pop(name)
            spec = importlib.util.find_spec(name)
            run = spec.loader.exec_module
            def run_and_break(module):
                run(module)
                exec(code, {"module": module})
            spec.loader.exec_module = run_and_break
            return spec

    sys.meta_path.insert(0, Breaker)
    """
)


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A workload as its marker declares it; `item` is its file in the suite and its function."""

    name: str
    item: str
    needs: tuple[str, ...]
    uses: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    seconds: float
    timeout: float
    oldest: Mapping[str, str] = field(default_factory=dict, hash=False)


def declared() -> dict[str, Workload]:
    """Return every workload of the suite by its name."""
    files = sorted(_SUITE.glob("workloads/test_*.py"))
    found = [workload for file in files for workload in _workloads(file)]
    return {workload.name: workload for workload in found}


def _workloads(file: Path) -> list[Workload]:
    return [
        Workload(name=mark.args[0], item=f"{file.relative_to(_SUITE)}::{function}", **mark.kwargs)
        for function, found in run_path(str(file)).items()
        for mark in getattr(found, "pytestmark", [])
        if mark.name == "workload"
    ]


@dataclass(frozen=True)
class Outcome:
    """How a workload ended: passed, failed or skipped, what it said, and what was printed."""

    outcome: str
    message: str
    printed: str


class BreakingContext:
    """The environment of a plan, in which the suite's workloads can be run.

    It is kept in the user's cache with its byte code, and used again for the very same plan.
    """

    def __init__(self, plan: Plan) -> None:
        home = user_cache_path("stackproof") / "sabotage" / plan.matrix
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / ".lock"):
            if not _is_built(home / "venv", plan):
                _build(home / "venv", plan, home / "builds")
            self._environment = Environment.at(home / "venv", plan.installer)
            log = home / "test-tools.log"
            self._tools = suite_tools(
                self._environment,
                log=log,
                environ=os.environ,
                otherwise=lambda: self._environment.root / "suite-tools",
            )
            [packages] = self._environment.libraries
            (packages / "sabotage_hook.py").write_text(_HOOK)
            (packages / "sabotage_hook.pth").write_text("import sabotage_hook\n")

    def run(
        self,
        workload: Workload,
        servers: Mapping[str, Mapping[str, object]],
        breaks: Mapping[str, str | None] | None = None,
    ) -> Outcome:
        """Run a workload with modules broken.

        A break is for a module: its code is run when the module has been imported, in a namespace
        that holds it as `module`; None puts an empty module in its place.
        """
        with TemporaryDirectory(prefix="sabotage-") as folder:
            return self._run(Path(folder), workload, servers, breaks or {})

    def _run(
        self,
        folder: Path,
        workload: Workload,
        servers: Mapping[str, Mapping[str, object]],
        breaks: Mapping[str, str | None],
    ) -> Outcome:
        pins = [{"name": name, "version": "0", "imports": []} for name in workload.needs]
        plan = {"format": 1, "pins": pins, "import_seconds": 60}
        (folder / "plan.json").write_text(json.dumps(plan))
        (folder / "servers.json").write_text(json.dumps(servers))
        (folder / "breaks.json").write_text(json.dumps(breaks))
        log = folder / "checks.jsonl"
        done = subprocess.run(
            [
                *(str(self._environment.python), "-I", "-S", str(_SUITE), str(self._tools.folder)),
                *(*map(str, self._environment.libraries), "--", "-c", "pytest.ini", workload.item),
                *("--plan", str(folder / "plan.json")),
                *("--servers", str(folder / "servers.json"), "-p", "no:cacheprovider", "-q"),
                *("-p", "pytest_reportlog.plugin", "--report-log", str(log)),
            ],
            cwd=_SUITE,
            env={
                **os.environ,
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONDONTWRITEBYTECODE": "",
            },
            capture_output=True,
            text=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
        if done.returncode not in (0, 1):
            raise AssertionError(done.stdout + done.stderr)
        return _outcome(log)


def _is_built(venv: Path, plan: Plan) -> bool:
    if not venv.exists():
        return False
    mark = Mark.read(venv)
    return (
        mark is not None
        and mark.fingerprint == plan.fingerprint
        and mark.freeze == Environment.at(venv, plan.installer).freeze()
    )


def _build(venv: Path, plan: Plan, builds: Path) -> None:
    """Build the environment as `nox -s verify` does."""
    shutil.rmtree(builds, ignore_errors=True)
    evidence = Evidence.create(builds, plan)
    make = [find_uv_bin(), "venv", "--quiet", "--clear", "--python", plan.python, str(venv)]
    subprocess.run(make, check=True)
    environment = Environment.at(venv, plan.installer)
    builder = Builder(
        plan=plan,
        environment=environment,
        folder=evidence.folder,
        snapshots=_ROOT / "matrices" / "constraints",
        environ=os.environ,
        limit=1200,
    )
    for stage in builder.stages():
        assert stage.failure is None, stage.message
    freeze = environment.freeze()
    evidence.write_freeze(freeze)
    mark = Mark(evidence=evidence.folder.name, fingerprint=plan.fingerprint, freeze=freeze)
    mark.leave(venv)


def _outcome(log: Path) -> Outcome:
    """Return the outcome that the log of one workload tells: its first phase that is not passed."""
    reports = [json.loads(line) for line in log.read_text().splitlines()]
    phases = [one for one in reports if one.get("$report_type") == "TestReport"]
    telling = next((one for one in phases if one["outcome"] != "passed"), phases[-1])
    printed = "\n".join(text for _, text in telling["sections"])
    return Outcome(telling["outcome"], _message(telling["longrepr"]), printed)


def _message(longrepr: object) -> str:
    if isinstance(longrepr, dict):
        return str(longrepr["reprcrash"]["message"])
    return "" if longrepr is None else str(longrepr)
