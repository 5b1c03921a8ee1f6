"""An environment whose modules can be broken from outside, and the suite's verdict on that."""

from __future__ import annotations

__all__ = ["Outcome", "Workshop", "declared"]

import ast
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from uv import find_uv_bin

_SUITE = Path(__file__).parents[1] / "stack"
_LIMIT_SECONDS = 240
_HOOK = dedent(
    """
    import importlib.util, json, os, sys, types

    # The suite names the workload in the environment of the process that it gives it.
    WORKLOAD = os.environ.get("STACKPROOF_ISOLATED")
    BREAKS = json.loads(os.environ.get("SABOTAGE", "{}")).get(WORKLOAD, {})

    class Breaker:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name not in BREAKS:
                return None
            code = BREAKS.pop(name)
            spec = importlib.util.find_spec(name)
            run = spec.loader.exec_module
            def run_and_break(module):
                run(module)
                exec(code, {"module": module})
            spec.loader.exec_module = run_and_break
            return spec

    for name in [name for name, code in BREAKS.items() if code is None]:
        sys.modules[name] = types.ModuleType(name)
        del BREAKS[name]
    sys.meta_path.insert(0, Breaker)
    """
)


@dataclass(frozen=True)
class Outcome:
    """How the workload of an item ended: passed, failed or skipped, and what it said."""

    item: str
    outcome: str
    message: str


class Workshop:
    """A virtual environment with a stack, in which the suite's workloads can be run."""

    def __init__(self, folder: Path, python: str, requirements: Sequence[str]) -> None:
        self._folder = folder
        self._python = folder / "venv" / "bin" / "python"
        # The tests keep their own cache; what is downloaded here is large, and the user's own.
        self._environ = {k: v for k, v in os.environ.items() if k != "XDG_CACHE_HOME"}
        self._uv("venv", "--python", python, str(folder / "venv"))
        tools = ("pytest", "pytest-xdist", "pytest-reportlog")
        self._uv("pip", "install", "--python", str(self._python), *requirements, *tools)
        [packages] = (folder / "venv" / "lib").glob("python*/site-packages")
        (packages / "sabotage_hook.py").write_text(_HOOK)
        (packages / "sabotage_hook.pth").write_text("import sabotage_hook\n")

    def _uv(self, *arguments: str) -> None:
        subprocess.run(
            [find_uv_bin(), *arguments], check=True, capture_output=True, env=self._environ
        )

    def run(
        self,
        items: Sequence[str],
        servers: Mapping[str, Mapping[str, str]],
        breaks: Mapping[str, Mapping[str, str | None]] | None = None,
    ) -> dict[str, Outcome]:
        """Run workloads with modules broken; return the outcomes by the workload's name.

        An item is a path in the suite, or such a path and a function. A break is for a workload and
        a module: its code is run when the module has been imported, in a namespace that holds it
        as `module`; None puts an empty module in its place.
        """
        log = self._folder / "checks.jsonl"
        log.unlink(missing_ok=True)
        plan = self._write("plan.json", {"format": 1, "pins": [], "import_seconds": 60})
        known = self._write("servers.json", servers)
        done = subprocess.run(
            [
                *(str(self._python), "-m", "pytest", "-c", str(_SUITE / "pytest.ini")),
                *(str(_SUITE / item) for item in items),
                *("--plan", plan, "--servers", known, "-p", "xdist", "-n", "2", "-q"),
                *("-p", "pytest_reportlog.plugin", "--report-log", str(log)),
                *("-p", "no:cacheprovider", "--maxschedchunk", "1"),
            ],
            cwd=self._folder,
            env={
                **self._environ,
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONPYCACHEPREFIX": str(self._folder / "byte-code"),
                "PYTHONDONTWRITEBYTECODE": "",
                "SABOTAGE": json.dumps(breaks or {}),
            },
            capture_output=True,
            text=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
        if done.returncode not in (0, 1):
            raise AssertionError(done.stdout + done.stderr)
        return _outcomes(log)

    def _write(self, name: str, value: object) -> str:
        (self._folder / name).write_text(json.dumps(value))
        return str(self._folder / name)


def _outcomes(log: Path) -> dict[str, Outcome]:
    """Return each workload's outcome: the first of its phases that is not passed."""
    found: dict[str, Outcome] = {}
    for line in log.read_text().splitlines():
        report = json.loads(line)
        if report.get("$report_type") != "TestReport":
            continue
        name = dict(report["user_properties"])["subject"]
        if name not in found or found[name].outcome == "passed":
            message = _message(report["longrepr"])
            found[name] = Outcome(report["nodeid"], report["outcome"], message)
    return found


def _message(longrepr: object) -> str:
    if isinstance(longrepr, dict):
        return str(longrepr["reprcrash"]["message"])
    return "" if longrepr is None else str(longrepr)


def declared(files: Sequence[str]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return what each workload of the files needs, and its servers, as its marker has them."""
    found = {}
    for file in files:
        for node in ast.walk(ast.parse((_SUITE / file).read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.workload":
                keys = {key.arg: ast.literal_eval(key.value) for key in node.keywords}
                found[ast.literal_eval(node.args[0])] = (keys["needs"], keys.get("servers", ()))
    return found
