"""A private folder and environment for one check, so that nobody's home is touched."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of the variables around the suite a check gets these alone: any other one, one that nobody has
# invented yet among them, could change what the check measures, and no evidence would show it.
_PASSED_ON = frozenset(
    [
        # In which language and zone people read: a machine without these has some all the same.
        *("LANG", "LANGUAGE", "TZ"),
        # Who runs it: in a container nothing else says so, and Airflow, MLflow and torch ask.
        *("USER", "LOGNAME"),
        # Whom to trust: a user's own server may have a certificate of the company's.
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        # Where a program of this machine lies, as PATH says of all others.
        "JAVA_HOME",
        # Which GPUs are whose.
        "CUDA_VISIBLE_DEVICES",
        # Where byte code goes is the run's to say, and changes nothing.
        *("PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE"),
    ]
)
_LOCALE = "LC_"

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
    machine = _passed_on(os.environ) | _library_path(os.environ) | {"PATH": _path()}
    return machine | places | _QUIET | _ONE_THREAD | offline


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


def _passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if name in _PASSED_ON or name.startswith(_LOCALE)
    }


def _library_path(environ: Mapping[str, str]) -> dict[str, str]:
    """Return where the interpreter finds its own library, if it is told so by a variable.

    An interpreter that was moved starts by no other way. Other folders there would put other
    libraries in the place of those that a stack brings.
    """
    own = Path(sys.base_prefix) / "lib"
    told = environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    return {"LD_LIBRARY_PATH": str(own)} if str(own) in told else {}


def _path() -> str:
    """Put the environment's own scripts first, activated or not."""
    scripts = str(Path(sys.executable).parent)
    return os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)])
