"""The real wheels that tests need beside made-up ones: the one use of the network."""

from __future__ import annotations

__all__ = ["tool_wheels", "unpack_pip"]

import subprocess
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

from uv import find_uv_bin

# pip evaluates markers for the Python that it runs on, so what pytest needs on 3.10 alone
# (the last three) is asked for by name.
_TOOLS = (
    "pytest",
    "pytest-xdist",
    "pytest-reportlog",
    "pip>=26.0",
    "setuptools",
    "exceptiongroup",
    "tomli",
    "typing-extensions",
)
_OLDEST_PYTHON = "3.10"


def tool_wheels(cache: Path) -> Path:
    """Return the folder of `cache` with the wheels of pytest, its plugins, pip and setuptools.

    They are fetched where they are not there yet, from the index that this machine is set up
    for, and serve every Python under test: they have no compiled code. Raises
    `CalledProcessError` where they cannot be had.
    """
    key = sha256("\n".join(_TOOLS).encode()).hexdigest()[:12]
    kept = cache / key
    if not kept.is_dir():
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            fetched = Path(scratch) / "wheels"
            subprocess.run([*_download(fetched), *_TOOLS], check=True, stdout=subprocess.DEVNULL)
            _keep(fetched, kept)
    return kept


def unpack_pip(wheels: Path, directory: Path) -> Path:
    """Unpack the pip of `wheels`; return the folder that any Python can run."""
    (wheel,) = wheels.glob("pip-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory)
    return directory / "pip"


def _download(directory: Path) -> list[str | Path]:
    pip: list[str | Path] = [
        find_uv_bin(),
        "tool",
        "run",
        "pip",
        "download",
        "--quiet",
        "--dest",
        directory,
    ]
    anywhere = ["--platform", "any", "--implementation", "py", "--abi", "none"]
    return [*pip, "--only-binary", ":all:", "--python-version", _OLDEST_PYTHON, *anywhere]


def _keep(fetched: Path, kept: Path) -> None:
    try:
        fetched.rename(kept)
    except OSError:
        # Another worker was faster; its wheels are as good.
        if not kept.is_dir():
            raise
