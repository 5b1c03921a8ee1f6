"""A throw-away environment whose installer sees one index and nothing of this machine's set-up."""

from __future__ import annotations

__all__ = ["Outcome", "Sandbox", "hermetic_environ", "pip_sandbox", "uv_sandbox"]

import os
import re
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from uv import find_uv_bin

from support.interpreters import hand_over

_FOREIGN_SETTINGS = (
    "PIP_",
    "UV_",
    "PYTHON",
    "XDG_",
    "NOX",
    "VIRTUAL_ENV",
    "CONDA_",
    "STACKPROOF_",
    # A run tells which of these reach no check; what a test sees must not hang on the machine.
    "PYTEST_",
    "OPENBLAS_",
    "OMP_",
    "MKL_",
    "TF_",
)
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def hermetic_environ(home: Path, index_url: str) -> dict[str, str]:
    """Return this process's environment, less every setting of an installer or a Python.

    uv and pip then read no configuration file, keep their caches in `home`, know no index but
    `index_url`, and do not look for newer versions of themselves. uv knows this machine's
    interpreters, so that not each test need start them all.
    """
    hand_over(Path(os.environ["XDG_CACHE_HOME"]), home / "uv-cache")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN_SETTINGS) and name.lower() not in _PROXIES
    }
    return kept | {
        "HOME": str(home),
        "NO_COLOR": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_INDEX_URL": index_url,
        "PIP_NO_INPUT": "1",
        "UV_CACHE_DIR": str(home / "uv-cache"),
        "UV_DEFAULT_INDEX": index_url,
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }


@dataclass(frozen=True)
class Outcome:
    """How an installer ended, and all that it said, its log included, as one line.

    Older releases of uv draw boxes and wrap what they say; here are the words alone.
    """

    exit: int
    words: str


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """A virtual environment and the command that installs into it."""

    directory: Path
    installer: Sequence[str | Path]
    cut_off_option: str
    log: Path
    environ: Mapping[str, str]

    @property
    def python(self) -> Path:
        """The interpreter of the environment."""
        return self.directory / "bin" / "python"

    @property
    def installed(self) -> dict[str, str]:
        """The version of each distribution in the environment."""
        (packages,) = self.directory.glob("lib/python3.*/site-packages")
        found = distributions(path=[str(packages)])
        return {distribution.name: distribution.version for distribution in found}

    def install(self, *arguments: str | Path, as_of: str | None = None) -> Outcome:
        """Run the installer; `as_of` is a UTC timestamp."""
        cut_off = [] if as_of is None else [self.cut_off_option, as_of]
        self.log.write_text("")
        ran = subprocess.run(
            [*self.installer, *cut_off, *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        words = re.sub(
            r"[\s\u2500-\u25ff\u00d7]+", " ", ran.stdout + ran.stderr + self.log.read_text()
        )
        return Outcome(ran.returncode, words)


def uv_sandbox(home: Path, index_url: str, *, seconds: int = 20) -> Sandbox:
    """Make an environment for uv, which waits `seconds` for an answer and asks once."""
    directory = _environment(home)
    return Sandbox(
        directory=directory,
        installer=[find_uv_bin(), "pip", "install", "--python", directory],
        cut_off_option="--exclude-newer",
        log=home / "uv.log",
        environ=hermetic_environ(home, index_url)
        | {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": str(seconds)},
    )


def pip_sandbox(home: Path, index_url: str, pip: Path, *, seconds: int = 20) -> Sandbox:
    """Make an environment for the pip that lies in the folder `pip`; see `uv_sandbox`.

    pip says only in its log that a page of the index could not be had.
    """
    directory = _environment(home)
    log = home / "pip.log"
    return Sandbox(
        directory=directory,
        installer=[sys.executable, pip, "--python", directory, "install", "--log", log],
        cut_off_option="--uploaded-prior-to",
        log=log,
        environ=hermetic_environ(home, index_url)
        | {"PIP_RETRIES": "0", "PIP_DEFAULT_TIMEOUT": str(seconds)},
    )


def _environment(home: Path) -> Path:
    directory = home / "environment"
    venv.create(directory, symlinks=True)
    return directory
