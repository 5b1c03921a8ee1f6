"""What the tests share: an index of tiny wheels on loopback, and a project that installs them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from support.desk import Desk
from support.index import Index
from support.interpreters import find_interpreters, without_shims
from support.kept_reports import KeptReports
from support.tools import tool_wheels
from support.workbench import RELEASES, Bench
from uv import find_uv_bin

from stackproof.run.suite_tools import TOOLS


@pytest.fixture(scope="session")
def suite_tools(pytestconfig: pytest.Config) -> tuple[Path, ...]:
    """Return folders of real wheels: what the suite needs in an environment, and pip."""
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("test-tools")
    return _oldest_wanted(cache), tool_wheels(cache)


def _oldest_wanted(cache: Path) -> Path:
    """Fetch the pytest that the suite asks for; `tool_wheels` has the newest."""
    folder = cache / "suite-pytest"
    (wanted,) = [tool for tool in TOOLS if tool.startswith("pytest>")]
    download = [find_uv_bin(), "tool", "run", "pip", "download", "--quiet", "--no-deps", "--dest"]
    with FileLock(cache / "suite-pytest.lock"):
        if not list(folder.glob("*.whl")):
            subprocess.run([*download, str(folder), wanted], check=True)
    return folder


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return a folder that every worker of this run of the tests shares."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session", autouse=True)
def private_cache(shared: Path) -> Iterator[None]:
    """Keep what stackproof caches for its user out of the cache of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(shared / "cache"))
        yield


@pytest.fixture(scope="session", autouse=True)
def interpreters(shared: Path, private_cache: None) -> Iterator[None]:  # noqa: ARG001 - it is set
    """Look for this machine's interpreters once, without the shims of a version manager."""
    path = shared / "path"
    with pytest.MonkeyPatch.context() as patch:
        with FileLock(shared / "path.lock"):
            if not path.exists():
                patch.setenv("PATH", without_shims(os.environ["PATH"]))
                find_interpreters(shared / "cache")
                path.write_text(os.environ["PATH"], encoding="utf-8")
        patch.setenv("PATH", path.read_text(encoding="utf-8"))
        yield


@pytest.fixture(scope="session")
def pip_environment(shared: Path) -> Callable[[], Path]:
    """Return a function that gives an environment with pip and its byte code."""

    def make() -> Path:
        venv = shared / "pip-environment"
        with FileLock(shared / "pip-environment.lock"):
            if not venv.exists():
                # Without the setuptools that comes along for a Python before 3.12.
                virtualenv = [sys.executable, "-m", "virtualenv", "--quiet", "--no-setuptools"]
                subprocess.run([*virtualenv, str(venv)], check=True)
                compileall = [str(venv / "bin" / "python"), "-m", "compileall", "-q"]
                subprocess.run([*compileall, str(*venv.glob("lib/*/*/pip"))], check=True)
        return venv

    return make


@pytest.fixture
def index(suite_tools: tuple[Path, ...]) -> Iterator[Index]:
    """Return an index that offers the tiny releases, and the suite's tools."""
    with Index(*RELEASES) as served:
        for folder in suite_tools:
            served.add_wheels(folder)
        yield served


@pytest.fixture
def bench(tmp_path: Path, index: Index, pip_environment: Callable[[], Path]) -> Bench:
    """Return a project that installs from the index."""
    return Bench(root=tmp_path, index=index, pip_environment=pip_environment)


@pytest.fixture(scope="session")
def kept_reports(shared: Path) -> KeptReports:
    """Return the reports that are made once for all tests that only start from them."""
    return KeptReports(shared / "kept-reports")


@pytest.fixture
def desk(bench: Bench, index: Index) -> Desk:
    """Return what diagnoses a file with releases of the index."""
    return Desk(bench, index)
