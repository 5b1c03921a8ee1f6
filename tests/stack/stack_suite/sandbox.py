"""A private folder and environment for one check, so that nobody's home is touched."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Settings of the person who runs the suite would change what the check measures.
_FOREIGN = (
    *("AIRFLOW", "MLFLOW_", "FEAST_", "PROMETHEUS_", "CELERY_", "PG", "XDG_", "STACKPROOF_"),
    *("PYTHON", "PYTEST_"),
)
_FOREIGN_NAMES = frozenset({"DATABASE_URL", "BASH_ENV"})
# Where byte code goes is the run's to say, and changes nothing.
_OURS = frozenset({"PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE"})

_QUIET = {
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "DO_NOT_TRACK": "1",
    "FEAST_USAGE": "False",
    "GIT_PYTHON_REFRESH": "quiet",
    "HF_HUB_OFFLINE": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "SCARF_ANALYTICS": "false",
}
# Checks run side by side, one a core; with a thread for each core in each of them, they would only
# wait for one another.
_ONE_THREAD = dict.fromkeys(("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
# Port 9 (discard) is closed: a call to the outside fails at once in place of hanging.
_OFFLINE = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost,::1",
}


def make_sandbox(folder: Path) -> dict[str, str]:
    """Make the folder and those below it; return the environment of a process that runs there."""
    places = _places(folder)
    for place in places.values():
        Path(place).mkdir(parents=True, exist_ok=True)
    offline = _OFFLINE | {name.lower(): value for name, value in _OFFLINE.items()}
    return _inherited(os.environ) | places | _QUIET | _ONE_THREAD | offline | {"PATH": _path()}


def work_folder(folder: Path) -> Path:
    """Return the folder of a sandbox in which its check works."""
    return folder / "work"


def _places(folder: Path) -> dict[str, str]:
    home = folder / "home"
    places = {
        "AIRFLOW_HOME": folder / "airflow",
        "HOME": home,
        "MPLCONFIGDIR": home / "matplotlib",
        "PWD": work_folder(folder),
        "TMPDIR": folder / "tmp",
        "TORCHINDUCTOR_CACHE_DIR": home / "inductor",
        "TORCH_HOME": home / "torch",
        "XDG_CACHE_HOME": home / "cache",
        "XDG_CONFIG_HOME": home / "config",
        "XDG_DATA_HOME": home / "data",
        "XDG_STATE_HOME": home / "state",
    }
    return {name: str(place) for name, place in places.items()}


def _inherited(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if name in _OURS or not (name in _FOREIGN_NAMES or name.startswith(_FOREIGN))
    }


def _path() -> str:
    """Put the environment's own scripts first, activated or not."""
    scripts = str(Path(sys.executable).parent)
    return os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)])
